import { z } from 'zod';
import { type Invoice, type InvoiceLine, MOVE_TYPES, type Named } from '../core/odoo/invoice.ts';
import { readCurrency } from './currencies.ts';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import { date, ids, named, namedOrNull, readRow, readRows, roundTo, searchRows, text } from './read-rows.ts';
import { autoPostOf, displayOf, lineFields, numberOf, termsFromOdoo } from './versions.ts';

const moveRow = z.object({
  id: z.int().positive(),
  name: text,
  state: z.enum(['draft', 'posted', 'cancel']),
  posted_before: z.boolean(),
  write_date: z.string(),
  move_type: z.string(),
  company_id: named,
  journal_id: named,
  partner_id: namedOrNull,
  currency_id: named,
  invoice_date: date,
  invoice_date_due: date,
  invoice_payment_term_id: namedOrNull,
  ref: text,
  invoice_origin: text,
  fiscal_position_id: namedOrNull,
  partner_bank_id: namedOrNull,
  narration: text,
  auto_post: z.union([z.string(), z.boolean()]),
  amount_untaxed: z.number(),
  amount_tax: z.number(),
  amount_total: z.number(),
  payment_state: text,
});

const lineRow = z.object({
  id: z.int().positive(),
  display_type: z.union([z.string(), z.literal(false)]),
  exclude_from_invoice_tab: z.boolean().optional(),
  name: text,
  product_id: namedOrNull,
  quantity: z.number(),
  product_uom_id: namedOrNull,
  price_unit: z.number(),
  discount: z.number(),
  tax_ids: ids,
  account_id: namedOrNull,
  price_subtotal: z.number(),
  price_total: z.number(),
  tax_line_id: namedOrNull,
  amount_currency: z.number(),
});
type Line = z.infer<typeof lineRow>;

const LINE_FIELDS = Object.keys(lineRow.shape).filter((name) => name !== 'exclude_from_invoice_tab');
/** 200 lines, and what Odoo adds to them. */
const MOST_LINES = 1000;

/** As Odoo has it now; null: there is no such document. @throws OdooFault */
export async function readInvoice(odoo: Odoo, id: number): Promise<Invoice | null> {
  const move = await readRow(odoo, 'account.move', id, Object.keys(moveRow.shape), moveRow);
  if (move === null) return null;
  const type = MOVE_TYPES.find((known) => known === move.move_type);
  if (type === undefined) throw new OdooFault('refused', 'this document is no invoice, bill or credit note');
  const all = await readLines(odoo, id);
  const currency = await readCurrency(odoo, move.currency_id.id);
  if (currency === null)
    throw new OdooFault('malformed', 'Odoo does not know the currency of its own document');
  const partner = await readPartner(odoo, move.partner_id);
  const taxName = await taxNames(odoo, all);
  const lines = all.flatMap((line) => lineOf(line, odoo.version, taxName) ?? []);
  return {
    id,
    type,
    state: move.state,
    postedBefore: move.posted_before,
    number: numberOf(move.name),
    writeDate: move.write_date,
    company: move.company_id,
    journal: move.journal_id,
    partner: move.partner_id,
    partnerEmail: partner.email,
    partnerVat: partner.vat,
    currency: move.currency_id,
    decimals: currency.decimals,
    invoiceDate: move.invoice_date,
    dueDate: move.invoice_date_due,
    paymentTerm: move.invoice_payment_term_id,
    reference: move.ref,
    origin: move.invoice_origin,
    fiscalPosition: move.fiscal_position_id,
    bankAccount: move.partner_bank_id,
    terms: termsFromOdoo(move.narration, odoo.version),
    autoPost: autoPostOf(move.auto_post),
    lines,
    taxLines: taxLinesOf(all, type, currency.decimals),
    untaxed: move.amount_untaxed,
    tax: move.amount_tax,
    total: move.amount_total,
    paymentState: move.payment_state,
  };
}

async function readLines(odoo: Odoo, move: number): Promise<Line[]> {
  const search = {
    model: 'account.move.line',
    domain: [['move_id', '=', move]],
    fields: [...LINE_FIELDS, ...lineFields(odoo.version)],
    order: 'sequence, id',
    limit: MOST_LINES + 1,
  };
  const lines = await searchRows(odoo, search, lineRow);
  // A part of an invoice must not look like the whole.
  if (lines.length > MOST_LINES)
    throw new OdooFault('refused', `this document has more than ${MOST_LINES} lines`);
  return lines;
}

async function readPartner(odoo: Odoo, partner: Named | null): Promise<{ email: string; vat: string }> {
  const row = z.object({ email: text, vat: text });
  const found =
    partner === null ? null : await readRow(odoo, 'res.partner', partner.id, ['email', 'vat'], row);
  return found ?? { email: '', vat: '' };
}

/** Most taxes have a line of their own that names them; the others (0 %, groups) are asked for. */
async function taxNames(odoo: Odoo, lines: readonly Line[]): Promise<(id: number) => Named> {
  const wanted = [...new Set(lines.flatMap(({ tax_ids: of }) => of))];
  const row = z.object({ id: z.int().positive(), name: text });
  const rows = wanted.length === 0 ? [] : await readRows(odoo, 'account.tax', wanted, ['name'], row);
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return (id) => ({ id, name: names.get(id) ?? `tax ${id}` });
}

function lineOf(line: Line, version: string, taxName: (id: number) => Named): InvoiceLine | null {
  const display = displayOf(line, version);
  if (display === null) return null;
  return {
    id: line.id,
    display,
    label: line.name,
    product: line.product_id,
    quantity: line.quantity,
    unit: line.product_uom_id,
    priceUnit: line.price_unit,
    discount: line.discount,
    taxes: line.tax_ids.map(taxName),
    account: line.account_id,
    subtotal: line.price_subtotal,
    total: line.price_total,
  };
}

/** In the books a tax on a sale stands on the other side: its sign is turned so that it reads as on the document. */
function taxLinesOf(lines: readonly Line[], type: Invoice['type'], decimals: number): Invoice['taxLines'] {
  const sign = type === 'out_invoice' || type === 'in_refund' ? -1 : 1;
  const sums = new Map<number, { name: string; amount: number }>();
  for (const { tax_line_id: tax, amount_currency: amount } of lines) {
    if (tax === null) continue;
    const before = sums.get(tax.id)?.amount ?? 0;
    sums.set(tax.id, { name: tax.name, amount: roundTo(before + sign * amount, decimals) });
  }
  return [...sums.values()];
}
