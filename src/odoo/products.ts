import { z } from 'zod';
import type { Named } from '../core/odoo/invoice.ts';
import { findExactFirst, same } from './find-exact.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import { ids, namedOrNull, text } from './read-rows.ts';

export interface Product {
  readonly id: number;
  readonly name: string;
  /** Internal reference, ''. */
  readonly code: string;
  readonly barcode: string;
  /** In the currency of the company, without what a price list would change. */
  readonly listPrice: number;
  readonly unit: Named | null;
  readonly saleTaxIds: readonly number[];
  readonly purchaseTaxIds: readonly number[];
  readonly canBeSold: boolean;
  readonly canBeBought: boolean;
  /** What of it is the query, letter by letter. */
  readonly exact: 'code' | 'barcode' | 'name' | null;
}

export interface ProductWish extends PageWish {
  /** Either this, or `ids`. */
  readonly query?: string | undefined;
  /** At most 200; comes in one page, without those that are gone. */
  readonly ids?: readonly number[] | undefined;
  /** Only what may be sold, or bought. */
  readonly use?: 'sale' | 'purchase' | undefined;
}

const row = z.object({
  id: z.int().positive(),
  name: text,
  default_code: text,
  barcode: text,
  lst_price: z.number(),
  uom_id: namedOrNull,
  taxes_id: ids,
  supplier_taxes_id: ids,
  sale_ok: z.boolean(),
  purchase_ok: z.boolean(),
});

/** By code, barcode or name; the exact ones first. @throws OdooFault */
export async function findProducts(odoo: Odoo, wish: ProductWish): Promise<Page<Product>> {
  const flag = wish.use === 'purchase' ? 'purchase_ok' : 'sale_ok';
  const page = await findExactFirst(
    odoo,
    {
      model: 'product.product',
      fields: Object.keys(row.shape),
      order: 'default_code, name, id',
      query: wish.query,
      ids: wish.ids,
      exactIn: ['default_code', 'barcode', 'name'],
      containedIn: ['name', 'default_code'],
      also: wish.use === undefined ? [] : [[flag, '=', true]],
      row,
    },
    wish,
  );
  return { items: page.items.map((found) => productOf(found, wish.query)), next: page.next };
}

function productOf(found: z.infer<typeof row>, query: string | undefined): Product {
  const fits = [
    ['code', found.default_code],
    ['barcode', found.barcode],
    ['name', found.name],
  ] as const;
  return {
    id: found.id,
    name: found.name,
    code: found.default_code,
    barcode: found.barcode,
    listPrice: found.lst_price,
    unit: found.uom_id,
    saleTaxIds: found.taxes_id,
    purchaseTaxIds: found.supplier_taxes_id,
    canBeSold: found.sale_ok,
    canBeBought: found.purchase_ok,
    exact: fits.find(([, value]) => same(value, query))?.[0] ?? null,
  };
}
