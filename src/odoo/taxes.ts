import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import type { Named } from '../core/odoo/invoice.ts';
export interface Tax {
  readonly id: number;
  readonly name: string;
  readonly use: 'sale' | 'purchase' | 'none' /** Per cent when amountType is percent. */;
  readonly amount: number;
  readonly amountType: string /** Is it in the price already? */;
  readonly priceInclude: boolean;
  readonly company: Named | null;
}
export interface TaxWish extends PageWish {
  readonly use?: 'sale' | 'purchase' | undefined;
}
/** Active taxes. @throws OdooFault */
export function listTaxes(odoo: Odoo, wish: TaxWish): Promise<Page<Tax>> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, wish])));
}
