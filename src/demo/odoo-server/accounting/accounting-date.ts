import { today } from '../orm/env.ts';
import type { MoveKind } from './move-types.ts';
import type { Env } from '../orm/shapes.ts';

/**
 * The day in the books. Of a sale it is the invoice's; a bill of this month is booked today, one of an earlier month
 * on the last day of that month (19).
 */
export function accountingDate(env: Env, kind: MoveKind, invoiceDate: string): string {
  const now = today(env);
  if (env.series < 19 || kind.journal !== 'purchase') return invoiceDate;
  if (now.slice(0, 7) > invoiceDate.slice(0, 7)) return lastOfMonth(invoiceDate);
  return invoiceDate > now ? invoiceDate : now;
}

function lastOfMonth(date: string): string {
  const [year = 0, month = 1] = date.split('-').map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}
