/**
 * What a mail server says became of a mail: RFC 3464 (delivery), RFC 8098 (disposition), RFC 5965 (feedback), their
 * internationalised forms (RFC 6533), and the shapes that follow none of them: qmail (cr.yp.to/proto/qsbmf.txt), Exim
 * (deliver.c: X-Failed-Recipients), old sendmail, Exchange, Domino and Notes, Gmail, 1&1. Pure; every limit is here.
 */
import { isMailAddress } from '../../core/address-list.ts';
import type { DeliveryReport } from '../../core/mail.ts';
import { taskOfMessageId } from '../../core/task-id.ts';
import { bounceWords, type ReportParts, saysDelayed, soundsLikeBounce } from './bounce-words.ts';

type Recipient = DeliveryReport['recipients'][number];

const MAX_RECIPIENTS = 50;
const MAX_IDS = 20;
const MAX_WORDS = 500;
const MAX_FIELDS_BYTES = 64 * 1024;
const MAX_LINES = 2_000;

const KINDS: ReadonlyMap<string, DeliveryReport['kind']> = new Map([
  ['message/delivery-status', 'delivery'],
  ['message/global-delivery-status', 'delivery'],
  ['message/disposition-notification', 'disposition'],
  ['message/global-disposition-notification', 'disposition'],
  ['message/feedback-report', 'feedback'],
]);
const RETURNED = /^(?:message\/(?:rfc822|global|rfc822-headers|global-headers)|text\/rfc822-headers)$/;

/** Null when the mail is no report. Never throws. */
export function parseReport(mail: ReportParts): DeliveryReport | null {
  const machine = mail.parts.find((part) => KINDS.has(part.type.toLowerCase()));
  const declared = first(mail, 'content-type').toLowerCase();
  const isReport = /^multipart\/report\b/.test(declared);
  if (!isReport && !soundsLikeBounce(mail)) return null;
  const kind = (machine && KINDS.get(machine.type.toLowerCase())) ?? declaredKind(declared);
  const groups = machine ? fieldGroups(decode(machine.content)) : [];
  const recipients = groups.flatMap((group) => recipientOf(group, kind)).slice(0, MAX_RECIPIENTS);
  const returned = mail.parts.filter((part) => RETURNED.test(part.type.toLowerCase())).slice(0, 3);
  const headers = returned.map((part) => returnedHeader(decode(part.content)));
  const { explanation, below } = splitText(mail.text);
  headers.push(returnedHeader(below));
  return {
    kind,
    recipients: kind === 'delivery' ? inWords(mail, recipients, explanation) : recipients,
    about: unique([
      ...headers.flatMap((fields) => ids(fields.get('message-id'))),
      ...groups.flatMap((group) =>
        ids(group.get('original-message-id') ?? group.get('x-original-message-id')),
      ),
      ...mentioned(mail.text),
      ...ids(first(mail, 'in-reply-to')),
      // The newest is the one that came back; those before it are older mails of the thread.
      ...ids(first(mail, 'references')).slice(-1),
    ]).slice(0, MAX_IDS),
    task: headers.map((fields) => fields.get('x-handover-task')).find((task) => task !== undefined) ?? null,
  };
}

