import { z } from 'zod';
import type { Invoice, Twin } from '../core/odoo/invoice.ts';
import type { Odoo, OdooValue } from './odoo.ts';
import { named, readRow, searchRows } from './read-rows.ts';
import { SUMMARY_FIELDS, summaryRow } from './invoices.ts';

/** Amounts are doubles; half a cent is nothing. */
const SAME = 0.005;
const DAYS = 60;
const MOST = 5;
const DAY_MS = 86_400_000;

/**
 * What may be the same document once more: of the same partner, with the same total within 60 days, or with the same
 * reference whenever. Drafts and posted ones, at most five, the newest first. Odoo 19 itself refuses no second vendor bill
 * with the same reference. `today`: `YYYY-MM-DD`, for a draft that has no date yet.
 * @throws OdooFault
 */
export async function findTwins(odoo: Odoo, invoice: Invoice, today: string): Promise<readonly Twin[]> {
  if (invoice.partner === null) return [];
  const row = z.object({ commercial_partner_id: named });
  const partner = await readRow(odoo, 'res.partner', invoice.partner.id, ['commercial_partner_id'], row);
  if (partner === null) return [];
  const day = Date.parse(invoice.invoiceDate ?? today);
  const sameAmount: OdooValue[] = [
    ...['&', '&', '&', '&'],
    ['currency_id', '=', invoice.currency.id],
    ['amount_total', '>=', invoice.total - SAME],
    ['amount_total', '<=', invoice.total + SAME],
    ['date', '>=', dayOf(day - DAYS * DAY_MS)],
    ['date', '<=', dayOf(day + DAYS * DAY_MS)],
  ];
  const reference = invoice.reference.trim();
  const either = reference === '' ? sameAmount : ['|', ...sameAmount, ['ref', '=', reference]];
  const search = {
    model: 'account.move',
    domain: [
      ['id', '!=', invoice.id],
      ['move_type', '=', invoice.type],
      ['company_id', '=', invoice.company.id],
      ['state', 'in', ['draft', 'posted']],
      ['commercial_partner_id', '=', partner.commercial_partner_id.id],
      ...either,
    ],
    fields: SUMMARY_FIELDS,
    order: 'date desc, id desc',
    limit: MOST,
  };
  const found = await searchRows(odoo, search, summaryRow);
  return found.map((twin) => ({
    id: twin.id,
    number: twin.number,
    state: twin.state,
    date: twin.date,
    total: twin.total,
    reference: twin.reference,
    why: reference !== '' && twin.reference.trim() === reference ? 'same reference' : 'same amount',
  }));
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
