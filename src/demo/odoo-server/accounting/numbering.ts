import { kindOf } from './move-types.ts';
import type { Env, Row } from '../orm/shapes.ts';

/**
 * The number a document gets when it is posted: the highest of its journal and kind, and one more. So the number of
 * a deleted last document is given again, and a number that a person chose is followed from then on.
 */
export function nextNumber(env: Env, move: Row): string {
  const { cells } = move;
  const kind = kindOf(cells['move_type']);
  const journal = env.tables.find('account.journal', Number(cells['journal_id']));
  const [year = '', month = ''] = String(cells['date']).split('-');
  const named = env.tables
    .all('account.move')
    .filter(
      (row) =>
        row.id !== move.id &&
        row.cells['journal_id'] === cells['journal_id'] &&
        kindOf(row.cells['move_type']).refund === kind.refund &&
        typeof row.cells['name'] === 'string' &&
        row.cells['name'] !== '/' &&
        (row.cells['state'] !== 'draft' || row.cells['posted_before'] === true || env.series < 19),
    );
  const last = named.at(-1)?.cells['name'];
  const prefix =
    typeof last === 'string'
      ? inPeriod(splitNumber(last).prefix, year, month)
      : firstPrefix(env, String(journal?.cells['code'] ?? 'MISC'), kind.refund, kind.journal, year, month);
  const taken = named
    .map(({ cells: { name } }) => splitNumber(String(name)))
    .filter((parts) => parts.prefix === prefix);
  const width = typeof last === 'string' ? splitNumber(last).digits.length : firstWidth(env, kind.journal);
  const next = 1 + Math.max(0, ...taken.map(({ digits }) => Number(digits)));
  return `${prefix}${String(next).padStart(width, '0')}`;
}

/** A document that was posted before keeps its number. */
export function assignNumber(env: Env, move: Row): void {
  const own = move.cells['name'];
  const name = typeof own === 'string' && own !== '/' ? own : nextNumber(env, move);
  env.tables.update('account.move', move.id, {
    name,
    posted_before: true,
    payment_reference:
      move.cells['payment_reference'] ?? (move.cells['move_type'] === 'out_invoice' ? name : null),
  });
}

function splitNumber(name: string): { readonly prefix: string; readonly digits: string } {
  const digits = /\d{1,12}$/.exec(name)?.[0] ?? '';
  return { prefix: name.slice(0, name.length - digits.length), digits };
}

/** Customer invoices count by year with five digits, bills by month with four; on 14 all by month. */
const byYear = (env: Env, journal: string): boolean => env.series >= 19 && journal === 'sale';
const firstWidth = (env: Env, journal: string): number => (byYear(env, journal) ? 5 : 4);

function firstPrefix(
  env: Env,
  code: string,
  refund: boolean,
  journal: string,
  year: string,
  month: string,
): string {
  const start = `${refund ? 'R' : ''}${code}/${year}/`;
  return byYear(env, journal) ? start : `${start}${month}/`;
}

/** `INV/2026/` in 2027 goes on as `INV/2027/`. */
function inPeriod(prefix: string, year: string, month: string): string {
  return prefix.replace(
    /\b(?:19|20)\d\d(\/(?:0[1-9]|1[0-2]))?(?=\/)/,
    (_found, monthly: string | undefined) => (monthly === undefined ? year : `${year}/${month}`),
  );
}
