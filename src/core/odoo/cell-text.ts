/** Foreign text in a table or a list of ours: shown as it is, read by Obsidian as nothing but text. */
import { propertyText } from '../neutralise.ts';

/** Longer than any label that Odoo or a request may hold; what is longer says so. */
const MAX_CHARS = 10_000;
const MAX_LINES = 60;

/**
 * One line. `\` and `&` become entities where they could begin something: whether a parser of tables takes `\\|` for an escaped
 * pipe differs, `&#92;\|` does not.
 */
export function inlineText(s: string, max = MAX_CHARS): string {
  const text = propertyText(s, max);
  const cut =
    max === MAX_CHARS && s.length > max && text.endsWith('…') ? ` (cut, ${s.length} characters)` : '';
  return (
    text
      .replace(/&(?=#?\w{1,32};)/g, '&amp;')
      .replaceAll('\\', '&#92;')
      .replaceAll('<', '&lt;')
      .replace(/[|*~$^]/g, '\\$&')
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
      .replace(/=(?==)/g, '\\=')
      // Dataview's inline fields hide their key; a bare address would be a link.
      .replace(/:(?=:)/g, '\\:')
      .replace(/:(?=\/\/)/g, '\\:') + cut
  );
}

/** Several lines in one cell of a table; Obsidian renders `<br>` there. No text of strangers can hold a tag: see `propertyText`. */
export function cellText(s: string, max = MAX_CHARS): string {
  const lines = s.replace(/\r\n?/g, '\n').trim().split('\n');
  if (lines.length > MAX_LINES) return inlineText(s, max);
  return lines.map((line) => inlineText(line, max)).join('<br>');
}
