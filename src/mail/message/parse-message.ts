import type { Attachment, Email, Address as ParsedAddress } from 'postal-mime';
import { isMailAddress } from '../../core/address-list.ts';
import type { Address, IncomingAttachment, IncomingMail } from '../../core/mail.ts';
import { messageId } from '../../core/reply.ts';
import { BoundedParser } from './bounded-parser.ts';
import { MESSAGE_LIMITS, MessageFault, type MessageLimits } from './message-limits.ts';
import { parseReport } from './parse-report.ts';
import { surveyMessage } from './survey.ts';
import { mendWindows1252 } from './windows-1252.ts';

/**
 * Takes a mail apart. `raw` is the whole mail as the server gave it, or its beginning when `wholeBytes` is
 * given: then attachments are only listed, since the last one is cut and nobody could tell.
 * @throws MessageFault when the mail is beyond the limits or cannot be read.
 */
export async function parseMessage(
  raw: Uint8Array,
  limits: MessageLimits = MESSAGE_LIMITS,
  wholeBytes?: number,
): Promise<IncomingMail> {
  const survey = surveyMessage(raw, limits);
  const remarks: string[] = [];
  const usable = raw.subarray(0, survey.usable);
  const size = wholeBytes ?? raw.length;
  const partial = usable.length < size;
  if (partial) remarks.push(`The mail is ${size} bytes long; only the first ${usable.length} were read.`);
  for (const charset of survey.charsets) {
    if (!isKnownCharset(charset))
      remarks.push(`The mail uses the charset ${charset}, which is not supported.`);
  }
  const { email, htmlCut } = await parse(usable, limits);
  if (htmlCut) remarks.push('The HTML of the mail is too long or too deeply nested; the rest is cut.');
  const headers = headerMap(email);
  const from = sender(email, headers, remarks);
  const subject = mendWindows1252(email.subject ?? '');
  const text = bodyText(email, limits, remarks);
  return {
    messageId: firstId(headers.get('message-id')?.[0]),
    inReplyTo: firstId(headers.get('in-reply-to')?.[0]),
    references: references(headers.get('references') ?? [], limits),
    from,
    replyTo: mailboxes('Reply-To', email.replyTo, limits, remarks),
    to: mailboxes('To', email.to, limits, remarks),
    cc: mailboxes('Cc', email.cc, limits, remarks),
    subject,
    date: sentAt(headers.get('date')?.[0], remarks),
    text,
    headers,
    attachments: attachments(email.attachments, limits, remarks, partial),
    remarks,
    report: parseReport({
      headers,
      from: from?.address ?? headers.get('from')?.[0] ?? '',
      subject,
      text,
      parts: parts(email),
    }),
  };
}

/** Whatever their size: a server may return the whole mail, and its header stands first. */
function parts(email: Email): { type: string; content: Uint8Array }[] {
  return email.attachments.map(({ mimeType, content }) => ({ type: mimeType, content: bytesOf(content) }));
}

async function parse(raw: Uint8Array, limits: MessageLimits): Promise<{ email: Email; htmlCut: boolean }> {
  const parser = new BoundedParser(limits);
  try {
    const email = await parser.parse(raw);
    return { email, htmlCut: parser.htmlCut };
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown';
    if (/nesting depth/i.test(message)) {
      throw new MessageFault('too-deep', `MIME parts are nested deeper than ${limits.nestingDepth}.`, {
        cause: error,
      });
    }
    if (/header size/i.test(message)) {
      throw new MessageFault(
        'header-bomb',
        `The headers of all parts exceed ${limits.allHeaderBytes} bytes.`,
        {
          cause: error,
        },
      );
    }
    throw new MessageFault('unreadable', 'The mail cannot be parsed.', { cause: error });
  }
}

/** UTF-7 is refused as browsers do: it hides markup from everything that reads ASCII. */
function isKnownCharset(label: string): boolean {
  if (/^(?:x-|cs)?(?:cp|ms|ibm)-?\d+$/.test(label)) return true;
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}

function headerMap(email: Email): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, string[]>();
  for (const { key, value } of email.headers) {
    const values = map.get(key);
    if (values) values.push(value);
    else map.set(key, [value]);
  }
  return map;
}

function firstId(value: string | undefined): string | null {
  const id = messageId(/<[^<>\s]*>/.exec(value ?? '')?.[0] ?? null);
  return id === null || MARKUP.test(id) ? null : id;
}

