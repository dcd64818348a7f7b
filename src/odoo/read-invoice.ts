import type { Invoice } from '../core/odoo/invoice.ts';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';

/** As Odoo has it now; null: there is no such document. @throws OdooFault */
export function readInvoice(odoo: Odoo, id: number): Promise<Invoice | null> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, id])));
}
