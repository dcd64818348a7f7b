/** The note a mail becomes. Everything from the mail passes `neutralise` or is built from checked parts. */

import { createHash } from 'node:crypto';
import { formatAddress } from './address-list.ts';
import { newBody, type Verdict } from './body.ts';
import {
  type Bounce,
  BOUNCE_KIND,
  bounceOf,
  bounceProperties,
  bounceTitle,
  bounceVerdict,
} from './bounce-note.ts';
import { earlierSection } from './earlier-mails.ts';
import { noteName } from './filename.ts';
import type { FrontMatter } from './front-matter.ts';
import { localTime } from './local-time.ts';
import { listAddresses } from './people/list-addresses.ts';
import type { Address, IncomingMail } from './mail.ts';
import { noteLink } from './markdown-text.ts';
import { originalSection, propertyText, subjectText } from './neutralise.ts';
import { renderNote } from './task-file.ts';
import type { TaskId } from './task-id.ts';
import type { EarlierMail } from './thread-mails.ts';

/** An attachment as the card lists it. */
export interface ListedAttachment {
  /** As the sender named it; hostile. */
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
  /** The file's name in the vault, safe in a link; null when it was not saved. */
  readonly savedAs: string | null;
}

export interface MailNoteInput {
  readonly id: TaskId;
  readonly mail: IncomingMail;
  readonly attachments: readonly ListedAttachment[];
  readonly account: string;
  /** Milliseconds: now, and when the server got the mail. */
  readonly createdMs: number;
  readonly receivedMs: number;
  readonly timeZone: string;
  /** Besides the parser's remarks. */
  readonly warnings: readonly string[];
  readonly why: MailNoteReason;
  /** Absent: the mail stands alone. */
  readonly thread?: MailThread;
}

/** What a card has to do with others. Names are those of notes, with `.md`. */
export interface MailThread {
  /** The older card that goes to Skipped now. */
  readonly folds: string | null;
  /** The older card that is withdrawn when this one is offered. */
  readonly replaces: string | null;
  /** The mail of ours that this one answers; `name` null: its note was not found. */
  readonly answers: { readonly task: TaskId; readonly name: string | null } | null;
  /** Oldest first. */
  readonly earlier: readonly EarlierMail[];
}

/** Why the note lies where it is created; `reason` is for the user and may quote the mail. */
export type MailNoteReason =
  | { readonly kind: 'card'; readonly important?: boolean }
  | { readonly kind: 'bounce'; readonly bounce: Bounce }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'quarantined'; readonly reason: string };

/** UTF-8 bytes of the text shown. A note may have 1 MB, and a fence can triple a text made of tildes. */
const ORIGINAL_BYTES = 150_000;
const SKIPPED_ORIGINAL_BYTES = 10_000;

/** The first of them that fit: front matter of more than 64 kB is no front matter any more. */
function upTo(maxChars: number, values: readonly string[]): string[] {
  let room = maxChars;
  return values.filter((value) => (room -= value.length + 4) >= 0);
}

/** What mail programs thread by: the root, and then the newest. */
function rootAndNewest(maxChars: number, references: readonly string[]): string[] {
  const [root, ...rest] = references;
  return root === undefined ? [] : [root, ...upTo(maxChars - root.length, rest.reverse()).reverse()];
}

/** Known before anything is decided about the mail: it is what a note is found by. */
export function mailNoteName(mail: IncomingMail, id: TaskId): string {
  return noteName(mailTitle(mail), id);
}

export function mailNote(input: MailNoteInput): string {
  const { mail, why } = input;
  const received = localTime(input.receivedMs, input.timeZone);
  const original = originalSection({
    from: mail.from ? formatAddress(mail.from) : 'unknown sender',
    when: received,
    text: mail.text,
    maxBytes: why.kind === 'card' ? ORIGINAL_BYTES : SKIPPED_ORIGINAL_BYTES,
  });
  const warnings = [...input.warnings, ...mail.remarks];
  const people = [mail.to, mail.cc, mail.replyTo].flat().map(shownAddress);
  if (people.join('').length > 6_000) warnings.push('So many recipients that not all may be listed here.');
  if (original.hidden > 0) {
    const some =
      original.hidden === 1 ? '1 hidden character; it is' : `${original.hidden} hidden characters; they are`;
    warnings.push(`The mail holds ${some} shown like [U+200B].`);
  }
  if (original.cut && why.kind === 'card') warnings.push('The mail is longer than what is shown here.');
  const earlier = earlierSection(input.thread?.earlier ?? [], input.timeZone);
  const shown = [original.section, ...input.attachments.map(attachmentLine)].join('\n');
  return renderNote({
    data: properties(input, received, warnings),
    body: `\n${newBody({
      verdict: verdict(input, warnings),
      reply: '',
      feedback: '',
      original: earlier === '' ? shown : `${shown}\n\n${earlier}`,
    })}`,
  });
}

