import { z } from 'zod';
import { EXTERNAL_MODULE } from '../core/odoo/external-id.ts';
import { MOVE_TYPES } from '../core/odoo/invoice.ts';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import { namedOrNull, parseAnswer, readRow, text } from './read-rows.ts';

const reference = z.tuple([z.string(), z.union([z.int().positive(), z.literal(false)])]);

/**
 * The id of the account.move that this external id names, whatever its state; null: there is none, or no more.
 * @throws OdooFault
 */
export async function findDraft(odoo: Odoo, externalId: string): Promise<number | null> {
  const [model, id] = (await lookUp(odoo, externalId)) ?? [];
  if (model !== undefined && model !== 'account.move') throw notOurs();
  // `false`: Odoo remembers the key of a `load` that failed and was rolled back, for as long as the server runs.
  return id === undefined || id === false ? null : id;
}

async function lookUp(odoo: Odoo, externalId: string): Promise<z.infer<typeof reference> | null> {
  const args = { module: EXTERNAL_MODULE, xml_id: nameOf(externalId) };
  try {
    const call = { model: 'ir.model.data', method: 'check_object_reference', ids: null, args };
    return parseAnswer(reference, await odoo.call(call), 'the key of the task');
  } catch (error) {
    if (error instanceof OdooFault && error.code === 'missing') return null;
    throw error;
  }
}

function nameOf(externalId: string): string {
  const [module, name, ...rest] = externalId.split('.');
  if (module !== EXTERNAL_MODULE || rest.length > 0 || !/^[a-z0-9_]{1,80}$/.test(name ?? '')) {
    throw new OdooFault('invalid_call', 'not sent to Odoo: this is no key of ours');
  }
  return name ?? '';
}

export function notOurs(): OdooFault {
  return new OdooFault('refused', 'the key of this task belongs to another document in Odoo');
}

const moveRow = z.object({
  id: z.int().positive(),
  name: text,
  state: z.enum(['draft', 'posted', 'cancel']),
  posted_before: z.boolean(),
  move_type: z.string(),
  partner_id: namedOrNull,
});
export type DraftMove = z.infer<typeof moveRow>;

/** What has to be known of a document before it is touched. Null: it is gone. @throws OdooFault */
export async function readDraftMove(odoo: Odoo, id: number): Promise<DraftMove | null> {
  const move = await readRow(odoo, 'account.move', id, Object.keys(moveRow.shape), moveRow);
  if (move !== null && !(MOVE_TYPES as readonly string[]).includes(move.move_type)) throw notOurs();
  return move;
}
