/** docs/failures.md quotes what the program says. What it quotes has to be said, letter by letter. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { literalsIn } from '../helpers/literals.ts';
import { PROJECT, readSources } from '../helpers/source-tree.ts';

const GAP = '…';
const page = await readFile(join(PROJECT, 'docs/failures.md'), 'utf8');
const [intro = '', ...sections] = page.split(/^## /m);
const parts = sections.map((section) => {
  const [title = '', ...lines] = section.split('\n');
  return { title, text: lines.join('\n') };
});
const said = (await readSources('src')).flatMap(({ text }) => literalsIn(text, GAP)).map(oneLine);

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** What stands between the gaps of a quotation, in this order, in one text of the source. */
function isSaid(quote: string): boolean {
  const pieces = quote.split(GAP).filter((piece) => piece.trim() !== '');
  return said.some((text) => {
    let from = 0;
    return pieces.every((piece) => {
      const at = text.indexOf(piece, from);
      from = at + piece.length;
      return at !== -1;
    });
  });
}

const quotesIn = (text: string): string[] =>
  [...text.matchAll(/“([^”]+)”/g)].map(([, quote = '']) => oneLine(quote));

describe.each(parts)('$title', ({ title, text }) => {
  it('says what one sees, what it means, what to do and how long it takes', () => {
    const labels = [...`\n${text}`.matchAll(/\n\n\*\*([^*]+)\*\*/g)].map(([, label]) => label);
    expect(labels).toEqual(['You see', 'It means', 'Do', 'Until it is well again']);
  });

  it('quotes what the program says', () => {
    expect(quotesIn(text).filter((quote) => !isSaid(quote))).toEqual([]);
  });

  it('quotes enough to be recognised', () => {
    const letters = (quote: string): number => quote.replace(/[^\p{L}]/gu, '').length;
    expect(quotesIn(text).filter((quote) => letters(quote) < 7)).toEqual([]);
  });

  it('stands in the list at the top', () => {
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{L}\d\s-]/gu, '')
      .replace(/\s/g, '-');
    expect(intro).toContain(`[${title}](#${anchor})`);
  });
});

it('finds words that nobody says', () => {
  expect(isSaid('the mail server is on holiday')).toBe(false);
  expect(isSaid('refuses the login…the mail server')).toBe(false);
});
