import type { DraftInput } from './draft-input.ts';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';

/** Replaces the draft of this external id by `draft`, in one write. @throws OdooFault (`missing`: there is none; `refused`: it is no untouched draft any more) */
export function reviseDraft(
  odoo: Odoo,
  externalId: string,
  draft: DraftInput,
): Promise<{ readonly id: number }> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, externalId, draft])));
}
