/** What of the guard is in this Odoo, and what differs. Changes nothing. */
import { z } from 'zod';
import { cleanWords } from '../clean-words.ts';
import type { Odoo, OdooValue } from '../odoo.ts';
import { parseAnswer } from '../read-rows.ts';
import { type Found, idOf, recordOf, searchRead } from './admin-reads.ts';
import {
  AUTOMATION_MODULE,
  GUARD_GROUP,
  type GuardRecord,
  guardRecords,
  type Ref,
  type Wanted,
} from './what.ts';

export interface Difference {
  /** What it is about, for people. */
  readonly where: string;
  readonly what: string;
  /** '' when there is nothing yet. */
  readonly before: string;
  readonly after: string;
}

/** A record as it is to be: ids and texts of this very database. Null: refers to something that is not there yet. */
export type Values = Readonly<Record<string, OdooValue>>;

export interface RecordLook {
  readonly record: GuardRecord;
  readonly id: number | null;
  /** What is to be written; empty: nothing. */
  readonly differs: Values;
  readonly differences: readonly Difference[];
}

const moduleRow = z.object({ id: z.int().positive(), state: z.string() });

/** Null: this Odoo does not know the module at all. @throws OdooFault */
export async function automationModule(odoo: Odoo): Promise<{ id: number; installed: boolean } | null> {
  const fields = Object.keys(moduleRow.shape);
  const rows = await searchRead(
    odoo,
    'ir.module.module',
    [['name', '=', AUTOMATION_MODULE]],
    moduleRow,
    fields,
  );
  const [module] = rows;
  return module === undefined ? null : { id: module.id, installed: module.state === 'installed' };
}

/** @throws OdooFault */
export async function lookAtGuard(odoo: Odoo, installed: boolean): Promise<readonly RecordLook[]> {
  const known: Found = new Map();
  const looks: RecordLook[] = [];
  for (const record of guardRecords(odoo.version)) {
    const absent = record.model === 'base.automation' && !installed;
    looks.push(absent ? missing(record) : await lookAtRecord(odoo, record, known));
  }
  return looks;
}

/** @throws OdooFault */
export async function lookAtRecord(odoo: Odoo, record: GuardRecord, known: Found): Promise<RecordLook> {
  const id = await recordOf(odoo, record.key, record.model);
  if (id === null) return missing(record);
  const call = {
    model: record.model,
    method: 'read',
    ids: [id],
    args: { fields: Object.keys(record.values) },
  };
  const [now] = parseAnswer(
    z.array(z.record(z.string(), z.unknown())).max(1),
    await odoo.call(call),
    record.title,
  );
  if (now === undefined) return missing(record);
  const differs: Record<string, OdooValue> = {};
  const differences: Difference[] = [];
  for (const [field, wanted] of Object.entries(record.values)) {
    const after = await valueOf(odoo, wanted, known);
    if (same(now[field], after)) continue;
    differs[field] = after;
    differences.push({ where: record.title, what: field, before: shown(now[field]), after: shown(after) });
  }
  return { record, id, differs, differences };
}

function missing(record: GuardRecord): RecordLook {
  const differences = [{ where: record.title, what: 'missing', before: '', after: 'make it' }];
  return { record, id: null, differs: {}, differences };
}

/** Ids for what refers, a sorted list of them for a many2many. @throws OdooFault */
export async function valueOf(odoo: Odoo, wanted: Wanted, known: Found): Promise<OdooValue> {
  if (typeof wanted === 'string' || typeof wanted === 'boolean') return wanted;
  if (!isList(wanted)) return idOf(odoo, wanted, known);
  const ids: number[] = [];
  for (const ref of wanted) ids.push((await idOf(odoo, ref, known)) ?? 0);
  return ids.sort((a, b) => a - b);
}

function isList(wanted: Ref | readonly Ref[]): wanted is readonly Ref[] {
  return Array.isArray(wanted);
}

/** A many2one comes as `[id, name]`, a many2many as ids in any order. */
function same(now: unknown, after: OdooValue): boolean {
  if (typeof after === 'number') return Array.isArray(now) && now[0] === after;
  if (Array.isArray(after)) {
    const ids = Array.isArray(now) ? now.map(Number).sort((a, b) => a - b) : [];
    return ids.length === after.length && ids.every((id, i) => id === after[i]);
  }
  // An empty text is `false`.
  if (typeof after === 'string') return (typeof now === 'string' ? now.trim() : '') === after;
  return now === after;
}

function shown(value: unknown): string {
  if (value === false || value === '') return 'no';
  if (value === true) return 'yes';
  if (Array.isArray(value)) return `[${value.map(String).join(', ')}]`;
  return cleanWords(String(value), []);
}

const extraRow = z.object({ id: z.int().positive(), name: z.string() });

/**
 * What somebody else gave the group: rights and rules add up, so each can be a hole. Not removed by us; told.
 * @throws OdooFault
 */
export async function extras(odoo: Odoo): Promise<readonly string[]> {
  const group = await recordOf(odoo, GUARD_GROUP, 'res.groups');
  if (group === null) return [];
  const own = new Set<string>();
  for (const { key, model } of guardRecords(odoo.version)) {
    const id = model === 'ir.rule' || model === 'ir.model.access' ? await recordOf(odoo, key, model) : null;
    if (id !== null) own.add(`${model} ${id}`);
  }
  const all = [
    ...(await owned(odoo, 'ir.model.access', [['group_id', '=', group]])),
    ...(await owned(odoo, 'ir.rule', [['groups', 'in', [group]]])),
  ];
  return all
    .filter(({ model, id }) => !own.has(`${model} ${id}`))
    .map(({ model, name }) => {
      const what = model === 'ir.rule' ? 'record rule' : 'access right';
      return `the group has a further ${what}, "${cleanWords(name, [])}", that is not of Handover`;
    });
}

async function owned(
  odoo: Odoo,
  model: string,
  domain: readonly OdooValue[],
): Promise<{ model: string; id: number; name: string }[]> {
  const rows = await searchRead(odoo, model, domain, extraRow, ['name']);
  return rows.map((row) => ({ model, ...row }));
}
