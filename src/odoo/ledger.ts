import { z } from 'zod';
import type { Named } from '../core/odoo/invoice.ts';
import { readCompany } from './company.ts';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import { searchRows, text } from './read-rows.ts';

/** What a request for an invoice is read against. */
export interface Ledger {
  readonly company: Named;
  /** ISO code. */
  readonly companyCurrency: string;
  /** Those that are switched on; `name` is the ISO code. */
  readonly currencies: readonly Named[];
}

const MOST_CURRENCIES = 200;
const row = z.object({ id: z.int().positive(), name: text });

/** @throws OdooFault */
export async function readLedger(odoo: Odoo): Promise<Ledger> {
  const company = await readCompany(odoo);
  const search = { model: 'res.currency', domain: [], fields: ['id', 'name'], order: 'name, id' };
  const currencies = await searchRows(odoo, { ...search, limit: MOST_CURRENCIES }, row);
  if (currencies.length === 0) throw new OdooFault('malformed', 'Odoo has no currency');
  return {
    company: { id: company.id, name: company.name },
    companyCurrency: company.currency.code,
    currencies: currencies.map(({ id, name }) => ({ id, name })),
  };
}
