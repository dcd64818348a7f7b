/** Which part of a request is what. Comments and callouts are for the reader: help from a template, a verdict of ours. */
import { findTable, renderLinesTable, type RequestLine } from './lines-table.ts';

const LINES = /^#{2,3}[ \t]+(?:lines|positions|zeilen|positionen|posten)[ \t]*:?[ \t]*$/i;
const NOTE = /^#{2,3}[ \t]+(?:note|notes|terms|notiz|hinweis|bemerkung)[ \t]*:?[ \t]*$/i;
const HEADING = /^#{1,3}[ \t]/;

/** The lines of text in which the table is looked for: under `## Lines`, or all of it when there is no such heading. */
export function linesPart(source: string): readonly string[] {
  const lines = withoutHelp(source);
  const span = under(lines, LINES);
  return span === null
    ? lines.slice(0, under(lines, NOTE)?.from ?? lines.length)
    : lines.slice(span.from, span.to);
}

/** The text under `## Note`, '' when there is none. */
export function notePart(source: string): string {
  const lines = withoutHelp(source);
  const span = under(lines, NOTE);
  return span === null ? '' : lines.slice(span.from, span.to).join('\n').trim();
}

/** The same request with other lines in its table; what else stands there is kept. */
export function withLines(source: string, lines: readonly RequestLine[]): string {
  const all = source.split('\n');
  const table = renderLinesTable(lines);
  const span = under(all, LINES);
  const found = findTable(all, span?.from ?? 0);
  if (found !== null && (span === null || found.from < span.to)) {
    return [...all.slice(0, found.from), ...table, ...all.slice(found.to)].join('\n');
  }
  if (span !== null) return [...all.slice(0, span.from), '', ...table, ...all.slice(span.from)].join('\n');
  return ['## Lines', '', ...table, '', source].join('\n').trimEnd();
}

function under(
  lines: readonly string[],
  heading: RegExp,
): { readonly from: number; readonly to: number } | null {
  const at = lines.findIndex((line) => heading.test(line));
  if (at < 0) return null;
  const next = lines.findIndex((line, place) => place > at && HEADING.test(line));
  return { from: at + 1, to: next < 0 ? lines.length : next };
}

/** Without `%% … %%`, `<!-- … -->` and callouts (`> [!note] …` and the quoted lines below it). */
function withoutHelp(source: string): readonly string[] {
  const bare = without(without(source.replace(/\r\n?/g, '\n'), '%%', '%%'), '<!--', '-->');
  const kept: string[] = [];
  let inCallout = false;
  for (const line of bare.split('\n')) {
    inCallout = /^ {0,3}> ?\[!/.test(line) || (inCallout && /^ {0,3}>/.test(line));
    if (!inCallout) kept.push(line);
  }
  return kept;
}

/** An opened comment that is never closed is text. Looked for from left to right, once: a regular expression would start over. */
function without(text: string, open: string, close: string): string {
  const kept: string[] = [];
  let at = 0;
  for (;;) {
    const from = text.indexOf(open, at);
    const to = from < 0 ? -1 : text.indexOf(close, from + open.length);
    if (to < 0) return kept.join('') + text.slice(at);
    kept.push(text.slice(at, from));
    at = to + close.length;
  }
}
