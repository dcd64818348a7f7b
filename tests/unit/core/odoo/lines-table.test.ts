import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findTable,
  readLinesTable,
  renderLinesTable,
  type RequestLine,
} from '../../../../src/core/odoo/lines-table.ts';
import { linesPart, notePart, withLines } from '../../../../src/core/odoo/request-text.ts';

const read = (table: string) => readLinesTable(table.split('\n'));

/** Text as a cell can hold it: no blanks around a line end or at the ends, no tag that stands for a line end. */
const cell = fc
  .array(fc.constantFrom('a', 'Ä', '|', '\\', '`', '*', '[[x]]', '#', '1,5', ' ', '\n', '<b>', '漢', '-'), {
    maxLength: 12,
  })
  .map((parts) =>
    parts
      .join('')
      .replace(/[ ]*\n[ ]*/g, '\n')
      .trim(),
  );
const line: fc.Arbitrary<RequestLine> = fc.record({
  product: cell,
  description: cell.map((text) => `x${text}`),
  quantity: cell,
  unit: cell,
  price: cell,
  discount: cell,
  taxes: cell,
});

describe('the table of lines', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
        const table = renderLinesTable(lines);
        expect(findTable(table)).toEqual({ from: 0, to: table.length });
        expect(readLinesTable(table)).toEqual({ ok: true, lines });
      }),
    );
  });

  it('has its columns in any order, in English or German, with a running number or without', () => {
    const table =
      '| Pos | **Preis** | Menge | BESCHREIBUNG | MwSt |\n|--|--|--|--|--|\n| 1 | 5 | 2 | Arbeit | 19% |';
    expect(read(table)).toMatchObject({
      ok: true,
      lines: [{ price: '5', quantity: '2', description: 'Arbeit', taxes: '19%', product: '' }],
    });
  });

  it('says which column it does not know, and which stands there twice', () => {
    expect(read('| Text | Colour |\n|--|--|\n| a | b |')).toMatchObject({
      ok: false,
      faults: [expect.stringContaining('“Colour” is not known')],
    });
    expect(read('| Text | Description |\n|--|--|\n| a | b |')).toMatchObject({
      faults: ['The column Description stands there twice.'],
    });
  });

  it('never drops a cell: too many of them are a fault', () => {
    expect(read('| Text | Price |\n|--|--|\n| a | b | 5 |')).toMatchObject({
      ok: false,
      faults: [expect.stringContaining('Row 1 has more cells')],
    });
  });

  it('takes a row without pipes for the row that Obsidian shows', () => {
    const lines = ['| Text | Price |', '|--|--|', '| a | 1 |', 'loose', '', 'after'];
    expect(findTable(lines)).toEqual({ from: 0, to: 4 });
    expect(readLinesTable(lines.slice(0, 4))).toMatchObject({
      lines: [{}, { description: 'loose', price: '' }],
    });
  });

  it('leaves out rows without any text, as a template brings one', () => {
    expect(read('| Text | Price |\n|--|--|\n|  |  |\n| a | 1 |\n| | |')).toMatchObject({
      lines: [{ description: 'a' }],
    });
  });

  it('has at most 200 lines', () => {
    const rows = (count: number) => `| Text |\n|--|\n${'| a |\n'.repeat(count)}`.trim();
    expect(read(rows(200)).ok).toBe(true);
    expect(read(rows(201))).toMatchObject({ ok: false, faults: ['There are more than 200 lines.'] });
  });

  it('is read in a moment, whatever stands there', () => {
    const hostile = [
      `| Text |\n|--|\n| ${' '.repeat(500_000)} |`,
      `|${'-'.repeat(500_000)}\n|--|`,
      '<!--'.repeat(100_000),
      '%%a'.repeat(200_001),
      `| Text |\n|${' '.repeat(200_000)}x`,
      '> [!a]\n'.repeat(100_000),
    ];
    for (const source of hostile) {
      const part = linesPart(source);
      const table = findTable(part);
      if (table) readLinesTable(part.slice(table.from, table.to));
    }
  });
});

describe('a request', () => {
  const source = [
    '> [!info] Help: | a | b |',
    '> |---|---|',
    '',
    '%% | comment | x |',
    '|---|---| %%',
    '## Lines',
    '',
    '<!-- | not | this |\n|---|---| -->',
    '| Text | Price |',
    '| --- | --- |',
    '| Work | 5 |',
    '',
    '## Note',
    '',
    '> [!tip] Not this',
    '> nor this',
    'Thank you.',
    '%% nor this %%',
    '',
    '## More',
    'x',
  ].join('\n');

  it('has its table under ## Lines; help and comments are for the reader', () => {
    const part = linesPart(source);
    const table = findTable(part)!;
    expect(readLinesTable(part.slice(table.from, table.to))).toMatchObject({
      lines: [{ description: 'Work' }],
    });
  });

  it('has its terms under ## Note', () => {
    expect(notePart(source)).toBe('Thank you.');
  });

  it('gets other lines where its table is, the rest stays', () => {
    const [lines] = [renderLinesTable([])];
    const changed = withLines('## Lines\n\n| Text |\n|--|\n| a |\n\n## Note\n\nx', [
      { product: '', description: 'b', quantity: '2', unit: '', price: '1', discount: '', taxes: 'none' },
    ]);
    expect(lines[0]).toBe('| Description | Quantity | Price | Taxes |');
    expect(changed).toBe(
      '## Lines\n\n| Description | Quantity | Price | Taxes |\n| --- | ---: | ---: | --- |\n| b | 2 | 1 | none |\n\n## Note\n\nx',
    );
  });
});
