import { createHash } from 'node:crypto';
import { parseAddressList } from './address-list.ts';
import { readSections } from './body.ts';
import { accountOf, DEFAULT_ACCOUNT } from './mail-account.ts';
import type { Address } from './mail.ts';
import { inlineCode } from './markdown-text.ts';
import { originalText, propertyText } from './neutralise.ts';
import { ATTACHMENT_LIMITS, type OutgoingAttachment, readAttachments } from './outgoing-attachments.ts';
import { attribution, composeBody } from './quote.ts';
import { replyThread } from './reply.ts';
import { flag, list, type TaskNote, text } from './task-file.ts';
import { isTaskId, type TaskId } from './task-id.ts';

/** What a yes covers: everything a recipient will see. Properties not named here may change freely. */
export interface MailAction {
  readonly id: TaskId;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly subject: string;
  /** The whole text that leaves, the quoted original included; LF. */
  readonly text: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly attachments: readonly OutgoingAttachment[];
  /** Files that the property `attach` asks for, as written; none any more once they are looked up. */
  readonly attach: readonly string[];
  /** Which of the user's accounts it leaves from. */
  readonly account: string;
}

export type ReadAction =
  | { readonly ok: true; readonly action: MailAction }
  | { readonly ok: false; readonly reasons: readonly string[] };

const MAX_RECIPIENTS = 50;
const MAX_SUBJECT = 500;
/** Cc, Cf but ZWJ and ZWNJ, line and paragraph separators: none may stand in a header. */
const UNSAFE_IN_HEADER = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

/** Reads what a card would send, with every reason why it cannot be sent, in words for the user. */
export function mailActionOf(note: TaskNote): ReadAction {
  const reasons: string[] = [];
  const id = text(note, 'id');
  if (!isTaskId(id)) reasons.push('The property `id` is missing or was changed.');
  const kind = text(note, 'kind');
  if (kind !== 'email_reply' && kind !== 'email_new')
    reasons.push(`A card of kind ${inlineCode(kind ?? '', 60)} cannot be sent as a mail.`);
  const to = recipients(note, 'reply_to', reasons);
  const cc = recipients(note, 'reply_cc', reasons);
  if (to.length === 0 && reasons.every((r) => !r.includes('reply_to')))
    reasons.push('Nobody stands in `reply_to`.');
  if (to.length + cc.length > MAX_RECIPIENTS) reasons.push(`More than ${MAX_RECIPIENTS} recipients.`);
  const subject = text(note, 'reply_subject') ?? '';
  if (subject.trim() === '') reasons.push('`reply_subject` is empty.');
  if (UNSAFE_IN_HEADER.test(subject))
    reasons.push('`reply_subject` holds a line break or a hidden character.');
  if (subject.length > MAX_SUBJECT)
    reasons.push(`\`reply_subject\` is longer than ${MAX_SUBJECT} characters.`);
  const attached = readAttachments(list(note, 'reply_attachments'));
  if (!attached.ok) reasons.push(`\`reply_attachments\`: ${attached.message}`);
  const attach = list(note, 'attach');
  if (attach.length > ATTACHMENT_LIMITS.files)
    reasons.push(`\`attach\`: more than ${ATTACHMENT_LIMITS.files} files.`);
  const sections = readSections(note.body);
  if (sections.reply === null) reasons.push('The heading `## Reply` is missing.');
  else if (sections.reply === '') reasons.push('There is no text under `## Reply`.');
  if (sections.feedback !== '') {
    reasons.push(
      'There is text under `## Feedback`. To have it drafted again, move the note to `Needs_Action/email`; to send it as it is, empty Feedback.',
    );
  }
  for (const blank of list(note, 'blanks')) {
    if (sections.reply?.includes(blank) !== true) continue;
    reasons.push(
      `The blank ${propertyText(blank, 80)} is not filled in. To send it as it stands, empty the property \`blanks\`.`,
    );
  }
  if (reasons.length > 0 || !isTaskId(id) || sections.reply === null || !attached.ok) {
    return { ok: false, reasons };
  }
  const { attachments } = attached;
  const action = { id, to, cc, subject, text: outgoingText(note), ...threading(note), attachments, attach };
  return { ok: true, action: { ...action, account: accountOf(note) } };
}

function recipients(note: TaskNote, key: string, reasons: string[]): readonly Address[] {
  const parsed = parseAddressList(list(note, key));
  if (parsed.ok) return parsed.addresses;
  reasons.push(`\`${key}\`: ${parsed.message}`);
  return [];
}

/** The reply as it stands, then the original as it was shown, unless the property `quote` is false. */
function outgoingText(note: TaskNote): string {
  const { reply, original } = readSections(note.body);
  const from = parseAddressList(text(note, 'from') ?? '');
  return composeBody({
    reply: reply ?? '',
    quote: flag(note, 'quote') ?? true,
    original: original === null ? null : originalText(original),
    attribution: attribution({
      from: (from.ok ? from.addresses[0] : undefined) ?? null,
      when: text(note, 'received') ?? null,
    }),
  });
}

/** Ids come from a synced file and go into headers: `replyThread` drops what is no msg-id and bounds the chain. */
function threading(note: TaskNote): Pick<MailAction, 'inReplyTo' | 'references'> {
  return replyThread({
    messageId: text(note, 'message_id') ?? null,
    inReplyTo: text(note, 'in_reply_to') ?? null,
    references: list(note, 'references'),
  });
}

/** SHA-256 over the canonical form; two cards that would send the same have the same hash. */
export function actionHash(action: MailAction): string {
  const people = (addresses: readonly Address[]) => addresses.map((a) => [a.name, a.address]);
  const canonical = [
    'mail/1',
    action.id,
    people(action.to),
    people(action.cc),
    action.subject,
    action.text,
    action.inReplyTo,
    action.references,
    // A card without files, of the only account, has the hash it always had.
    ...(action.attachments.length > 0 ? [action.attachments.map((a) => [a.name, a.sha256])] : []),
    ...(action.attach.length > 0 ? [{ attach: action.attach }] : []),
    ...(action.account === DEFAULT_ACCOUNT ? [] : [{ account: action.account }]),
  ];
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}

/** The same content under the same task always has the same Message-ID, so a copy can be found and told. */
export function messageIdFor(action: MailAction, domain: string): string {
  return `<${action.id}.${actionHash(action).slice(0, 32)}@${domain}>`;
}
