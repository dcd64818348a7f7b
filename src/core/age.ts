/** Ages as an operator reads them. Coarse: a page that shows them changes once an hour, not once a minute. */
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export function ageWords(ms: number): string {
  if (ms < HOUR) return 'under an hour';
  if (ms < 2 * DAY) return plural(Math.floor(ms / HOUR), 'hour');
  return plural(Math.floor(ms / DAY), 'day');
}

function plural(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}

/** Upper bounds of the columns, as qshape has them; the last column is everything older. */
export const AGE_COLUMNS = [
  { title: '1h', below: HOUR },
  { title: '8h', below: 8 * HOUR },
  { title: '1d', below: DAY },
  { title: '3d', below: 3 * DAY },
  { title: '7d', below: 7 * DAY },
  { title: '7d+', below: Number.POSITIVE_INFINITY },
] as const;

/** How many of `ages` (milliseconds) fall into each column; the last one takes what is older than all. */
export function ageCounts(
  ages: readonly number[],
  columns: readonly { readonly below: number }[] = AGE_COLUMNS,
): readonly number[] {
  const counts = columns.map(() => 0);
  for (const age of ages) {
    const at = columns.findIndex((column) => age < column.below);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}
