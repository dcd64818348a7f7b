/**
 * Address lists as people type them into properties and as mail carries them (RFC 5322 section 3.4,
 * RFC 6532 for UTF-8). Strict on purpose: what stands in `reply_to` becomes an envelope, so anything
 * that two parsers could read differently (groups, comments, quoted local parts, domain literals) is
 * refused instead of guessed. nodemailer once delivered `"a@b.example x"@c.example` to b.example.
 */

import type { Address } from './mail.ts';

export type AddressList =
  | { readonly ok: true; readonly addresses: Address[] }
  | { readonly ok: false; readonly message: string };

const MAX_LIST_CHARS = 20_000;
const MAX_ADDRESSES = 100;
const MAX_NAME_CHARS = 200;
/** RFC 5321 section 4.5.3.1: local part 64 octets, domain 255, path 256 with its brackets. */
const MAX_LOCAL_BYTES = 64;
const MAX_ADDRESS_BYTES = 254;

/** Controls, line and paragraph separators, lone surrogates: nothing of this belongs into a header. */
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
/**
 * Characters that are there but not seen: bidi controls, tags, zero width. U+200C and U+200D stay legal
 * in names, Persian and emoji need them.
 */
const INVISIBLE_IN_NAMES = /(?![\u200c\u200d])[\p{Cf}\u115f\u1160\u3164\uffa0]/u;

