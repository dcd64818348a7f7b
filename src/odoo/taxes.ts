import { z } from 'zod';
import type { Named } from '../core/odoo/invoice.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import { namedOrNull, searchPage, text } from './read-rows.ts';

export interface Tax {
  readonly id: number;
  readonly name: string;
  readonly use: 'sale' | 'purchase' | 'none';
  /** Per cent when `amountType` is `percent`. */
  readonly amount: number;
  readonly amountType: string;
  /** Is it in the price already? */
  readonly priceInclude: boolean;
  readonly company: Named | null;
}

export interface TaxWish extends PageWish {
  readonly use?: 'sale' | 'purchase' | undefined;
}

const row = z
  .object({
    id: z.int().positive(),
    name: text,
    type_tax_use: z.enum(['sale', 'purchase', 'none']),
    amount: z.number(),
    amount_type: z.string(),
    price_include: z.boolean(),
    company_id: namedOrNull,
  })
  .transform(
    (found): Tax => ({
      id: found.id,
      name: found.name,
      use: found.type_tax_use,
      amount: found.amount,
      amountType: found.amount_type,
      priceInclude: found.price_include,
      company: found.company_id,
    }),
  );

/** Active taxes, in the order of Odoo's own lists. @throws OdooFault */
export function listTaxes(odoo: Odoo, wish: TaxWish): Promise<Page<Tax>> {
  return searchPage(
    odoo,
    {
      model: 'account.tax',
      domain: wish.use === undefined ? [] : [['type_tax_use', '=', wish.use]],
      fields: ['id', 'name', 'type_tax_use', 'amount', 'amount_type', 'price_include', 'company_id'],
      order: 'sequence, id',
    },
    wish,
    row,
  );
}
