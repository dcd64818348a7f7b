/** How records of Odoo are found that every database has under another number. With the key of an administrator. */
import { z } from 'zod';
import { OdooFault } from '../faults.ts';
import type { Odoo, OdooValue } from '../odoo.ts';
import { parseAnswer } from '../read-rows.ts';
import type { Ref } from './what.ts';

/** Filled as it goes; made anew for every look. */
export type Found = Map<string, number>;

const idRows = z.array(z.object({ id: z.int().positive() }));
const keyRows = z.array(z.object({ res_id: z.int().positive() })).max(1);

/** @throws OdooFault */
export async function searchRead<T>(
  odoo: Odoo,
  model: string,
  domain: readonly OdooValue[],
  row: z.ZodType<T>,
  fields: readonly string[],
): Promise<T[]> {
  const args = { domain, fields, offset: 0, limit: 500, order: 'id' };
  const answer = await odoo.call({ model, method: 'search_read', ids: null, args });
  return parseAnswer(z.array(row), answer, model);
}

/** The id behind an external id; null: there is none. @throws OdooFault */
export async function recordOf(odoo: Odoo, key: string, model: string): Promise<number | null> {
  const [module = '', name = ''] = key.split('.');
  const domain = [
    ['module', '=', module],
    ['name', '=', name],
    ['model', '=', model],
  ];
  const args = { domain, fields: ['res_id'], offset: 0, limit: 1, order: 'id' };
  const answer = await odoo.call({ model: 'ir.model.data', method: 'search_read', ids: null, args });
  return parseAnswer(keyRows, answer, key)[0]?.res_id ?? null;
}

/** Null: it is to be made first, or its module is not installed. @throws OdooFault */
export async function idOf(odoo: Odoo, ref: Ref, known: Found): Promise<number | null> {
  const name = JSON.stringify(ref);
  const before = known.get(name);
  if (before !== undefined) return before;
  const id = await lookUp(odoo, ref);
  if (id !== null) known.set(name, id);
  return id;
}

async function lookUp(odoo: Odoo, ref: Ref): Promise<number | null> {
  if ('record' in ref) return recordOf(odoo, ref.record, modelOfKey(ref.record));
  const [model, domain] =
    'model' in ref
      ? (['ir.model', [['model', '=', ref.model]]] as const)
      : (['ir.model.fields', fieldDomain(ref.field)] as const);
  const args = { domain, fields: ['id'], offset: 0, limit: 1, order: 'id' };
  const answer = await odoo.call({ model, method: 'search_read', ids: null, args });
  return parseAnswer(idRows, answer, model)[0]?.id ?? null;
}

function fieldDomain([model, name]: readonly [string, string]): readonly OdooValue[] {
  return [
    ['model', '=', model],
    ['name', '=', name],
  ];
}

/** Only groups and automation rules are referred to. */
function modelOfKey(key: string): string {
  if (/\.group_/.test(key)) return 'res.groups';
  if (/\.automation_/.test(key)) return 'base.automation';
  throw new OdooFault('invalid_call', `not sent to Odoo: ${key} is no group and no rule`);
}
