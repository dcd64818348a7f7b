import type { CommandParts } from './command-reader.ts';
import { LIMITS } from './limits.ts';

/** RFC 3501 section 9: what a command's arguments are made of. */
export type Token =
  | { readonly kind: 'atom'; readonly text: string }
  | { readonly kind: 'string'; readonly bytes: Buffer }
  | { readonly kind: 'list'; readonly items: readonly Token[] };

/** The client wrote something that is no IMAP; answered with BAD. */
export class SyntaxFault extends Error {
  readonly code = 'IMAP_SYNTAX';
}

interface Cursor {
  readonly parts: CommandParts;
  part: number;
  at: number;
}

export function tokenise(parts: CommandParts): Token[] {
  const cursor: Cursor = { parts, part: 0, at: 0 };
  const tokens = tokensUntil(cursor, '', 0);
  if (cursor.part < parts.length) throw new SyntaxFault('unexpected )');
  return tokens;
}

function tokensUntil(cursor: Cursor, close: '' | ')', depth: number): Token[] {
  if (depth > LIMITS.depth) throw new SyntaxFault('too deep');
  const tokens: Token[] = [];
  for (;;) {
    const part = cursor.parts[cursor.part];
    if (part === undefined) {
      if (close !== '') throw new SyntaxFault('missing )');
      return tokens;
    }
    if (Buffer.isBuffer(part)) {
      tokens.push({ kind: 'string', bytes: part });
      nextPart(cursor);
      continue;
    }
    const char = part[cursor.at];
    if (char === undefined) nextPart(cursor);
    else if (char === ' ') cursor.at += 1;
    else if (char === ')') {
      if (close === '') throw new SyntaxFault('unexpected )');
      cursor.at += 1;
      return tokens;
    } else if (char === '(') {
      cursor.at += 1;
      tokens.push({ kind: 'list', items: tokensUntil(cursor, ')', depth + 1) });
    } else if (char === '"') tokens.push(quoted(part, cursor));
    else tokens.push(atom(part, cursor));
  }
}

function nextPart(cursor: Cursor): void {
  cursor.part += 1;
  cursor.at = 0;
}

function quoted(line: string, cursor: Cursor): Token {
  const match = /"((?:[^"\\]|\\["\\])*)"/y;
  match.lastIndex = cursor.at;
  const found = match.exec(line);
  if (!found) throw new SyntaxFault('unterminated quoted string');
  cursor.at = match.lastIndex;
  return { kind: 'string', bytes: Buffer.from((found[1] ?? '').replace(/\\(["\\])/g, '$1'), 'latin1') };
}

/** An atom may hold a section, `BODY.PEEK[HEADER.FIELDS (FROM)]<0.100>`: spaces inside belong to it. */
function atom(line: string, cursor: Cursor): Token {
  const match = /(?:\[[^\]]*\]|[^\s()"{[])+/y;
  match.lastIndex = cursor.at;
  const found = match.exec(line);
  if (!found) throw new SyntaxFault(`unexpected ${JSON.stringify(line[cursor.at])}`);
  cursor.at = match.lastIndex;
  return { kind: 'atom', text: found[0] };
}

/** An astring: an atom or a string, as text (latin1, a character per byte). */
export function text(token: Token | undefined): string {
  if (token?.kind === 'atom') return token.text;
  if (token?.kind === 'string') return token.bytes.toString('latin1');
  throw new SyntaxFault('a string is missing');
}

export function items(token: Token | undefined): readonly Token[] {
  if (token?.kind !== 'list') throw new SyntaxFault('a list is missing');
  return token.items;
}

/** For answers: quoted where that is safe, else a literal, NIL for nothing. */
export function nstring(value: string | null | undefined): string {
  if (value === null || value === undefined) return 'NIL';
  if (/^[\x20-\x7e]*$/.test(value) && value.length < 1000) return `"${value.replace(/["\\]/g, '\\$&')}"`;
  return `{${value.length}}\r\n${value}`;
}
