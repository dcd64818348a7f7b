import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import type { Named } from '../core/odoo/invoice.ts';
import type { InvoiceSummary } from './invoices.ts';
export interface PartnerAccount {
  readonly partner: Named /** Of the company; the balances are in it. */;
  readonly currency: string /** Owed to us by open posted documents. */;
  readonly receivable: number;
  readonly payable: number;
  readonly open: Page<InvoiceSummary>;
}
export interface PartnerAccountWish extends PageWish {
  readonly partnerId: number;
}
/** Open items and balance of one partner, contacts of the same company included; null: no such partner. @throws OdooFault */
export function partnerAccount(odoo: Odoo, wish: PartnerAccountWish): Promise<PartnerAccount | null> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, wish])));
}