function declaredKind(contentType: string): DeliveryReport['kind'] {
  if (/report-type\s*=\s*"?disposition-notification/.test(contentType)) return 'disposition';
  return /report-type\s*=\s*"?feedback-report/.test(contentType) ? 'feedback' : 'delivery';
}

function first(mail: ReportParts, name: string): string {
  return mail.headers.get(name)?.[0]?.trim() ?? '';
}

/** Bytes that are no UTF-8 come out as U+FFFD, which no address or id may hold. */
function decode(content: Uint8Array): string {
  return new TextDecoder().decode(content.subarray(0, MAX_FIELDS_BYTES));
}

type Fields = ReadonlyMap<string, string>;

/** RFC 3464 section 2.1: groups of header fields with an empty line between them. The first of a name counts. */
function fieldGroups(text: string): Fields[] {
  const groups: Map<string, string>[] = [];
  let group: Map<string, string> | null = null;
  let name = '';
  for (const line of text.split(/\r\n|[\r\n]/, MAX_LINES)) {
    if (line.trim() === '') {
      group = null;
      continue;
    }
    if (group === null) {
      group = new Map();
      groups.push(group);
      name = '';
    }
    if (/^[ \t]/.test(line)) {
      if (name !== '') group.set(name, `${group.get(name) ?? ''} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    name = colon > 0 ? line.slice(0, colon).trim().toLowerCase() : '';
    if (name !== '' && group.has(name)) name = '';
    if (name !== '') group.set(name, line.slice(colon + 1).trim());
  }
  return groups;
}

/** Fields of the mail that came back. Empty for text that does not begin with a header. */
function returnedHeader(text: string): Fields {
  return fieldGroups(text.replace(/^\s+/, ''))[0] ?? new Map();
}

/** The group about the whole report names nobody. */
function recipientOf(group: Fields, kind: DeliveryReport['kind']): Recipient[] {
  const named =
    group.get('final-recipient') ?? group.get('original-recipient') ?? group.get('original-rcpt-to');
  const status = statusIn(group.get('status') ?? '');
  const action = group.get('action');
  if (kind !== 'delivery') {
    const words = group.get('disposition') ?? group.get('feedback-type');
    return words === undefined && named === undefined
      ? []
      : [{ address: addressIn(named ?? ''), action: 'other', status, words: oneLine(words ?? '') }];
  }
  if (named === undefined && action === undefined && status === '') return [];
  // `Diagnostic-Code: smtp; 550 5.1.1 ...`: before the semicolon stands only what kind of server spoke.
  const words = oneLine((group.get('diagnostic-code') ?? '').replace(/^[\w.-]{1,40}\s*;/, ''));
  return [{ address: addressIn(named ?? ''), action: actionOf(action, status), status, words }];
}

function actionOf(action: string | undefined, status: string): Recipient['action'] {
  const word = /^[a-z]+/.exec(action?.toLowerCase() ?? '')?.[0];
  switch (word) {
    case 'failed':
    case 'delayed':
    case 'delivered':
    case 'relayed':
    case 'expanded':
      return word;
    default:
      return status.startsWith('5') ? 'failed' : status.startsWith('4') ? 'delayed' : 'other';
  }
}

/** RFC 3463; `(#5.1.1)` of qmail too. */
function statusIn(text: string): string {
  return /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)/.exec(text)?.[0] ?? '';
}

/** RFC 3464 section 2.3.2: `rfc822; someone@example.com`; some write angle brackets. */
function addressIn(value: string): string {
  const at = value.slice(0, 1_000).replace(/^[\w.-]{1,40}\s*;/, '');
  const address = /[^\s<>;,"()]{1,250}@[^\s<>;,"()]{1,250}/.exec(at)?.[0] ?? '';
  return isMailAddress(address) ? address : '';
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, MAX_WORDS);
}

/** Where the explanation ends and the returned mail begins, in a report that is one text. */
const COPY_BELOW =
  /^[ \t]*(?:-{2,} ?(?:below (?:this|the next) line is a copy|this is a copy of (?:the|your) message|the header of the original message|(?:start of )?(?:original|returned|unsent) message|message headers? follows?|returned message|transcript of the message follows)|(?:original|returned|unsent) message (?:headers?|follows?|below)\b|below this line is a copy|received: (?:from|by) )/im;

function splitText(text: string): { explanation: string; below: string } {
  const start = COPY_BELOW.exec(text);
  if (!start) return { explanation: text, below: '' };
  const rest = text.slice(start.index);
  const below = /^[ \t]*received:/i.test(rest) ? rest : rest.slice(rest.indexOf('\n') + 1);
  return { explanation: text.slice(0, start.index), below: below.slice(0, MAX_FIELDS_BYTES) };
}

/** What the fields of the report leave open, the text for people may say. */
function inWords(mail: ReportParts, recipients: readonly Recipient[], explanation: string): Recipient[] {
  const said = bounceWords(explanation);
  if (recipients.length > 0) {
    return recipients.map((one) => (one.words === '' ? { ...one, words: oneLine(said) } : one));
  }
  const failed = first(mail, 'x-failed-recipients').split(',').map(addressIn).filter(Boolean);
  const addresses = failed.length > 0 ? failed : addressLines(explanation);
  const action = saysDelayed(mail) ? 'delayed' : 'failed';
  const words = oneLine(said);
  return (addresses.length === 0 ? [''] : addresses.slice(0, MAX_RECIPIENTS)).map((address) => ({
    address,
    action,
    status: statusIn(words),
    words,
  }));
}

/** `<jane@example.com>:`, `  jane@example.com`, `jane@example.com on Thu, 29 Apr ...`, `<jane@example.com>: host mx said`. */
const ADDRESS_LINE = /^[ \t]*(?:to:? )?<?([^\s<>:;,"()]{1,250}@[^\s<>:;,"()]{1,250})>?(?:\s*(?::|$)| on )/i;

function addressLines(explanation: string): string[] {
  const found: string[] = [];
  for (const line of explanation.split('\n', MAX_LINES)) {
    const address = ADDRESS_LINE.exec(line.slice(0, 1_000))?.[1] ?? '';
    // An id stands alone on a line as an address does.
    if (isMailAddress(address) && taskOfMessageId(`<${address}>`) === null) found.push(address);
  }
  return unique(found);
}

function ids(value: string | undefined): string[] {
  return (value?.slice(0, 20_000).match(/<[^<>\s]{3,500}>/g) ?? []).filter((id) => id.includes('@'));
}

/** Ids of ours anywhere in the text, but where an older mail of the thread is named. */
function mentioned(text: string): string[] {
  const found: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.includes('em-') || /^[>\s]*(?:references|in-reply-to)\s*:/i.test(line)) continue;
    found.push(...ids(line).filter((id) => taskOfMessageId(id) !== null));
    if (found.length >= MAX_IDS) break;
  }
  return found;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
