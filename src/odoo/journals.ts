import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import type { Named } from '../core/odoo/invoice.ts';
export interface Journal {
  readonly id: number;
  readonly name: string;
  readonly code: string;
  readonly type: string;
  readonly currency: Named | null;
  readonly company: Named | null;
}
export interface JournalWish extends PageWish {
  readonly type?: 'sale' | 'purchase' | undefined;
}
/** Journals that invoices and bills go into. @throws OdooFault */
export function listJournals(odoo: Odoo, wish: JournalWish): Promise<Page<Journal>> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, wish])));
}