/** In an id or an address, which cannot be altered, it would run or load in Obsidian (`<%x%>`, `` `=x` ``). */
const MARKUP = /<%|^%|`|\[\[|\]\]|!\[|\]\(|%%/;

function isUsable({ address }: Address): boolean {
  return isMailAddress(address) && !MARKUP.test(address);
}

/** The root and the newest ones: what mail programs thread by. */
function references(values: readonly string[], limits: MessageLimits): string[] {
  const found = values
    .flatMap((value) => value.match(/<[^<>\s]+>/g) ?? [])
    .filter((id) => firstId(id) === id);
  const all = [...new Set(found)];
  return all.length <= limits.references ? all : [...all.slice(0, 1), ...all.slice(1 - limits.references)];
}

function sender(
  email: Email,
  headers: ReadonlyMap<string, readonly string[]>,
  remarks: string[],
): Address | null {
  if ((headers.get('from')?.length ?? 0) > 1) remarks.push('The mail has more than one From header.');
  const first = email.from ? flat([email.from]).find(isUsable) : undefined;
  if (!first) remarks.push('The mail has no readable sender address.');
  return first ?? null;
}

function mailboxes(
  header: string,
  parsed: readonly ParsedAddress[] | undefined,
  limits: MessageLimits,
  remarks: string[],
): Address[] {
  const all = flat(parsed ?? []);
  const valid = all.filter(isUsable).slice(0, limits.addresses);
  const lost = all.length - valid.length;
  if (lost > 0)
    remarks.push(`${header}: ${lost} of ${all.length} addresses are left out (unreadable or too many).`);
  return valid;
}

function flat(parsed: readonly ParsedAddress[]): Address[] {
  return parsed
    .flatMap((a) => (a.group ? a.group : [a]))
    .map(({ name, address }) => {
      const at = address.lastIndexOf('@') + 1;
      return { name: mendWindows1252(name), address: address.slice(0, at) + address.slice(at).toLowerCase() };
    });
}

const DATE = /\d{1,2}\s+[A-Za-z]{3}[a-z]*\s+\d{2,4}|\d{4}-\d{2}-\d{2}/;

/** `new Date('1')` is a date in 2001, so the shape is asked first. */
function sentAt(value: string | undefined, remarks: string[]): string | null {
  if (value === undefined) return null;
  const ms = DATE.test(value) ? Date.parse(value.slice(0, 200)) : Number.NaN;
  if (ms >= 0 && ms < Date.UTC(2200, 0)) return new Date(ms).toISOString();
  remarks.push('The Date header cannot be read.');
  return null;
}

function bodyText(email: Email, limits: MessageLimits, remarks: string[]): string {
  const text = mendWindows1252(lf(email.text ?? ''));
  if (text.length <= limits.textChars) return text;
  remarks.push(`The text is ${text.length} characters long; ${limits.textChars} are kept.`);
  return text.slice(0, limits.textChars);
}

function lf(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

function attachments(
  parsed: readonly Attachment[],
  limits: MessageLimits,
  remarks: string[],
  partial: boolean,
): IncomingAttachment[] {
  if (parsed.length > limits.attachments) {
    remarks.push(`The mail has ${parsed.length} attachments; the first ${limits.attachments} are listed.`);
  }
  let room = limits.allAttachmentBytes;
  return parsed.slice(0, limits.attachments).map((attachment, index) => {
    const content = bytesOf(attachment.content);
    const described = {
      filename: mendWindows1252(attachment.filename ?? nameless(attachment.mimeType, index)),
      contentType: attachment.mimeType.slice(0, 100),
      size: content.length,
    };
    if (partial || content.length > limits.attachmentBytes || content.length > room) {
      remarks.push(
        `An attachment of ${content.length} bytes is only listed: it is over the limit or incomplete.`,
      );
      return described;
    }
    room -= content.length;
    return { ...described, content };
  });
}

function bytesOf(content: ArrayBuffer | Uint8Array | string): Uint8Array {
  if (typeof content === 'string') return new TextEncoder().encode(content);
  return content instanceof Uint8Array ? content : new Uint8Array(content);
}

function nameless(contentType: string, index: number): string {
  const extension: Record<string, string> = {
    'message/rfc822': 'eml',
    'text/calendar': 'ics',
    'text/html': 'html',
    'text/plain': 'txt',
    'application/pdf': 'pdf',
    'image/png': 'png',
    'image/jpeg': 'jpg',
    'image/gif': 'gif',
  };
  return `part ${index + 1}.${Object.hasOwn(extension, contentType) ? (extension[contentType] ?? 'bin') : 'bin'}`;
}
