import type { DraftInput } from './draft-input.ts';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';

/** `created` is false when the draft of this external id was there already; then nothing is written. @throws OdooFault */
export function createDraft(
  odoo: Odoo,
  externalId: string,
  draft: DraftInput,
): Promise<{ readonly id: number; readonly created: boolean }> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, externalId, draft])));
}
