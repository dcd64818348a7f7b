/** From a claimed note and its draft to the card that the user decides on. Pure. */

import { asciiDomain, formatAddress } from '../core/address-list.ts';
import { readSections, type Verdict, withFeedback, withReply, withVerdict } from '../core/body.ts';
import { hiddenCharacters, hiddenPlaces } from '../core/hidden-characters.ts';
import { localTime, parseLocalTime } from '../core/local-time.ts';
import type { Address } from '../core/mail.ts';
import { noteLink } from '../core/markdown-text.ts';
import { contextLines, type Move, moveLines } from '../core/moves.ts';
import { propertyText } from '../core/neutralise.ts';
import { openBlanks } from '../core/open-blanks.ts';
import type { Agent } from '../core/states.ts';
import { flag, list, num, type TaskNote, text, withData } from '../core/task-file.ts';
import type { TaskId } from '../core/task-id.ts';
import type { Draft } from '../drafting/drafter.ts';
import type { Addressing, MailKind } from './draft-request.ts';

export interface CardFacts {
  readonly id: TaskId;
  readonly kind: MailKind;
  readonly recipients: Addressing;
  readonly draft: Draft;
  /** Name of the request that was made of this mail just now. */
  readonly request: string | undefined;
  readonly addressee: string;
  /** The sender, where the user has several; absent: it says nothing. */
  readonly from?: string | undefined;
  readonly agent: Agent;
  /** ULID of this claim. */
  readonly claim: string;
  readonly claimedAtMs: number;
  readonly nowMs: number;
  readonly timeZone: string;
  readonly expiresMs: number;
}

const MAX_WARNINGS = 20;
const SHOWN_WARNINGS = 8;
const SHOWN_PEOPLE = 4;
const MAX_HISTORY = 10;
/** Warnings of a drafter begin with this; the next draft makes its own, those about the mail stay. */
const OF_THE_DRAFT = 'Draft: ';

/** The whole card, written once: claim, draft, verdict. Feedback that was used becomes history. */
export function draftedNote(note: TaskNote, facts: CardFacts): TaskNote {
  const { recipients, draft, kind } = facts;
  const now = localTime(facts.nowMs, facts.timeZone);
  const { feedback } = readSections(note.body);
  const about = list(note, 'warnings').filter((w) => !w.startsWith(OF_THE_DRAFT));
  const warnings = [
    ...new Set(
      [...about, ...recipients.warnings, ...draft.warnings, ...hiddenIn(draft.reply)].map((w) =>
        propertyText(w),
      ),
    ),
  ];
  const subject = text(note, 'subject') ?? recipients.subject;
  const blanks = openBlanks(draft.reply, subject);
  const asked = facts.request === undefined ? (text(note, 'invoice_request') ?? '') : noteLink(facts.request);
  const important = text(note, 'priority') === 'high';
  const verdict = cardVerdict({
    ...facts,
    subject,
    feedback,
    warnings,
    asked,
    important,
    about: threadLines(note),
  });

  const body = withVerdict(withFeedback(withReply(note.body, draft.reply), ''), verdict);
  return withData(
    { data: note.data, body },
    {
      id: facts.id,
      kind,
      title: text(note, 'title') ?? propertyText(`${facts.addressee || 'Mail'}: ${subject}`, 120),
      created: text(note, 'created') ?? now,
      rev: (num(note, 'rev') ?? 0) + 1,
      claim: facts.claim,
      claimed_by: facts.agent,
      claimed_at: new Date(facts.claimedAtMs).toISOString(),
      drafted_by: propertyText(draft.drafter, 120),
      drafted_at: now,
      ...(recipients.settled
        ? {}
        : {
            reply_to: recipients.to.map(formatAddress),
            reply_cc: recipients.cc.map(formatAddress),
            reply_subject: recipients.subject,
          }),
      ...(facts.request === undefined ? {} : { invoice_request: noteLink(facts.request) }),
      quote: flag(note, 'quote') ?? kind === 'email_reply',
      warnings: warnings.slice(0, MAX_WARNINGS),
      blanks: blanks.length > 0 ? blanks.slice(0, MAX_WARNINGS) : undefined,
      expires: expiry(note, facts),
      ...(feedback === '' ? {} : { feedback_history: history(note, feedback, now) }),
      outcome: undefined,
    },
  );
}

/**
 * What is sent is what stands under Reply, so what cannot be seen there is shown above it. It is not taken
 * out: the words of a reply are the drafter's and the user's.
 */
function hiddenIn(reply: string): string[] {
  const count = hiddenCharacters(reply).reduce((sum, hidden) => sum + hidden.count, 0);
  if (count === 0) return [];
  const places = hiddenPlaces(reply, 3)
    .map((place) => `“${place}”`)
    .join(', ');
  const what = count === 1 ? '1 hidden character' : `${count} hidden characters`;
  return [`${OF_THE_DRAFT}the reply holds ${what}: ${places}`];
}

