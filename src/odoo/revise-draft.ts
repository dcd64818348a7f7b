import { checkDraft, type DraftInput, forgottenDueDate, valuesOf } from './draft-input.ts';
import { OdooFault } from './faults.ts';
import { findDraft, readDraftMove } from './find-draft.ts';
import type { Odoo, OdooValue } from './odoo.ts';

/**
 * Makes the draft of this external id what `input` says: lines, dates and reference anew in one write, so a repeat ends in the same.
 * @throws OdooFault `missing`: there is none any more; `refused`: it is no untouched draft, or of another kind
 */
export async function reviseDraft(
  odoo: Odoo,
  externalId: string,
  input: DraftInput,
): Promise<{ readonly id: number }> {
  const draft = checkDraft(input);
  const id = await findDraft(odoo, externalId);
  const move = id === null ? null : await readDraftMove(odoo, id);
  if (move === null) throw new OdooFault('missing', 'the draft of this task is not in Odoo any more');
  if (move.state === 'cancel') throw refused('it was cancelled in Odoo');
  if (move.state === 'posted') throw refused(`it is posted already, as ${move.name}`);
  if (move.posted_before) throw refused('it was posted once and reset to draft by a person');
  if (move.move_type !== draft.type) throw refused('it is a document of another kind');
  const write = (vals: Record<string, OdooValue>): Promise<OdooValue> =>
    odoo.call({ model: 'account.move', method: 'write', ids: [move.id], args: { vals } });
  const first = forgottenDueDate(draft);
  if (first !== null) await write(first);
  await write(valuesOf(draft, odoo.version));
  return { id: move.id };
}

function refused(why: string): OdooFault {
  return new OdooFault('refused', `the draft cannot be changed: ${why}`);
}