function properties(input: MailNoteInput, received: string, warnings: readonly string[]): FrontMatter {
  const { mail, why } = input;
  const lists = upTo(
    2_000,
    listAddresses(mail.headers).map((address) => propertyText(address)),
  );
  return {
    id: input.id,
    kind: why.kind === 'bounce' ? BOUNCE_KIND : 'email_reply',
    title: mailTitle(mail),
    created: localTime(input.createdMs, input.timeZone),
    priority: why.kind === 'card' && why.important === true ? 'high' : 'normal',
    rev: 1,
    from: mail.from ? shownAddress(mail.from) : '',
    to: upTo(6_000, mail.to.map(shownAddress)),
    cc: upTo(6_000, mail.cc.map(shownAddress)),
    ...(mail.replyTo.length > 0 ? { reply_to: upTo(1_000, mail.replyTo.map(shownAddress)) } : {}),
    subject: subjectText(mail.subject),
    message_id: mail.messageId ?? '',
    in_reply_to: mail.inReplyTo ?? '',
    references: rootAndNewest(6_000, mail.references),
    received,
    ...(lists.length === 0 ? {} : { lists }),
    account: propertyText(input.account),
    thread: threadId(input),
    attachments: upTo(
      6_000,
      input.attachments.map(
        (a) => `${propertyText(a.filename, 80)} (${propertyText(a.contentType, 60)}, ${a.size} bytes)`,
      ),
    ),
    warnings: upTo(
      4_000,
      warnings.map((w) => propertyText(w)),
    ),
    ...threadLinks(input.thread),
    ...(why.kind === 'bounce' ? bounceProperties(why.bounce) : {}),
    ...('reason' in why ? { reason: propertyText(why.reason) } : {}),
  };
}

function threadLinks(thread: MailThread | undefined): FrontMatter {
  if (thread === undefined) return {};
  const { folds, replaces, answers } = thread;
  return {
    ...(folds === null ? {} : { folds: [noteLink(folds)] }),
    ...(replaces === null ? {} : { replaces: noteLink(replaces) }),
    ...(answers === null ? {} : { answers: answers.name === null ? answers.task : noteLink(answers.name) }),
  };
}

/** Mails of one conversation share it: what mail programs thread by is the root of References. */
function threadId({ mail, id }: MailNoteInput): string {
  const root = mail.references[0] ?? mail.inReplyTo ?? mail.messageId ?? id;
  return `th-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
}

export function mailTitle(mail: IncomingMail): string {
  if (bounceOf(mail.report) !== null) return propertyText(bounceTitle(mail.subject), 120);
  const from = mail.from ? mail.from.name || mail.from.address : 'Unknown sender';
  return propertyText(`${propertyText(from, 60)} - ${mail.subject || 'No subject'}`, 120);
}

/** The name is the sender's to choose, so it passes the same door as a heading; the address was checked. */
function shownAddress(a: Address): string {
  return formatAddress({ name: propertyText(a.name, 120), address: a.address });
}

function attachmentLine(a: ListedAttachment): string {
  const described = `${propertyText(a.contentType, 80)}, ${a.size} bytes`;
  return a.savedAs === null
    ? `> Attachment, not saved: ${propertyText(a.filename, 120)} (${described})`
    : `> Attachment: [[${a.savedAs}]] (${described})`;
}

function verdict(input: MailNoteInput, warnings: readonly string[]): Verdict {
  const careful = warnings.slice(0, 5).map((w) => `**Careful:** ${propertyText(w, 200)}`);
  switch (input.why.kind) {
    case 'card':
      return {
        kind: 'todo',
        title: `${input.why.important === true ? 'Important: waiting' : 'Waiting'} for a draft`,
        lines: [...threadLines(input.thread), ...careful],
      };
    case 'bounce':
      return bounceVerdict(input.why.bounce);
    case 'skipped':
      return {
        kind: 'info',
        title: `Skipped: ${propertyText(input.why.reason, 200)}`,
        lines: ['Move this note to `Needs_Action/email` to have an answer drafted.'],
      };
    case 'quarantined':
      return {
        kind: 'failure',
        title: `Not readable: ${propertyText(input.why.reason, 200)}`,
        lines: ['The mail itself lies untouched in your mailbox.', ...careful],
      };
  }
}

function threadLines(thread: MailThread | undefined): string[] {
  if (thread === undefined) return [];
  const { folds, replaces, answers } = thread;
  const older = folds ?? replaces;
  return [
    ...(answers === null
      ? []
      : [`**Answers** your mail: ${answers.name === null ? answers.task : noteLink(answers.name)}`]),
    ...(older === null ? [] : [`**Instead of** the older card of this thread: ${noteLink(older)}`]),
  ];
}
