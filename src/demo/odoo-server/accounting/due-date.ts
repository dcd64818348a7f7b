import { today } from '../orm/env.ts';
import { kindOf } from './move-types.ts';
import type { Cell, Env, Row } from '../orm/shapes.ts';

/** `YYYY-MM-DD`, some days later. */
function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

export interface Instalment {
  /** Null where a person took the date away. */
  readonly date: string | null;
  readonly percent: number;
}

/** `30:0,70:60` is 30 per cent now and the rest in 60 days; `30` all in 30 days. */
export function instalments(dueDays: string, from: string): readonly Instalment[] {
  return dueDays.split(',').map((part) => {
    const [first = '0', second] = part.split(':');
    return second === undefined
      ? { date: addDays(from, Number(first)), percent: 100 }
      : { date: addDays(from, Number(second)), percent: Number(first) };
  });
}

type Cells = Row['cells'];

/** Payment terms of the partner, for what is to be received or paid. */
export function termOf(env: Env, cells: Cells): Cell {
  const partner = env.tables.find('res.partner', Number(cells['partner_id']));
  const purchase = kindOf(cells['move_type']).journal === 'purchase';
  return partner?.cells[purchase ? 'property_supplier_payment_term_id' : 'property_payment_term_id'] ?? null;
}

/** By the terms, from the invoice's date; null without terms. */
export function dueByTerms(env: Env, cells: Cells): string | null {
  const term = env.tables.find('account.payment.term', Number(cells['invoice_payment_term_id']));
  const from = String(cells['invoice_date'] ?? today(env));
  return term ? (instalments(String(term.cells['due_days'] ?? '0'), from).at(-1)?.date ?? null) : null;
}

/**
 * A due date that a person chose stays until date, terms or partner are written: then the terms set it anew. Without
 * terms it is never touched, and one that is missing becomes today; not the invoice's date.
 */
export function settleDueDate(env: Env, id: number, names: readonly string[]): void {
  const move = env.tables.find('account.move', id);
  if (!move) return;
  const terms =
    names.includes('invoice_payment_term_id') || !names.includes('partner_id')
      ? (move.cells['invoice_payment_term_id'] ?? null)
      : termOf(env, move.cells);
  const cells: Cells = { ...move.cells, invoice_payment_term_id: terms };
  env.tables.update('account.move', id, { invoice_payment_term_id: terms });
  const isTouched = ['invoice_date', 'invoice_payment_term_id', 'partner_id'].some((name) =>
    names.includes(name),
  );
  if (!isTouched || names.includes('invoice_date_due')) return;
  const due = dueByTerms(env, cells) ?? cells['invoice_date_due'] ?? today(env);
  env.tables.update('account.move', id, { invoice_date_due: due });
}