/** Set by the user for a first draft and still ahead: theirs counts. */
function expiry(note: TaskNote, facts: CardFacts): string {
  const set = facts.recipients.settled ? undefined : text(note, 'expires');
  const at = set === undefined ? null : parseLocalTime(set, facts.timeZone);
  if (set !== undefined && at !== null && at > facts.nowMs) return set;
  return localTime(facts.nowMs + facts.expiresMs, facts.timeZone);
}

function history(note: TaskNote, feedback: string, now: string): string[] {
  return [...list(note, 'feedback_history'), `${now.replace('T', ' ')} ${propertyText(feedback, 300)}`].slice(
    -MAX_HISTORY,
  );
}

/** Read in ten seconds: to whom, what to be careful about, the three moves; then how it came about. */
function cardVerdict(
  card: CardFacts & {
    readonly subject: string;
    readonly feedback: string;
    readonly warnings: readonly string[];
    /** Link to the request that was made of this mail, ''. */
    readonly asked: string;
    readonly important: boolean;
    /** What the card has to do with others, a line each. */
    readonly about: readonly string[];
  },
): Verdict {
  const { draft, recipients, warnings } = card;
  const who = card.addressee || recipients.to[0]?.address || 'somebody';
  const what =
    draft.decision === 'no_reply_needed'
      ? `No reply needed? ${who}`
      : card.kind === 'email_new'
        ? `Mail to ${who}`
        : `Reply to ${who}`;
  const lines = [
    `${card.from === undefined ? '' : `**From** ${propertyText(card.from, 100)} · `}**To** ${recipients.to.length > 0 ? people(recipients.to) : 'nobody yet: fill in the property reply_to'}` +
      (recipients.cc.length > 0 ? ` · **Cc** ${people(recipients.cc)}` : '') +
      (recipients.notCopied.length > 0 ? ` · not copied: ${people(recipients.notCopied)}` : ''),
  ];
  for (const warning of warnings.slice(0, SHOWN_WARNINGS)) {
    lines.push(
      `**Careful:** ${warning.startsWith(OF_THE_DRAFT) ? warning.slice(OF_THE_DRAFT.length) : warning}`,
    );
  }
  if (warnings.length > SHOWN_WARNINGS) {
    lines.push(`**Careful:** ${warnings.length - SHOWN_WARNINGS} more in the property warnings.`);
  }
  lines.push(...moveLines(MOVES), ...contextLines(contextOf(card)));
  return {
    kind: warnings.length > 0 || recipients.to.length === 0 ? 'warning' : 'question',
    title: propertyText(
      `${card.important ? 'Important: ' : ''}${what}: ${card.subject === '' ? '(no subject)' : card.subject}`,
      140,
    ),
    lines,
  };
}

const MOVES: readonly Move[] = [
  ['Approved', 'it is sent, as it stands here'],
  ['Rejected', 'nothing is sent'],
  ['Needs_Action/email', 'it is drafted again, by what you write under Feedback'],
];

function contextOf(card: {
  readonly draft: Draft;
  readonly asked: string;
  readonly about: readonly string[];
  readonly feedback: string;
}): readonly string[] {
  const lines = [`**Draft** ${propertyText(card.draft.verdictLine, 240)}`];
  const requestName = /^\[\[([^\]]{1,200})\]\]$/.exec(card.asked)?.[1];
  if (requestName !== undefined)
    lines.push(
      `**Invoice** The sender asks for one; the request is ${noteLink(requestName)}. It becomes a card of its own.`,
    );
  lines.push(...card.about);
  if (card.feedback !== '') lines.push(`**You asked** ${propertyText(card.feedback, 160)}`);
  return lines;
}

/** Links that the intake wrote; anything else of these names is the sender's or the user's and stays a property. */
function threadLines(note: TaskNote): string[] {
  const linked = (key: string): string[] =>
    list(note, key).flatMap((value) => {
      const name = /^\[\[([^\]]{1,200})\]\]$/.exec(value)?.[1];
      return name === undefined ? [] : [noteLink(name)];
    });
  const say = (words: string, links: readonly string[]): string[] =>
    links.length === 0 ? [] : [`${words} ${links.slice(0, SHOWN_PEOPLE).join(', ')}`];
  return [
    ...say('**Answers** your mail:', linked('answers')),
    ...say('**Also answers** what came before in this thread:', linked('folds')),
    ...say('**In place of** the card of an earlier mail of this thread:', linked('replaces')),
  ];
}

function people(addresses: readonly Address[]): string {
  const shown = addresses.slice(0, SHOWN_PEOPLE).map((a) => propertyText(formatAddress(a), 100) + wire(a));
  const more = addresses.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** A domain in other letters is shown as the DNS knows it too: two that look alike differ there. */
function wire(a: Address): string {
  const ascii = asciiDomain(a.address);
  return a.address.endsWith(`@${ascii}`) ? '' : ` (${propertyText(ascii, 100)})`;
}
