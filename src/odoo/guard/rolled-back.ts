/**
 * A trial that is always undone. `load` takes several rows in one transaction and undoes all of them when one cannot be
 * understood; until then every rule and every automation of Odoo has seen the others. So: the row to try, and behind it
 * one that is nonsense. Measured on 19.0: what was refused is told for each row, and nothing stays, refused or not.
 */
import { z } from 'zod';
import { cleanWords } from '../clean-words.ts';
import { OdooFault } from '../faults.ts';
import type { Odoo } from '../odoo.ts';
import { parseAnswer } from '../read-rows.ts';
import { GUARD_WORDS } from './what.ts';

const answer = z.object({
  ids: z.union([z.array(z.int()), z.literal(false)]),
  messages: z
    .array(z.object({ record: z.int().optional().catch(undefined), type: z.string(), message: z.string() }))
    .max(100),
});

/** No selection field has it. */
const NONSENSE = 'no_such_value';

export interface Trial {
  readonly model: string;
  /** The last one is a selection field. */
  readonly columns: readonly string[];
  /** What is tried is the last row; one before it makes what it changes. */
  readonly rows: readonly (readonly string[])[];
  /** A row that nothing speaks against. Its last cell becomes the nonsense that undoes all of them. */
  readonly harmless: readonly string[];
}

/** `guard`: a right or the guard refused it, and not something else that was wrong with it. `why`: Odoo's words. */
export type TrialFate =
  | { readonly is: 'taken' }
  | { readonly is: 'refused'; readonly by: 'guard' | 'other'; readonly why: string };

/** @returns what would have become of the last row @throws OdooFault `malformed`: it is not certain that it was undone */
export async function tryAndUndo(odoo: Odoo, trial: Trial, signal?: AbortSignal): Promise<TrialFate> {
  const { model, columns, rows, harmless } = trial;
  const bad = [...harmless.slice(0, -1), NONSENSE];
  const call = { model, method: 'load', ids: null, args: { fields: columns, data: [...rows, bad] } };
  const said = parseAnswer(answer, await odoo.call({ ...call, context: { mode: 'update' } }, signal), model);
  const errors = said.messages.filter(({ type }) => type === 'error');
  const nonsenseSeen = errors.some(({ record }) => record === rows.length);
  if (said.ids !== false || !nonsenseSeen) {
    throw new OdooFault('malformed', `Odoo did not see what was wrong with a trial on ${model}`);
  }
  // With several at once Odoo may put what it has against one of them to the first; its own stand behind that.
  const own = errors.findLast(({ record }) => record === rows.length - 1);
  const why = (own ?? errors.find(({ record }) => record !== rows.length))?.message;
  if (why === undefined) return { is: 'taken' };
  const by = own !== undefined && isRefusal(why) ? 'guard' : 'other';
  return { is: 'refused', by, why: cleanWords(why, []) };
}

/** In English, which every call of ours asks for. `load` gives no class of the error, only its words. */
export function isRefusal(words: string): boolean {
  return words.includes(GUARD_WORDS) || RIGHTS.test(words);
}

const RIGHTS =
  /You are not allowed to (access|modify|create|delete)|doesn't have '\w+' access to|due to security restrictions|have the access rights/;
