import { today } from '../orm/env.ts';
import { documentTotals, type DocumentTotals, type Rounding } from './document-totals.ts';
import { accountingDate } from './accounting-date.ts';
import { instalments, type Instalment } from './due-date.ts';
import { kindOf } from './move-types.ts';
import { round } from './round.ts';
import type { Tax } from './tax-details.ts';
import type { Cell, Env, Row } from '../orm/shapes.ts';

type Cells = Readonly<Record<string, Cell>>;

/** After every change: amounts, the lines that Odoo makes itself (taxes, what is to be paid), due date, totals. */
export function recomputeMove(env: Env, id: number): void {
  const move = env.tables.find('account.move', id);
  if (!move || move.cells['move_type'] === 'entry') return;
  const lines = linesOf(env, id);
  const priced = lines.filter(({ cells }) => cells['display_type'] === 'product');
  const { decimals, rate } = currencyOf(env, move);
  const totals = documentTotals(
    priced.map((line) => pricedLine(env, line)),
    decimals,
    roundingOf(env),
  );
  const kind = kindOf(move.cells['move_type']);
  const from = String(move.cells['invoice_date'] ?? today(env));
  const date = accountingDate(env, kind, from);
  const shared = sharedCells(move, date);
  const amounts = (amount: number): Cells => booked(round(kind.sign * amount, decimals), rate);
  for (const line of lines) env.tables.update('account.move.line', line.id, shared);
  priced.forEach((line, at) => {
    const { subtotal = 0, total = 0, booked: own = 0 } = totals.lines[at] ?? {};
    env.tables.update('account.move.line', line.id, {
      price_subtotal: subtotal,
      price_total: total,
      ...amounts(own),
    });
  });
  const terms = termsOf(env, move, from);
  replace(env, id, 'tax', taxCells(env, totals, move, amounts), shared);
  replace(
    env,
    id,
    'payment_term',
    priced.length === 0 ? [] : termCells(env, move, terms, totals, amounts),
    shared,
  );
  const residual = residualOf(env, id, totals.total);
  env.tables.update('account.move', id, {
    date,
    amount_untaxed: totals.untaxed,
    amount_tax: totals.tax,
    amount_total: totals.total,
    amount_residual: residual,
    amount_total_signed: round((-kind.sign * totals.total) / rate, decimals),
    amount_residual_signed: round((-kind.sign * residual) / rate, decimals),
  });
}

export const linesOf = (env: Env, moveId: number): readonly Row[] =>
  env.tables.all('account.move.line').filter(({ cells }) => cells['move_id'] === moveId);

export function currencyOf(env: Env, { cells }: Row): { readonly decimals: number; readonly rate: number } {
  const currency = env.tables.find('res.currency', Number(cells['currency_id']));
  return {
    decimals: Number(currency?.cells['decimal_places'] ?? 2),
    rate: Number(currency?.cells['rate'] ?? 1),
  };
}

function roundingOf(env: Env): Rounding {
  const method = env.tables.find('res.company', 1)?.cells['tax_calculation_rounding_method'];
  return method === 'round_per_line' ? method : 'round_globally';
}

function pricedLine(env: Env, { cells }: Row) {
  return {
    quantity: Number(cells['quantity'] ?? 0),
    priceUnit: Number(cells['price_unit'] ?? 0),
    discount: Number(cells['discount'] ?? 0),
    taxes: taxesOf(env, cells['tax_ids'] ?? []),
  };
}

/** Groups taken apart, in the order they are reckoned in. */
function taxesOf(env: Env, ids: Cell): readonly Tax[] {
  const rows = (Array.isArray(ids) ? (ids as readonly number[]) : [])
    .flatMap((id) => env.tables.find('account.tax', id) ?? [])
    .sort(
      (one, other) => Number(one.cells['sequence']) - Number(other.cells['sequence']) || one.id - other.id,
    );
  return rows.flatMap(({ id, cells }): readonly Tax[] => {
    if (cells['amount_type'] === 'group') return taxesOf(env, cells['children_tax_ids'] ?? []);
    const type = cells['amount_type'];
    return [
      {
        id,
        name: String(cells['name']),
        type: type === 'fixed' || type === 'division' ? type : 'percent',
        amount: Number(cells['amount'] ?? 0),
        priceInclude: cells['price_include_override'] === 'tax_included' || cells['price_include'] === true,
        affectsBase: cells['include_base_amount'] === true,
      },
    ];
  });
}

