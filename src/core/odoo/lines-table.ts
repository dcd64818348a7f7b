/** The table of lines in a request: Markdown as Obsidian writes it, header words in English or German, in any order. */

export interface RequestLine {
  /** Name, code or `#12`; '' for a line without a product. */
  readonly product: string;
  readonly description: string;
  readonly quantity: string;
  readonly unit: string;
  readonly price: string;
  readonly discount: string;
  readonly taxes: string;
}
export type LineColumn = keyof RequestLine;

export const MAX_LINES = 200;
const MAX_COLUMNS = 20;
const MAX_CELL_CHARS = 4_000;
const MAX_ROW_CHARS = 20_000;
const MAX_RULE_CHARS = 500;

const WORDS: Readonly<Record<LineColumn, readonly string[]>> = {
  product: ['product', 'item', 'article', 'produkt', 'artikel'],
  description: ['description', 'text', 'label', 'service', 'beschreibung', 'bezeichnung', 'leistung'],
  quantity: ['quantity', 'qty', 'menge', 'anzahl'],
  unit: ['unit', 'uom', 'einheit'],
  price: ['price', 'unit price', 'price per unit', 'preis', 'einzelpreis', 'stückpreis'],
  discount: ['discount', 'discount %', 'rabatt', 'rabatt %', 'nachlass'],
  taxes: ['taxes', 'tax', 'vat', 'steuer', 'steuern', 'ust', 'mwst', 'ust.', 'mwst.'],
};
/** A running number; nothing is lost with it. */
const NUMBERING = new Set(['', '#', 'no', 'no.', 'nr', 'nr.', 'pos', 'pos.', 'position']);
const COLUMNS = Object.keys(WORDS) as readonly LineColumn[];
const HEADS: Readonly<Record<LineColumn, string>> = {
  product: 'Product',
  description: 'Description',
  quantity: 'Quantity',
  unit: 'Unit',
  price: 'Price',
  discount: 'Discount',
  taxes: 'Taxes',
};

export type ReadLines =
  | { readonly ok: true; readonly lines: readonly RequestLine[] }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Cells as typed, only unescaped and trimmed. Rows without any text are left out: a template brings one. */
export function readLinesTable(rows: readonly string[]): ReadLines {
  const [head = '', , ...body] = rows;
  const columns = splitRow(head.slice(0, MAX_ROW_CHARS));
  const faults: string[] = [];
  if (columns.length > MAX_COLUMNS)
    return { ok: false, faults: [`The table has more than ${MAX_COLUMNS} columns.`] };
  const meant = columns.map((word) => columnOf(word));
  meant.forEach((column, at) => {
    const word = columns[at] ?? '';
    if (column === null)
      faults.push(
        `The column “${word.slice(0, 60)}” is not known. Known are: ${Object.values(HEADS).join(', ')}.`,
      );
    else if (column !== 'numbering' && meant.indexOf(column) !== at)
      faults.push(`The column ${HEADS[column]} stands there twice.`);
  });
  const lines: RequestLine[] = [];
  for (const [at, row] of body.entries()) {
    if (row.length > MAX_ROW_CHARS) {
      faults.push(`Row ${at + 1} is too long.`);
      continue;
    }
    const cells = splitRow(row);
    if (cells.every((cell) => cell === '')) continue;
    if (cells.length > columns.length)
      faults.push(
        `Row ${at + 1} has more cells than the table has columns. Write a pipe inside a text as \\|.`,
      );
    if (cells.some((cell) => cell.length > MAX_CELL_CHARS)) {
      faults.push(`Row ${at + 1} has a cell that is too long.`);
      continue;
    }
    const line: Record<LineColumn, string> = { ...EMPTY };
    meant.forEach((column, place) => {
      if (column !== null && column !== 'numbering') line[column] = cells[place] ?? '';
    });
    lines.push(line);
    if (lines.length > MAX_LINES)
      return { ok: false, faults: [...faults, `There are more than ${MAX_LINES} lines.`] };
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, lines };
}

export const EMPTY: RequestLine = {
  product: '',
  description: '',
  quantity: '',
  unit: '',
  price: '',
  discount: '',
  taxes: '',
};

/** The inverse: columns that are empty in every line are left out, apart from the first few that a reader expects. */
export function renderLinesTable(lines: readonly RequestLine[]): readonly string[] {
  const expected = new Set<LineColumn>(['description', 'quantity', 'price', 'taxes']);
  const shown = COLUMNS.filter(
    (column) => expected.has(column) || lines.some((line) => line[column].trim() !== ''),
  );
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(shown.map((column) => HEADS[column])),
    row(shown.map((column) => (['quantity', 'price', 'discount'].includes(column) ? '---:' : '---'))),
    ...lines.map((line) => row(shown.map((column) => escapeCell(line[column])))),
  ];
}

/** Where the first table begins and ends in `lines`; null when there is none. A header row counts only above its rule. */
export function findTable(
  lines: readonly string[],
  from = 0,
): { readonly from: number; readonly to: number } | null {
  for (let at = from; at + 1 < lines.length; at++) {
    if (!isRow(lines[at]) || !isRule(lines[at + 1])) continue;
    let to = at + 2;
    // A line without any pipe goes on the table too (GFM 4.10): shown as a row, so read as one.
    while (lines[to] !== undefined && lines[to]?.trim() !== '' && !ENDS_TABLE.test(lines[to] ?? '')) to++;
    return { from: at, to };
  }
  return null;
}

const ENDS_TABLE = /^(?: {4}|\t| {0,3}(?:>|#{1,6}[ \t]|`{3}|~{3}))/;

function isRow(line: string | undefined): boolean {
  return line !== undefined && line.includes('|') && !ENDS_TABLE.test(line);
}

function isRule(line: string | undefined): boolean {
  return (
    line !== undefined &&
    line.length <= MAX_RULE_CHARS &&
    line.includes('-') &&
    /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$/.test(line)
  );
}

/** A pipe after a backslash is text, as Obsidian reads it. */
function splitRow(row: string): string[] {
  const cells = row
    .trim()
    .replace(/^\|/, '')
    .split(/(?<!\\)\|/);
  if (cells.length > 1 && cells.at(-1)?.trim() === '') cells.pop();
  return cells.map((cell) =>
    cell
      .replaceAll('\\|', '|')
      .replace(/[ \t]*<br\s*\/?>[ \t]*/gi, '\n')
      .trim(),
  );
}

function escapeCell(text: string): string {
  return text
    .trim()
    .replace(/[ \t]*(?:\r\n?|\n)[ \t]*/g, '<br>')
    .replaceAll('|', '\\|');
}

function columnOf(word: string): LineColumn | 'numbering' | null {
  const bare = word.replace(/[*_`]/g, '').replace(/\s+/g, ' ').trim().toLowerCase();
  if (NUMBERING.has(bare)) return 'numbering';
  return COLUMNS.find((column) => WORDS[column].includes(bare)) ?? null;
}
