/** Makes the guard what it is to be. Each step can be repeated: an external id is made once, however often. */
import { z } from 'zod';
import { cleanWords } from '../clean-words.ts';
import { OdooFault } from '../faults.ts';
import type { Odoo, OdooValue } from '../odoo.ts';
import { parseAnswer } from '../read-rows.ts';
import type { Found } from './admin-reads.ts';
import { automationModule, lookAtRecord, valueOf, type Values } from './look-at-guard.ts';
import { AUTOMATION_MODULE, type GuardRecord, guardRecords, type Wanted } from './what.ts';

/** @throws OdooFault */
export async function installAutomations(odoo: Odoo): Promise<void> {
  const module = await automationModule(odoo);
  if (module === null) {
    throw new OdooFault(
      'unsupported',
      `this Odoo does not have the module ${AUTOMATION_MODULE}, which the guard needs`,
    );
  }
  if (module.installed) return;
  await odoo.call({
    model: 'ir.module.module',
    method: 'button_immediate_install',
    ids: [module.id],
    args: {},
  });
}

/** In order, because later records refer to earlier ones. @throws OdooFault */
export async function applyGuard(odoo: Odoo): Promise<void> {
  await installAutomations(odoo);
  const known: Found = new Map();
  for (const record of guardRecords(odoo.version)) {
    const { id, differs } = await lookAtRecord(odoo, record, known);
    if (id === null) await make(odoo, record, known);
    else if (Object.keys(differs).length > 0) await write(odoo, record.model, id, differs);
  }
}

async function write(odoo: Odoo, model: string, id: number, differs: Values): Promise<void> {
  const vals: Record<string, OdooValue> = {};
  for (const [field, value] of Object.entries(differs)) {
    vals[field] = Array.isArray(value) ? [[6, 0, value as number[]]] : value;
  }
  await odoo.call({ model, method: 'write', ids: [id], args: { vals } });
}

const loaded = z.object({
  ids: z.union([z.array(z.int()), z.literal(false)]),
  messages: z.array(z.object({ message: z.string() })).max(100),
});

/** `load`, because it makes the record and its external id in one transaction. */
async function make(odoo: Odoo, record: GuardRecord, known: Found): Promise<void> {
  const columns = ['id'];
  const row = [record.key];
  for (const [field, wanted] of Object.entries(record.values)) {
    const cell = await cellOf(odoo, record, wanted, known);
    // An empty column is written as empty; the default of these is empty too.
    if (cell === '') continue;
    columns.push(typeof wanted === 'object' ? `${field}/.id` : field);
    row.push(cell);
  }
  const call = { model: record.model, method: 'load', ids: null, args: { fields: columns, data: [row] } };
  const said = parseAnswer(loaded, await odoo.call({ ...call, context: { mode: 'init' } }), record.title);
  if (said.ids !== false && said.ids.length === 1) return;
  const why = said.messages.map(({ message }) => cleanWords(message, [])).join(' · ');
  throw new OdooFault('refused', `${record.title} cannot be made: ${why}`);
}

async function cellOf(odoo: Odoo, record: GuardRecord, wanted: Wanted, known: Found): Promise<string> {
  if (typeof wanted === 'string') return wanted;
  if (typeof wanted === 'boolean') return wanted ? '1' : '0';
  const value = await valueOf(odoo, wanted, known);
  const ids = Array.isArray(value) ? value : [value];
  if (ids.every((id) => typeof id === 'number' && id > 0)) return ids.join(',');
  throw new OdooFault('unsupported', `${record.title} cannot be made: Odoo lacks what it refers to`);
}
