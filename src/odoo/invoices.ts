import { z } from 'zod';
import { type InvoiceState, MOVE_TYPES, type MoveType, type Named } from '../core/odoo/invoice.ts';
import type { Odoo, OdooValue } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import { date, named, namedOrNull, searchPage, text } from './read-rows.ts';
import { numberOf } from './versions.ts';

export interface InvoiceSummary {
  readonly id: number;
  readonly type: MoveType;
  readonly state: InvoiceState['state'];
  readonly number: string | null;
  readonly partner: Named | null;
  /** `YYYY-MM-DD`; null: not dated yet. */
  readonly date: string | null;
  readonly dueDate: string | null;
  readonly reference: string;
  readonly currency: Named;
  readonly total: number;
  /** What is still to be paid, in the document's currency. */
  readonly residual: number;
  /** '' where Odoo does not say. */
  readonly paymentState: string;
}

export interface InvoiceWish extends PageWish {
  /** All four when left out. */
  readonly types?: readonly MoveType[] | undefined;
  readonly state?: InvoiceState['state'] | undefined;
  /** A company with its contacts, or one contact. */
  readonly partnerId?: number | undefined;
  /** Posted, and something is still to be paid. */
  readonly open?: boolean | undefined;
  /** Open, and due before this day, `YYYY-MM-DD`. */
  readonly overdueOn?: string | undefined;
  readonly dateFrom?: string | undefined;
  readonly dateTo?: string | undefined;
  /** Part of the number or of the reference. */
  readonly query?: string | undefined;
}

export const SUMMARY_FIELDS: readonly string[] = [
  ...['id', 'move_type', 'state', 'name', 'partner_id', 'invoice_date', 'invoice_date_due', 'ref'],
  ...['currency_id', 'amount_total', 'amount_residual', 'payment_state'],
];

export const summaryRow = z
  .object({
    id: z.int().positive(),
    move_type: z.enum(MOVE_TYPES),
    state: z.enum(['draft', 'posted', 'cancel']),
    name: text,
    partner_id: namedOrNull,
    invoice_date: date,
    invoice_date_due: date,
    ref: text,
    currency_id: named,
    amount_total: z.number(),
    amount_residual: z.number(),
    payment_state: text,
  })
  .transform(
    (found): InvoiceSummary => ({
      id: found.id,
      type: found.move_type,
      state: found.state,
      number: numberOf(found.name),
      partner: found.partner_id,
      date: found.invoice_date,
      dueDate: found.invoice_date_due,
      reference: found.ref,
      currency: found.currency_id,
      total: found.amount_total,
      residual: found.amount_residual,
      paymentState: found.payment_state,
    }),
  );

/** Invoices, bills and credit notes, the newest first. @throws OdooFault */
export function listInvoices(odoo: Odoo, wish: InvoiceWish): Promise<Page<InvoiceSummary>> {
  const search = {
    model: 'account.move',
    domain: domainOf(wish),
    fields: SUMMARY_FIELDS,
    order: 'date desc, id desc',
  };
  return searchPage(odoo, search, wish, summaryRow);
}

function domainOf(wish: InvoiceWish): OdooValue[] {
  const domain: OdooValue[] = [['move_type', 'in', wish.types ?? MOVE_TYPES]];
  const open = wish.open === true || wish.overdueOn !== undefined;
  if (wish.state !== undefined) domain.push(['state', '=', wish.state]);
  if (open) domain.push(['state', '=', 'posted'], ['amount_residual', '>', 0]);
  if (wish.overdueOn !== undefined) domain.push(['invoice_date_due', '<', wish.overdueOn]);
  if (wish.partnerId !== undefined) {
    domain.push('|', ['commercial_partner_id', '=', wish.partnerId], ['partner_id', '=', wish.partnerId]);
  }
  if (wish.dateFrom !== undefined) domain.push(['invoice_date', '>=', wish.dateFrom]);
  if (wish.dateTo !== undefined) domain.push(['invoice_date', '<=', wish.dateTo]);
  if (wish.query !== undefined) domain.push('|', ['name', 'ilike', wish.query], ['ref', 'ilike', wish.query]);
  return domain;
}
