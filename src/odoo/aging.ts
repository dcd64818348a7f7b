import { z } from 'zod';
import type { Named } from '../core/odoo/invoice.ts';
import { readCompany } from './company.ts';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import { date, namedOrNull, roundTo, searchRows } from './read-rows.ts';

export interface AgingBuckets {
  /** Not due yet. */
  readonly current: number;
  readonly days1to30: number;
  readonly days31to60: number;
  readonly days61to90: number;
  readonly over90: number;
  readonly total: number;
}

export interface AgingRow extends AgingBuckets {
  readonly partner: Named | null;
}

export interface AgingReport {
  readonly side: 'receivable' | 'payable';
  readonly asOf: string;
  /** Code of the company's currency; all amounts are in it. Credit notes count against what is owed. */
  readonly currency: string;
  /** The largest first. */
  readonly rows: readonly AgingRow[];
  readonly totals: AgingBuckets;
  /** There are more open documents than are counted (5000): the sums are too low. */
  readonly cut: boolean;
}

export interface AgingWish {
  readonly side: 'receivable' | 'payable';
  /** `YYYY-MM-DD`: how late something is, counted on this day. What is open is what is open now. */
  readonly asOf: string;
}

const PAGE = 500;
const MOST = 5000;
const DAY_MS = 86_400_000;

const row = z.object({
  id: z.int().positive(),
  commercial_partner_id: namedOrNull,
  invoice_date_due: date,
  amount_residual_signed: z.number(),
});
type Open = z.infer<typeof row>;

/** What is open in posted documents, by partner and by how long it is due. @throws OdooFault */
export async function agingReport(odoo: Odoo, wish: AgingWish): Promise<AgingReport> {
  const { side, asOf } = wish;
  if (!/^\d{4}-\d\d-\d\d$/.test(asOf)) throw new OdooFault('invalid_call', 'asOf must be YYYY-MM-DD');
  const { id: company, currency } = await readCompany(odoo);
  const open = await openDocuments(odoo, side, company);
  const kept = open.slice(0, MOST);
  const byPartner = new Map<number, { partner: Named | null; open: Open[] }>();
  for (const document of kept) {
    const partner = document.commercial_partner_id;
    const entry = byPartner.get(partner?.id ?? 0) ?? { partner, open: [] };
    entry.open.push(document);
    byPartner.set(partner?.id ?? 0, entry);
  }
  const bucketed = (of: readonly Open[]): AgingBuckets => bucketsOf(of, wish, currency.decimals);
  const rows = [...byPartner.values()].map(({ partner, open: of }) => ({ partner, ...bucketed(of) }));
  rows.sort((a, b) => b.total - a.total || (a.partner?.id ?? 0) - (b.partner?.id ?? 0));
  return { side, asOf, currency: currency.code, rows, totals: bucketed(kept), cut: open.length > MOST };
}

async function openDocuments(odoo: Odoo, side: AgingWish['side'], company: number): Promise<Open[]> {
  const types = side === 'receivable' ? ['out_invoice', 'out_refund'] : ['in_invoice', 'in_refund'];
  const all: Open[] = [];
  for (;;) {
    // By id and not by offset: what is posted or paid meanwhile shifts nothing.
    const search = {
      model: 'account.move',
      domain: [
        ['id', '>', all.at(-1)?.id ?? 0],
        ['move_type', 'in', types],
        ['state', '=', 'posted'],
        ['company_id', '=', company],
        ['amount_residual', '>', 0],
      ],
      fields: Object.keys(row.shape),
      order: 'id',
      limit: PAGE,
    };
    const part = await searchRows(odoo, search, row);
    all.push(...part);
    if (part.length < PAGE || all.length > MOST) return all;
  }
}

function bucketsOf(open: readonly Open[], { side, asOf }: AgingWish, decimals: number): AgingBuckets {
  const sums = { current: 0, days1to30: 0, days31to60: 0, days61to90: 0, over90: 0, total: 0 };
  const sign = side === 'receivable' ? 1 : -1;
  for (const { invoice_date_due: due, amount_residual_signed: residual } of open) {
    const bucket = bucketOf(due === null ? 0 : (Date.parse(asOf) - Date.parse(due)) / DAY_MS);
    sums[bucket] = roundTo(sums[bucket] + sign * residual, decimals);
    sums.total = roundTo(sums.total + sign * residual, decimals);
  }
  return sums;
}

function bucketOf(daysLate: number): Exclude<keyof AgingBuckets, 'total'> {
  if (daysLate <= 0) return 'current';
  if (daysLate <= 30) return 'days1to30';
  if (daysLate <= 60) return 'days31to60';
  return daysLate <= 90 ? 'days61to90' : 'over90';
}
