import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
export interface PaymentTerm {
  readonly id: number;
  readonly name: string;
}
/** Payment terms. @throws OdooFault */
export function listPaymentTerms(odoo: Odoo, wish: PageWish): Promise<Page<PaymentTerm>> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, wish])));
}