function sharedCells({ id, cells }: Row, date: string): Cells {
  return {
    parent_state: cells['state'] ?? 'draft',
    move_name: cells['name'] ?? null,
    move_id: id,
    date,
    partner_id: cells['partner_id'] ?? null,
    currency_id: cells['currency_id'] ?? null,
    company_id: cells['company_id'] ?? null,
    journal_id: cells['journal_id'] ?? null,
  };
}

function booked(amountCurrency: number, rate: number): Cells {
  const balance = round(amountCurrency / rate, 2);
  return {
    amount_currency: amountCurrency,
    balance,
    debit: Math.max(balance, 0),
    credit: Math.max(-balance, 0),
  };
}

function termsOf(env: Env, { cells }: Row, date: string): readonly Instalment[] {
  const term = env.tables.find('account.payment.term', Number(cells['invoice_payment_term_id']));
  const parts = instalments(String(term?.cells['due_days'] ?? '0'), date);
  return parts.length > 1
    ? parts
    : [{ date: (cells['invoice_date_due'] ?? null) as string | null, percent: 100 }];
}

type Amounts = (amount: number) => Cells;

function taxCells(env: Env, totals: DocumentTotals, move: Row, amounts: Amounts): readonly Cells[] {
  return totals.taxes
    .filter(({ amount }) => amount !== 0)
    .map(({ tax, affects, base, amount }) => ({
      name: tax.name,
      tax_ids: affects,
      tax_line_id: tax.id,
      tax_base_amount: kindOf(move.cells['move_type']).sign * base,
      account_id: taxAccount(env, tax.id, move.id),
      ...amounts(amount),
    }));
}

function termCells(
  env: Env,
  move: Row,
  terms: readonly Instalment[],
  totals: DocumentTotals,
  amounts: Amounts,
): readonly Cells[] {
  const purchase = kindOf(move.cells['move_type']).journal === 'purchase';
  const { decimals } = currencyOf(env, move);
  let left = totals.total;
  return terms.map(({ date, percent }, at) => {
    const share = at === terms.length - 1 ? left : round((totals.total * percent) / 100, decimals);
    left = round(left - share, decimals);
    const cells = amounts(-share);
    const open = move.cells['payment_state'] !== 'paid';
    return {
      name: (purchase ? move.cells['ref'] : move.cells['payment_reference']) ?? null,
      sequence: 12_000,
      date_maturity: date,
      account_id: accountOf(env, purchase ? 'Account Payable' : 'Account Receivable'),
      amount_residual: open ? (cells['balance'] ?? 0) : 0,
      amount_residual_currency: open ? (cells['amount_currency'] ?? 0) : 0,
      reconciled: !open || cells['balance'] === 0,
      ...cells,
    };
  });
}

function residualOf(env: Env, id: number, total: number): number {
  return env.tables.find('account.move', id)?.cells['payment_state'] === 'paid' ? 0 : total;
}

/** Where a tax is booked; one that does not say it goes where its line goes. */
function taxAccount(env: Env, taxId: number, moveId: number): Cell {
  const own = env.tables.find('account.tax', taxId)?.cells['booked_on'] ?? null;
  const line = linesOf(env, moveId).find(({ cells }) => listIncludes(cells['tax_ids'] ?? null, taxId));
  return own ?? line?.cells['account_id'] ?? null;
}

const listIncludes = (cell: Cell, id: number): boolean =>
  Array.isArray(cell) && (cell as readonly number[]).includes(id);

function accountOf(env: Env, name: string): number | null {
  return env.tables.all('account.account').find(({ cells }) => cells['name'] === name)?.id ?? null;
}

/** Lines that are still right keep their ids. */
function replace(env: Env, moveId: number, display: string, wanted: readonly Cells[], shared: Cells): void {
  const before = linesOf(env, moveId).filter(({ cells }) => cells['display_type'] === display);
  const keyOf = (cells: Cells): string =>
    JSON.stringify([cells['tax_line_id'], cells['date_maturity'], cells['tax_ids'] ?? []]);
  const left = [...before];
  for (const cells of wanted) {
    const at = Math.max(
      left.findIndex((line) => keyOf(line.cells) === keyOf(cells)),
      display === 'tax' ? -1 : 0,
    );
    const [kept] = at >= 0 ? left.splice(at, 1) : [];
    if (kept) env.tables.update('account.move.line', kept.id, cells);
    else {
      const fresh = { display_type: display, sequence: 10_000, tax_ids: [], quantity: 0, price_unit: 0 };
      env.tables.insert('account.move.line', { ...fresh, ...shared, ...cells });
    }
  }
  for (const line of left) env.tables.remove('account.move.line', line.id);
}
