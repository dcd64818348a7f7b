import { z } from 'zod';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import { searchPage, text } from './read-rows.ts';

export interface PaymentTerm {
  readonly id: number;
  readonly name: string;
}

const row = z.object({ id: z.int().positive(), name: text });

/** @throws OdooFault */
export function listPaymentTerms(odoo: Odoo, wish: PageWish): Promise<Page<PaymentTerm>> {
  const search = { model: 'account.payment.term', domain: [], fields: ['id', 'name'], order: 'sequence, id' };
  return searchPage(odoo, search, wish, row);
}
