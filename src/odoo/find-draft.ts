import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';

/** The id of the account.move that this external id names, whatever its state; null: there is none. @throws OdooFault */
export function findDraft(odoo: Odoo, externalId: string): Promise<number | null> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, externalId])));
}
