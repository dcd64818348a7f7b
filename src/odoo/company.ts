import { z } from 'zod';
import { type Currency, readCurrency } from './currencies.ts';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import { named, readRow } from './read-rows.ts';

export interface Company {
  readonly id: number;
  readonly name: string;
  readonly currency: Currency;
}

/** The company that the user of the key works in. @throws OdooFault */
export async function readCompany(odoo: Odoo): Promise<Company> {
  const user = await readRow(odoo, 'res.users', odoo.uid, ['company_id'], z.object({ company_id: named }));
  const { company_id: company } = user ?? gone();
  const row = z.object({ currency_id: named });
  const { currency_id: money } =
    (await readRow(odoo, 'res.company', company.id, ['currency_id'], row)) ?? gone();
  const currency = (await readCurrency(odoo, money.id)) ?? gone();
  return { id: company.id, name: company.name, currency };
}

function gone(): never {
  throw new OdooFault('malformed', 'Odoo does not say which company the user works in');
}
