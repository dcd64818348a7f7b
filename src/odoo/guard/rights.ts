/** What the user of the key may do, asked of Odoo and not tried. No effect. */
import { z } from 'zod';
import { OdooFault } from '../faults.ts';
import type { Odoo } from '../odoo.ts';
import { parseAnswer } from '../read-rows.ts';
import { majorOf } from '../server-version.ts';

const yes = z.boolean();
export type Operation = 'read' | 'write' | 'create' | 'unlink';

/** A group that Odoo does not know is one that nobody is in. @throws OdooFault */
export async function isInGroup(odoo: Odoo, group: string, signal?: AbortSignal): Promise<boolean> {
  // Of the user since 18, of the model before.
  const on = majorOf(odoo.version) >= 18 ? { ids: [odoo.uid] } : {};
  const call = { model: 'res.users', method: 'has_group', ids: null, args: { ...on, group_ext_id: group } };
  return parseAnswer(yes, await odoo.call(call, signal), 'a group');
}

/**
 * May it at all, by access rights; with `records`, also those, by record rules.
 * @throws OdooFault
 */
export async function mayDo(
  odoo: Odoo,
  model: string,
  operation: Operation,
  records: readonly number[] = [],
): Promise<boolean> {
  const ask = (method: string, args: object): Promise<boolean> => answered(odoo, model, method, args);
  // A module that is not installed.
  const unknown = (error: unknown): boolean => {
    if (error instanceof OdooFault && error.code === 'unsupported') return false;
    throw error;
  };
  if (majorOf(odoo.version) >= 18) {
    return ask('has_access', { ids: records, operation }).catch(unknown);
  }
  const may = await ask('check_access_rights', { operation, raise_exception: false }).catch(unknown);
  if (!may || records.length === 0) return may;
  try {
    await odoo.call({ model, method: 'check_access_rule', ids: null, args: { ids: records, operation } });
    return true;
  } catch (error) {
    if (error instanceof OdooFault && error.code === 'access') return false;
    throw error;
  }
}

async function answered(odoo: Odoo, model: string, method: string, args: object): Promise<boolean> {
  return parseAnswer(yes, await odoo.call({ model, method, ids: null, args: { ...args } }), 'a right');
}
