import { CallError } from '../errors.ts';
import { datetime, many2one } from './field.ts';
import type { Cell, Env, Field, Model, Row } from './shapes.ts';

export const sudo = (env: Env): Env => ({ ...env, su: true });

export function modelOf(env: Env, name: string): Model {
  const model = env.models.get(name);
  if (!model) throw new CallError('unknown_model', name);
  return model;
}

/** Fields that every record has, beside `id` and `display_name`. */
const COMMON: Readonly<Record<string, Field>> = {
  create_date: datetime('Created on'),
  create_uid: many2one('Created by', 'res.users'),
  write_date: datetime('Last Updated on'),
  write_uid: many2one('Last Updated by', 'res.users'),
};
export const COMMON_FIELDS: readonly string[] = ['display_name', ...Object.keys(COMMON)];

export const isBareField = (name: string): boolean => name === 'id' || name === 'display_name';

/** Undefined for a field that this series does not have. */
export function fieldOf(env: Env, model: Model, name: string): Field | undefined {
  const tables = [env.series < 16 ? (model.fields14 ?? {}) : {}, model.fields, COMMON];
  const field = tables.find((fields) => Object.hasOwn(fields, name))?.[name];
  return field && field.since <= env.series && field.until >= env.series ? field : undefined;
}

export function fieldNames(env: Env, model: Model): readonly string[] {
  return Object.keys(model.fields).filter((name) => fieldOf(env, model, name) !== undefined);
}

/** The value of a field, stored or computed; null when it has no such field. */
export function cellOf(env: Env, model: Model, row: Row, name: string): Cell {
  const field = fieldOf(env, model, name);
  if (!field) return null;
  if (field.compute) return field.compute(row, env);
  if (field.type === 'one2many') return lines(env, field, row.id);
  return row.cells[name] ?? null;
}

function lines(env: Env, field: Field, id: number): readonly number[] {
  return env.tables
    .all(field.comodel)
    .filter((row) => row.cells[field.inverse] === id && (field.shows?.(row) ?? true))
    .map((row) => row.id);
}

export function displayName(env: Env, model: Model, row: Row): string {
  const name = model.displayName?.(row, env) ?? row.cells['name'];
  return typeof name === 'string' ? name : `${model.name},${row.id}`;
}

/** As Odoo writes moments: UTC, whole seconds, no zone. */
export const timestamp = (moment: Date): string => moment.toISOString().slice(0, 19).replace('T', ' ');
export const today = (env: Env): string => env.now.toISOString().slice(0, 10);
