import type { Invoice, Twin } from '../core/odoo/invoice.ts';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';

/** What may be the same document once more: at most five, not cancelled. `today`: YYYY-MM-DD, for a draft without a date. @throws OdooFault */
export function findTwins(odoo: Odoo, invoice: Invoice, today: string): Promise<readonly Twin[]> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, invoice, today])));
}
