import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
export interface AgingBuckets {
  /** Not due yet. */ readonly current: number;
  readonly days1to30: number;
  readonly days31to60: number;
  readonly days61to90: number;
  readonly over90: number;
  readonly total: number;
}
export interface AgingRow extends AgingBuckets {
  readonly partner: { readonly id: number; readonly name: string } | null;
}
export interface AgingReport {
  readonly side: 'receivable' | 'payable';
  readonly asOf: string /** Code of the company's currency; all amounts are in it. */;
  readonly currency: string;
  readonly rows: readonly AgingRow[];
  readonly totals: AgingBuckets /** More open documents than are counted (5000): the sums are too low. */;
  readonly cut: boolean;
}
export interface AgingWish {
  readonly side: 'receivable' | 'payable';
  readonly asOf: string;
}
/** What is open by partner and by how long it is due, as it stands now; the largest first. @throws OdooFault */
export function agingReport(odoo: Odoo, wish: AgingWish): Promise<AgingReport> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, wish])));
}
