/** The note a mail becomes. Everything from the mail passes `neutralise` or is built from checked parts. */

import { createHash } from 'node:crypto';
import { formatAddress } from './address-list.ts';
import { newBody, type Verdict } from './body.ts';
import { noteName } from './filename.ts';
import type { FrontMatter } from './front-matter.ts';
import { localTime } from './local-time.ts';
import type { Address, IncomingMail } from './mail.ts';
import { originalSection, propertyText, subjectText } from './neutralise.ts';
import { renderNote } from './task-file.ts';
import type { TaskId } from './task-id.ts';

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
}

/** Why the note lies where it is created; `reason` is for the user and may quote the mail. */
export type MailNoteReason =
  | { readonly kind: 'card' }
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

export function mailNoteName(mail: IncomingMail, id: TaskId): string {
  return noteName(title(mail), id);
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
    warnings.push(`The mail holds ${original.hidden} hidden characters; they are shown like [U+200B].`);
  }
  if (original.cut && why.kind === 'card') warnings.push('The mail is longer than what is shown here.');
  return renderNote({
    data: properties(input, received, warnings),
    body: `\n${newBody({
      verdict: verdict(input, warnings),
      reply: '',
      feedback: '',
      original: [original.section, ...input.attachments.map(attachmentLine)].join('\n'),
    })}`,
  });
}

function properties(input: MailNoteInput, received: string, warnings: readonly string[]): FrontMatter {
  const { mail, why } = input;
  return {
    id: input.id,
    kind: 'email_reply',
    title: title(mail),
    created: localTime(input.createdMs, input.timeZone),
    priority: 'normal',
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
    ...(why.kind === 'card' ? {} : { reason: propertyText(why.reason) }),
  };
}

/** Mails of one conversation share it: what mail programs thread by is the root of References. */
function threadId({ mail, id }: MailNoteInput): string {
  const root = mail.references[0] ?? mail.inReplyTo ?? mail.messageId ?? id;
  return `th-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
}

function title(mail: IncomingMail): string {
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
      return { kind: 'todo', title: 'Waiting for a draft', lines: careful };
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
