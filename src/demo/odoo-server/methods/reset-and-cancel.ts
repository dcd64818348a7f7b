import { recomputeMove } from '../accounting/recompute-move.ts';
import { userError } from '../errors.ts';
import { guardMove } from '../models/guard.ts';
import { checkModel, checkRows } from '../orm/access.ts';
import { timestamp } from '../orm/env.ts';
import type { Call, Method } from '../orm/shapes.ts';

/** Back to draft. The number stays, and it is posted under it again. Answers nothing. */
export const buttonDraft: Method = {
  on: 'records',
  params: [],
  run: (call) => {
    if (call.records.some(({ cells }) => cells['state'] === 'draft')) {
      throw userError('Only posted/cancelled journal entries can be reset to draft.');
    }
    return setState(call, 'draft');
  },
};

/** Of a posted document too: it is reset first. */
export const buttonCancel: Method = {
  on: 'records',
  params: [],
  run: (call) => setState(call, 'cancel'),
};

function setState({ env, model, records, ids }: Call, state: string): null {
  checkModel(env, model, 'read');
  checkModel(env, model, 'write');
  checkRows(env, model, 'write', records);
  for (const { id } of records) {
    env.tables.update('account.move', id, { state, write_date: timestamp(env.now), write_uid: env.uid });
    recomputeMove(env, id);
  }
  guardMove(env, ids);
  return null;
}
