import { addressParser } from 'postal-mime';
import { nstring } from './syntax.ts';

/** Views of one mail's bytes that FETCH and SEARCH need. Bytes stay as they came. */

/** The header with its empty line, and the body after it. */
export function splitMail(raw: Buffer): { header: Buffer; body: Buffer } {
  const end = raw.indexOf('\r\n\r\n');
  if (end < 0) return { header: raw, body: Buffer.alloc(0) };
  return { header: raw.subarray(0, end + 4), body: raw.subarray(end + 4) };
}

/** Header fields in order, folded lines kept together, each with its line end. */
export function headerFields(header: Buffer): readonly { name: string; raw: string; value: string }[] {
  const text = header.toString('latin1');
  return [...text.matchAll(/^([^\s:]+)[ \t]*:((?:[^\n]*\n)(?:[ \t][^\n]*\n)*)/gm)].map((match) => ({
    name: (match[1] ?? '').toLowerCase(),
    raw: match[0],
    value: (match[2] ?? '').replace(/\r?\n(?=[ \t])/g, '').trim(),
  }));
}

/** RFC 3501 7.4.2 ENVELOPE. */
export function envelope(raw: Buffer): string {
  const fields = headerFields(splitMail(raw).header);
  const value = (name: string): string | null => fields.find((field) => field.name === name)?.value ?? null;
  const from = addresses(value('from'));
  const or = (name: string): string => {
    const own = addresses(value(name));
    return own === 'NIL' ? from : own;
  };
  return `(${[
    nstring(value('date')),
    nstring(value('subject')),
    from,
    or('sender'),
    or('reply-to'),
    addresses(value('to')),
    addresses(value('cc')),
    addresses(value('bcc')),
    nstring(value('in-reply-to')),
    nstring(value('message-id')),
  ].join(' ')})`;
}

function addresses(value: string | null): string {
  const parsed = value ? addressParser(Buffer.from(value, 'latin1').toString(), { flatten: true }) : [];
  const shown = parsed.map(({ name, address = '' }) => {
    const at = address.lastIndexOf('@');
    const [local, domain] = at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
    return `(${nstring(encodedName(name))} NIL ${nstring(local)} ${nstring(domain)})`;
  });
  return shown.length === 0 ? 'NIL' : `(${shown.join('')})`;
}

/** The parser has decoded the name; it travels as an encoded word again (RFC 2047). */
function encodedName(name: string): string | null {
  if (name === '') return null;
  return /^[\x20-\x7e]*$/.test(name) ? name : `=?utf-8?B?${Buffer.from(name).toString('base64')}?=`;
}

/** RFC 3501 `date-time`, always in UTC: `17-Jul-1996 02:44:25 +0000`. */
export function internalDate(date: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(date.toUTCString()) ?? [];
  return `${day}-${month}-${year} ${time} +0000`;
}
