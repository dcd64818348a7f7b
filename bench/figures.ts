/** One line of the table. Raw numbers stay beside it: a shared machine is noisy, and one can look again. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  /** What it is measured against, in the same run. */
  readonly baseline: string;
  readonly aim: string;
  /** null: for information, no aim. */
  readonly met: boolean | null;
}

const HEAD = { name: 'figure', value: 'value', baseline: 'baseline, same run', aim: 'aim', met: 'met' };

/** A Markdown table, aligned for a terminal. */
export function table(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map((f) => ({ ...f, met: f.met === null ? '–' : f.met ? 'yes' : 'NO' }))];
  const columns = ['name', 'value', 'baseline', 'aim', 'met'] as const;
  const widths = columns.map((column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const text = rows.map((row) => line(columns.map((column, i) => row[column].padEnd(widths[i] ?? 0))));
  return [text[0], line(widths.map((width) => '-'.repeat(width))), ...text.slice(1)].join('\n');
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

export function perSecond(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)}/s`;
}
