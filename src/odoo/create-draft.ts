import { checkDraft, type DraftInput, sheetOf } from './draft-input.ts';
import { OdooFault } from './faults.ts';
import { findDraft, notOurs, readDraftMove } from './find-draft.ts';
import { loadOnce } from './load-once.ts';
import type { Odoo } from './odoo.ts';

export interface CreatedDraft {
  readonly id: number;
  /** False: it was there before, and nothing was written. Of racing callers more than one may be told true. */
  readonly created: boolean;
}

/**
 * One draft for this external id, however often and by how many it is called. After a failure the key is looked up before
 * anything is said; `unknown` means that it may still appear, and the same call again is safe.
 * @throws OdooFault
 */
export async function createDraft(odoo: Odoo, externalId: string, input: DraftInput): Promise<CreatedDraft> {
  const draft = checkDraft(input);
  const before = await findDraft(odoo, externalId);
  if (before !== null) return { id: await belonging(odoo, before, draft), created: false };
  try {
    const id = await loadOnce(odoo, 'account.move', sheetOf(externalId, draft, odoo.version));
    return { id, created: true };
  } catch (error) {
    if (!(error instanceof OdooFault) || error.code === 'invalid_call') throw error;
    const after = await lookAgain(odoo, externalId, error);
    if (after === null) throw error;
    return { id: await belonging(odoo, after, draft), created: error.code === 'unknown' };
  }
}

/** When the look fails too, what is known is the first failure. */
async function lookAgain(odoo: Odoo, externalId: string, first: OdooFault): Promise<number | null> {
  try {
    return await findDraft(odoo, externalId);
  } catch (error) {
    if (error instanceof OdooFault) throw first;
    throw error;
  }
}

/** A key that names a document of another kind or partner is no draft of this task. */
async function belonging(odoo: Odoo, id: number, draft: DraftInput): Promise<number> {
  const move = await readDraftMove(odoo, id);
  if (move === null) throw new OdooFault('missing', 'the draft of this task was just deleted in Odoo');
  if (move.move_type !== draft.type || move.partner_id?.id !== draft.partnerId) throw notOurs();
  return id;
}
