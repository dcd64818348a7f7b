import { foreignKeyError, OdooError, valueError } from '../errors.ts';
import { isDict, PyFloat, repr, textOf, type Value } from '../values.ts';
import { cellOf, displayName, fieldOf, modelOf, sudo } from './env.ts';
import { plainHtml } from './plain-html.ts';
import type { Cell, Env, Field, Model, Row } from './shapes.ts';

/** What came in a call, as it is stored. The commands of x2many fields are not for here. */
export function toCell(env: Env, model: Model, name: string, value: Value): Cell {
  const field = fieldOf(env, model, name);
  if (!field) throw valueError(unknownField(env, name, model.name));
  if (field.type === 'boolean') return value === true || (typeof value === 'number' && value !== 0);
  if (value === null || value === false) return null;
  switch (field.type) {
    case 'integer':
      return Math.trunc(toNumber(value, 'int() argument must be a number, not'));
    case 'float':
    case 'monetary':
      return toNumber(value, 'could not convert string to float:');
    case 'date':
      return toDate(value);
    case 'selection':
      if (typeof value === 'string' && field.selection.some(([option]) => option === value)) return value;
      throw valueError(`Wrong value for ${model.name}.${name}: ${repr(value)}`);
    case 'json':
      return JSON.stringify(value);
    case 'html':
      return plainHtml(textOf(value));
    case 'many2one':
      return toReference(env, model, field, name, value);
    default:
      return textOf(value);
  }
}

const unknownField = (env: Env, name: string, model: string): string =>
  env.series >= 19 ? `Invalid field '${name}' in '${model}'` : `Invalid field '${name}' on model '${model}'`;

function toNumber(value: Value, complaint: string): number {
  const number =
    value instanceof PyFloat ? value.value : typeof value === 'string' ? Number(value.trim() || NaN) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw valueError(`${complaint} ${repr(value)}`);
}

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

export function isDate(value: string): boolean {
  return DATE.test(value) && new Date(`${value}T00:00:00Z`).toISOString().startsWith(value);
}

function toDate(value: Value): string {
  const text = typeof value === 'string' ? value.slice(0, 10) : repr(value);
  if (isDate(text)) return text;
  throw valueError(`time data ${repr(text)} does not match format '%Y-%m-%d'`);
}

function toReference(env: Env, model: Model, field: Field, name: string, value: Value): number {
  const id = value instanceof PyFloat ? value.value : value;
  if (typeof id !== 'number' || !Number.isInteger(id)) {
    throw new OdooError('Exception', `invalid input syntax for type integer: ${repr(value)}`);
  }
  if (!env.tables.find(field.comodel, id)) throw foreignKeyError(model.label, model.name, field.label, name);
  return id;
}

/** A stored value as it is answered. `plain`: a reference as its id alone. */
export function toValue(env: Env, model: Model, row: Row, name: string, plain = false): Value {
  if (name === 'id') return row.id;
  if (name === 'display_name') return displayName(env, model, row);
  const field = fieldOf(env, model, name);
  const cell = cellOf(env, model, row, name);
  switch (field?.type) {
    case 'float':
    case 'monetary':
      return new PyFloat(typeof cell === 'number' ? cell : 0);
    case 'integer':
      return typeof cell === 'number' ? cell : 0;
    case 'boolean':
      return cell === true;
    case 'one2many':
    case 'many2many':
      return Array.isArray(cell) ? [...(cell as readonly number[])] : [];
    case 'json':
      return typeof cell === 'string' ? (JSON.parse(cell) as Value) : false;
    case 'many2one':
      return typeof cell === 'number' ? reference(env, field, cell, plain) : false;
    default:
      return cell ?? false;
  }
}

/** The name is read without asking for rights, as Odoo does for a reference. */
function reference(env: Env, field: Field, id: number, plain: boolean): Value {
  if (plain) return id;
  const comodel = modelOf(env, field.comodel);
  const row = env.tables.find(field.comodel, id);
  return row ? [id, displayName(sudo(env), comodel, row)] : false;
}

/** `[1, 2]` in a call. */
export function idList(value: Value | undefined): readonly number[] {
  if (typeof value === 'number') return [value];
  if (!Array.isArray(value)) return [];
  return (value as readonly Value[]).filter((item) => typeof item === 'number');
}

export function dictOf(value: Value | undefined): Readonly<Record<string, Value>> {
  return isDict(value) ? value : {};
}
