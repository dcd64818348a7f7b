/** From a note to what a drafter is asked and to whom the result will go. Pure. */

import { addressKey, cleanHeaderText, isMailAddress, parseAddressList } from '../core/address-list.ts';
import { readSections } from '../core/body.ts';
import { earlierText, MAX_EARLIER, type ThreadText } from '../core/earlier-mails.ts';
import type { Address } from '../core/mail.ts';
import { originalText } from '../core/neutralise.ts';
import { othersOn, planReply, replySubject } from '../core/reply.ts';
import { list, type TaskNote, text } from '../core/task-file.ts';
import type { DraftRequest } from '../drafting/drafter.ts';
import type { Handbook } from '../drafting/handbook.ts';
import type { Template } from '../drafting/template.ts';

export interface Writer {
  /** Display name of `MAIL_FROM`, may be ''. */
  readonly name: string;
  /** `MAIL_FROM` first, then the aliases. */
  readonly addresses: readonly string[];
  readonly replyAll: boolean;
}

/** What the user keeps in the vault for drafting. */
export interface House {
  readonly templates: readonly Template[];
  readonly handbook: Handbook;
}

export interface Addressing {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  /** Others whom the mail went to and whom the reply does not. */
  readonly notCopied: readonly Address[];
  readonly subject: string;
  readonly warnings: readonly string[];
  /** True when the user had a say already: the properties stay exactly as they are. */
  readonly settled: boolean;
}

export type MailKind = 'email_reply' | 'email_new';

/** The kind of a note, or null when it is none that is drafted here. */
export function mailKind(note: TaskNote): MailKind | null {
  const kind = text(note, 'kind');
  if (kind === 'email_reply' || kind === 'email_new') return kind;
  if (kind !== undefined && kind !== '') return null;
  return text(note, 'message_id') || text(note, 'from') ? 'email_reply' : 'email_new';
}

/** Recipients and subject: computed for the first draft, then left to the user. */
export function addressing(note: TaskNote, kind: MailKind, me: Writer): Addressing {
  const own = new Set(me.addresses.map(addressKey));
  const mail = {
    from: loose(list(note, 'from'))[0] ?? null,
    replyTo: loose(list(note, 'reply_to')),
    to: loose(list(note, 'to')),
    cc: loose(list(note, 'cc')),
    subject: text(note, 'subject') ?? '',
    messageId: text(note, 'message_id') ?? null,
    inReplyTo: text(note, 'in_reply_to') ?? null,
    references: list(note, 'references'),
    lists: list(note, 'lists'),
  };
  if (text(note, 'drafted_by') || kind === 'email_new') return asWritten(note, kind, mail, own);
  const plan = planReply(mail, me);
  const notCopied = othersOn(mail, [...plan.to, ...plan.cc], own);
  return { ...plan, notCopied, settled: false };
}

function asWritten(
  note: TaskNote,
  kind: MailKind,
  mail: { readonly to: readonly Address[]; readonly cc: readonly Address[] },
  own: ReadonlySet<string>,
): Addressing {
  const settled = text(note, 'drafted_by') !== undefined;
  const warnings: string[] = [];
  const read = (...keys: readonly string[]): readonly Address[] => {
    const key = keys.find((k) => list(note, k).length > 0);
    const parsed = parseAddressList(key === undefined ? [] : list(note, key));
    if (!parsed.ok) warnings.push(`Draft: ${key ?? ''} cannot be read: ${parsed.message}`);
    return parsed.ok ? parsed.addresses : [];
  };
  const to = settled ? read('reply_to') : read('reply_to', 'to');
  const cc = settled ? read('reply_cc') : read('reply_cc', 'cc');
  if (to.length === 0 && warnings.length === 0) warnings.push('Draft: nobody stands in reply_to yet.');
  const subject = text(note, 'reply_subject') ?? cleanHeaderText(text(note, 'subject') ?? '', 490);
  if (subject === '') warnings.push('Draft: there is no subject yet.');
  const notCopied = kind === 'email_reply' ? othersOn(mail, [...to, ...cc], own) : [];
  return { to, cc, notCopied, subject, warnings, settled };
}

export function draftRequest(
  note: TaskNote,
  kind: MailKind,
  recipients: Addressing,
  me: Writer,
  house: House,
): DraftRequest {
  const sections = readSections(note.body);
  const from = loose(list(note, 'from'))[0];
  return {
    kind,
    mail: {
      from: text(note, 'from') ?? '',
      subject: replySubject(text(note, 'subject') ?? '').replace(/^Re: ?/, ''),
      received: text(note, 'received') ?? '',
      text: sections.original === null ? '' : originalText(sections.original),
    },
    thread: sections.original === null ? [] : threadOf(sections.original),
    addressee:
      greetingName(recipients.to[0]?.name ?? '') ||
      (kind === 'email_reply' ? greetingName(from?.name ?? '') : ''),
    me: { name: me.name, signature: house.handbook.signature },
    handbook: house.handbook.text,
    feedback: sections.feedback,
    previousReply: sections.reply,
    instruction: kind === 'email_new' ? ownText(note) : '',
    templates: house.templates,
  };
}

const MAX_THREAD_CHARS = 4_000;

/** As it stands in the note: the user, or whoever can write into the vault, may have made more of it. */
function threadOf(original: string): ThreadText[] {
  return earlierText(original)
    .slice(-MAX_EARLIER)
    .map(({ from, own, text: words }) => ({
      from: from.slice(0, 200),
      own,
      text: words.slice(0, MAX_THREAD_CHARS),
    }));
}

const MAX_NAME_CHARS = 60;
/** Up to four words; a full stop only after an initial or a title, or a name could be two sentences. */
const WORD = /(?:\p{L}|Dr|Prof|Ing|Dipl|Mr|Mrs|Ms|St|Jr|Sr)\.|\p{L}[\p{L}\p{M}'’-]*/u.source;
const NAME = new RegExp(`^(?:${WORD})(?: (?:${WORD})){0,3}$`, 'u');
const COMPANY = /^(?:inc|ltd|llc|gmbh|ag|co|corp|kg|bv|sa|srl|plc|jr|sr|phd|md)\.?$/i;

/**
 * A display name as it may stand after `Hello`, else ''. A stranger chooses it, so a sentence, an address
 * or a number in it is not put into the user's mouth.
 */
export function greetingName(displayName: string): string {
  const bare = displayName.replace(/\s*\([^)]*\)\s*$/, '').replace(/\s+via\s+.*$/i, '');
  const [last = '', first, ...more] = bare.split(/\s*,\s*/);
  const flipped =
    first !== undefined && more.length === 0 && !COMPANY.test(first) ? `${first} ${last}` : bare;
  const name = cleanHeaderText(flipped, MAX_NAME_CHARS + 1);
  return name.length <= MAX_NAME_CHARS && NAME.test(name) ? name : '';
}

/** What a person wrote into a note of their own: all of it but the sections and callouts of ours. */
export function ownText(note: TaskNote): string {
  const lead = note.body.split(/^## (?:Reply|Feedback|Original)[ \t]*$/m)[0] ?? '';
  return lead
    .split('\n')
    .filter((line) => !line.startsWith('>'))
    .join('\n')
    .trim();
}

/** Addresses that can be read; headers of strangers hold others too, which are left out. */
function loose(values: readonly string[]): Address[] {
  return values
    .flatMap((value) => {
      const parsed = parseAddressList(value);
      return parsed.ok ? parsed.addresses : [];
    })
    .filter((a) => isMailAddress(a.address));
}
