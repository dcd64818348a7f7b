import { z } from 'zod';
import type { Named } from '../core/odoo/invoice.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import { namedOrNull, searchPage, text } from './read-rows.ts';

export interface Journal {
  readonly id: number;
  readonly name: string;
  readonly code: string;
  /** `sale` or `purchase`. */
  readonly type: string;
  /** Null: that of the company. */
  readonly currency: Named | null;
  readonly company: Named | null;
}

export interface JournalWish extends PageWish {
  readonly type?: 'sale' | 'purchase' | undefined;
}

const row = z
  .object({
    id: z.int().positive(),
    name: text,
    code: text,
    type: z.enum(['sale', 'purchase']),
    currency_id: namedOrNull,
    company_id: namedOrNull,
  })
  .transform(
    ({ currency_id: currency, company_id: company, ...journal }): Journal => ({
      ...journal,
      currency,
      company,
    }),
  );

/** Journals that invoices and bills go into. @throws OdooFault */
export function listJournals(odoo: Odoo, wish: JournalWish): Promise<Page<Journal>> {
  return searchPage(
    odoo,
    {
      model: 'account.journal',
      domain: [['type', 'in', wish.type === undefined ? ['sale', 'purchase'] : [wish.type]]],
      fields: ['id', 'name', 'code', 'type', 'currency_id', 'company_id'],
      order: 'sequence, id',
    },
    wish,
    row,
  );
}
