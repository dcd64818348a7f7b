import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import type { Named } from '../core/odoo/invoice.ts';
export interface Product {
  readonly id: number;
  readonly name: string /** Internal reference, ''. */;
  readonly code: string;
  readonly barcode: string;
  readonly listPrice: number;
  readonly unit: Named | null;
  readonly saleTaxIds: readonly number[];
  readonly purchaseTaxIds: readonly number[];
  readonly canBeSold: boolean;
  readonly canBeBought: boolean;
  readonly exact: 'code' | 'barcode' | 'name' | null;
}
export interface ProductWish extends PageWish {
  readonly query: string;
  readonly use?: 'sale' | 'purchase' | undefined;
}
/** By code, barcode or name; the exact ones first. @throws OdooFault */
export function findProducts(odoo: Odoo, wish: ProductWish): Promise<Page<Product>> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, wish])));
}