const ATEXT = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a0-\u{10ffff}-]+$/u;
const LABEL = /^[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u;
const NEVER_IN_ADDRESS = /[\p{C}\p{Z}]/u;
const SPECIALS_IN_NAMES = /[()<>[\]:;@\\,."]/;

/** True when `s` can stand in a header as it is: no CR, LF, NUL or any other control character. */
export function isSafeHeaderValue(s: string): boolean {
  return !UNSAFE.test(s);
}

/** `s` on one line without controls and hidden characters, cut to `max` characters. */
export function cleanHeaderText(s: string, max: number): string {
  const clean = s
    .replace(/[\p{Cc}\p{Z}]+/gu, ' ')
    .replace(/[\p{Cs}]/gu, '\ufffd')
    .replace(new RegExp(INVISIBLE_IN_NAMES, 'gu'), '')
    .replace(/ {2,}/g, ' ')
    .trim();
  return clean.length <= max ? clean : Array.from(clean.slice(0, max)).filter(isWhole).join('').trim();
}

/** True for an addr-spec we would hand to a mail server: `dot-atom@domain`, UTF-8 allowed (RFC 6531). */
export function isMailAddress(address: string): boolean {
  if (NEVER_IN_ADDRESS.test(address)) return false;
  const at = address.lastIndexOf('@');
  if (at < 1) return false;
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  const encoder = new TextEncoder();
  if (encoder.encode(local).length > MAX_LOCAL_BYTES) return false;
  if (encoder.encode(address).length > MAX_ADDRESS_BYTES) return false;
  return (
    local.split('.').every((atom) => ATEXT.test(atom)) &&
    domain.split('.').every((label) => label.length <= 63 && LABEL.test(label))
  );
}

/** The same mailbox gives the same key: case ignored, an IDN and its punycode are one domain. */
export function addressKey(address: string): string {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at).normalize('NFC').toLowerCase();
  return `${local}@${asciiDomain(address)}`;
}

/** The domain of an address as the DNS sees it, lower case; as typed when it is no domain at all. */
export function asciiDomain(address: string): string {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  if (/^[a-z0-9.-]*$/.test(domain)) return domain;
  return URL.canParse(`http://${domain}`) ? new URL(`http://${domain}`).hostname : domain;
}

/**
 * `Name <address>`, the name quoted where RFC 5322 asks for it. Total: whatever is unsafe in either part
 * is left out, so that the result is always one line. Parsing it gives the same address back.
 */
export function formatAddress(a: Address): string {
  const address = a.address.replace(new RegExp(NEVER_IN_ADDRESS, 'gu'), '').replace(/[<>,"]/g, '');
  const name = cleanHeaderText(a.name, MAX_NAME_CHARS);
  if (name === '') return address;
  const shown = SPECIALS_IN_NAMES.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
  return `${shown} <${address}>`;
}

/** Reads one list, or a property that is a list of lists. Empty elements are ignored (`a@b.example,`). */
export function parseAddressList(input: string | readonly string[]): AddressList {
  const addresses: Address[] = [];
  for (const text of typeof input === 'string' ? [input] : input) {
    if (text.length > MAX_LIST_CHARS) return refuse(`the list is longer than ${MAX_LIST_CHARS} characters`);
    if (!isSafeHeaderValue(text)) return refuse('a line break or control character in an address', text);
    if (INVISIBLE_IN_NAMES.test(text)) return refuse('an invisible character in an address', text);
    const parsed = readElements(text);
    if (!parsed.ok) return parsed;
    addresses.push(...parsed.addresses);
    if (addresses.length > MAX_ADDRESSES) return refuse(`more than ${MAX_ADDRESSES} addresses`);
  }
  return { ok: true, addresses };
}

interface Element {
  words: string[];
  quoted: boolean;
  angle: string | null;
}

function readElements(text: string): AddressList {
  const addresses: Address[] = [];
  let element: Element = { words: [], quoted: false, angle: null };
  let at = 0;
  while (at <= text.length) {
    if (at === text.length || text[at] === ',') {
      const done = finish(element, text);
      if (typeof done === 'string') return refuse(done, text);
      if (done) addresses.push(done);
      element = { words: [], quoted: false, angle: null };
      at += 1;
      continue;
    }
    const step = readToken(text, at, element);
    if (typeof step === 'string') return refuse(step, text);
    at = step;
  }
  return { ok: true, addresses };
}

/** Reads one token of an element; gives the next position, or what is wrong. */
function readToken(text: string, at: number, element: Element): number | string {
  const char = text.charAt(at);
  if (/\s/.test(char)) return at + 1;
  if (element.angle !== null) return 'text after `<…>`; separate addresses with commas';
  switch (char) {
    case '"':
      return readQuoted(text, at, element);
    case '<': {
      const end = text.indexOf('>', at);
      if (end < 0) return '`<` without `>`';
      element.angle = text.slice(at + 1, end).trim();
      return end + 1;
    }
    case ';':
      return 'addresses are separated with commas, not semicolons';
    case ':':
      return 'groups and links are not addresses';
    case '(':
    case ')':
    case '[':
    case ']':
    case '>':
    case '\\':
      return `\`${char}\` is only allowed inside a quoted name`;
    default: {
      const word = /^[^\s,;:<>()[\]\\"]+/.exec(text.slice(at))?.[0] ?? char;
      element.words.push(word);
      return at + word.length;
    }
  }
}

function readQuoted(text: string, start: number, element: Element): number | string {
  let word = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"') {
      element.words.push(word);
      element.quoted = true;
      return at + 1;
    }
    if (char === '\\') at += 1;
    word += text.charAt(at);
  }
  return 'a quotation mark is not closed';
}

/** The address of a finished element, null for an empty one, or what is wrong with it. */
function finish(element: Element, text: string): Address | null | string {
  const { words, quoted, angle } = element;
  if (angle === null) {
    if (words.length === 0) return null;
    const [only] = words;
    if (quoted || only === undefined || words.length > 1) return 'a name without an address';
    return isMailAddress(only) ? mailbox('', only) : `not a mail address (expected name@example.org)`;
  }
  if (!isMailAddress(angle)) return 'not a mail address between `<` and `>`';
  const name = words.join(' ');
  // `boss@example.org <thief@example.net>`: bare, this is what a second address looks like.
  if (!quoted && name.includes('@') && addressKey(name) !== addressKey(angle)) {
    return 'two different addresses where one is expected';
  }
  return name.length > text.length ? 'the name is too long' : mailbox(name, angle);
}

function mailbox(name: string, address: string): Address {
  const at = address.lastIndexOf('@') + 1;
  return {
    name: cleanHeaderText(name, MAX_NAME_CHARS),
    address: address.slice(0, at) + address.slice(at).toLowerCase(),
  };
}

function refuse(why: string, text?: string): AddressList {
  if (text === undefined) return { ok: false, message: why };
  const shown = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?').slice(0, 80);
  return { ok: false, message: `${why}: ${shown}` };
}

/** False for half a surrogate pair, which is what cutting at a fixed length can leave. */
function isWhole(char: string): boolean {
  return !/^[\ud800-\udfff]$/.test(char);
}
