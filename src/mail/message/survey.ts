import { MessageFault, type MessageLimits } from './message-limits.ts';

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;

/** RFC 2046 section 5.1.1 allows 70; the parser compares every `--` line with every open boundary. */
const BOUNDARY_CHARS = 200;
const BOUNDARY = /boundary(?:\*\d*\*?)?\s*=\s*(?:"([^"\r\n]*)|([^\s;]*))/gi;
/** `--` lines times boundaries: above this the comparison alone would take seconds. */
const COMPARISONS = 2_000_000;

export interface Survey {
  /** How many bytes a parser may be given; less than all when there are too many lines. */
  readonly usable: number;
  /** Charsets the mail names, lower case, each once, at most 20. */
  readonly charsets: readonly string[];
}

/**
 * Looks at the bytes once, before any parser does: a parser builds an object for each of 10,000 parts and
 * only then can one count them.
 * @throws MessageFault when the mail is beyond the limits.
 */
export function surveyMessage(raw: Uint8Array, limits: MessageLimits): Survey {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  checkHeader(bytes, limits);
  const text = bytes.toString('latin1');
  const boundaries = new Set<string>();
  let declared = 0;
  for (const match of text.matchAll(BOUNDARY)) {
    const value = (match[1] ?? match[2] ?? '').trimEnd();
    if (value.length > BOUNDARY_CHARS)
      throw new MessageFault('unreadable', 'A MIME boundary is far too long.');
    declared += 1;
    if (declared > limits.parts) tooManyParts(limits);
    if (value !== '') boundaries.add(value);
  }
  countParts(bytes, boundaries, declared, limits);
  return { usable: usableBytes(bytes, limits), charsets: charsets(text) };
}

/** The top header block without the empty line, at most `maxBytes`, cut at a line's end. */
export function headerBlock(raw: Uint8Array, maxBytes: number): Uint8Array {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const end = headerEnd(bytes);
  if (end <= maxBytes) return raw.subarray(0, end);
  const cut = bytes.lastIndexOf(LF, maxBytes - 1);
  return raw.subarray(0, cut < 0 ? maxBytes : cut + 1);
}

function headerEnd(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at];
    if (first === LF || (first === CR && bytes[at + 1] === LF)) return at;
    const next = bytes.indexOf(LF, at);
    if (next < 0) return bytes.length;
    at = next + 1;
  }
  return bytes.length;
}

function checkHeader(bytes: Buffer, limits: MessageLimits): void {
  if (bytes.length === 0) throw new MessageFault('empty', 'The mail is empty.');
  const end = headerEnd(bytes);
  if (end > limits.headerBytes) {
    throw new MessageFault(
      'header-bomb',
      `The header is ${end} bytes long; ${limits.headerBytes} are allowed.`,
    );
  }
  let lines = 0;
  for (let at = bytes.indexOf(LF); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) lines += 1;
  if (lines > limits.headerLines) {
    throw new MessageFault(
      'header-bomb',
      `The header has ${lines} lines; ${limits.headerLines} are allowed.`,
    );
  }
}

function countParts(
  bytes: Buffer,
  boundaries: ReadonlySet<string>,
  declared: number,
  limits: MessageLimits,
): void {
  let parts = 0;
  let dashed = 0;
  for (let at = 0; at >= 0 && at < bytes.length; at = nextLine(bytes, at)) {
    if (bytes[at] !== DASH || bytes[at + 1] !== DASH) continue;
    dashed += 1;
    if (dashed * declared > COMPARISONS) tooManyParts(limits);
    const newline = bytes.indexOf(LF, at);
    const end = Math.min(newline < 0 ? bytes.length : newline, at + BOUNDARY_CHARS + 4);
    const value = bytes.toString('latin1', at + 2, end).trimEnd();
    if (boundaries.has(value) && ++parts > limits.parts) tooManyParts(limits);
  }
}

function nextLine(bytes: Buffer, at: number): number {
  const newline = bytes.indexOf(LF, at);
  return newline < 0 ? -1 : newline + 1;
}

/**
 * The parser keeps an object for each line of a part that is not base64 (measured: 25 MB of empty lines
 * end in 4 GB of heap, 25 MB of short lines take 15 s). A real letter has a few hundred lines.
 */
function usableBytes(bytes: Buffer, limits: MessageLimits): number {
  let lines = 0;
  let textLines = 0;
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(LF, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    lines += 1;
    if (!looksEncoded(bytes, start, end)) textLines += 1;
    if (lines > limits.lines || textLines > limits.textLines) return start;
    start = end;
  }
  return bytes.length;
}

const SPACE = 0x20;

/** Base64 comes in lines of 60 to 78 bytes without a space (RFC 2045 section 6.8: at most 76). */
function looksEncoded(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 60 || end - start > 80) return false;
  return !bytes.subarray(start, end).includes(SPACE);
}

function tooManyParts(limits: MessageLimits): never {
  throw new MessageFault('too-many-parts', `The mail has more than ${limits.parts} MIME parts.`);
}

function charsets(text: string): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(/charset\s*=\s*"?([\w.:+-]{1,40})/gi)) {
    found.add((match[1] ?? '').toLowerCase());
    if (found.size === 20) break;
  }
  return [...found];
}
