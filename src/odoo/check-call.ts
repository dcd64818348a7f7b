/** Holds one call against the list of what is allowed. Pure; nothing is sent before it. */
import { isDeepStrictEqual } from 'node:util';
import { EXTERNAL_MODULE } from '../core/odoo/external-id.ts';
import type { AllowedMethod, AllowedModel, AllowList, ArgRule } from './allow-list.ts';
import { OdooFault } from './faults.ts';
import type { OdooCall, OdooValue } from './odoo.ts';
import { checkValue } from './values.ts';

const MAX_IDS = 1000;
const OPERATORS = ['=', '!=', '<', '<=', '>', '>=', 'in', 'not in', 'ilike', '=ilike'];

/** @returns what the list says of the method @throws OdooFault `invalid_call` */
export function checkCall(call: OdooCall, list: AllowList): AllowedMethod {
  const name = `${call.model}.${call.method}`;
  const model = own(list.models, call.model);
  const method = model && own(model.methods, call.method);
  if (model === undefined || method === undefined) return refuse(name, `is not on the list "${list.name}"`);
  checkIds(name, call.ids, method);
  checkValue(call.args, name);
  for (const [arg, value] of Object.entries(call.args)) {
    const rule = own(method.args, arg);
    if (rule === undefined) refuse(name, `takes no ${arg}`);
    else checkArg(`${name} ${arg}`, value, rule, model);
  }
  if (call.args['fields'] === undefined && method.args['fields'] === 'fields') {
    refuse(name, 'has to say which fields');
  }
  checkContext(name, call.context ?? {}, method.context ?? {});
  if (method.args['data'] === 'rows') checkRows(name, call.args, model);
  return method;
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function refuse(at: string, why: string): never {
  throw new OdooFault('invalid_call', `not sent to Odoo: ${at} ${why}`);
}

function checkIds(name: string, ids: OdooCall['ids'], method: AllowedMethod): void {
  if (method.on === 'model') {
    if (ids !== null) refuse(name, 'is not called on records');
    return;
  }
  // Odoo answers true to an empty list, and does nothing.
  if (ids === null || ids.length === 0) return refuse(name, 'needs a record');
  if (method.on === 'one record' && ids.length !== 1) refuse(name, 'takes one record at a time');
  if (ids.length > MAX_IDS) refuse(name, 'takes fewer records');
  if (!ids.every((id) => Number.isSafeInteger(id) && id > 0))
    refuse(name, 'needs ids that are whole numbers');
}

function checkContext(
  name: string,
  given: Readonly<Record<string, OdooValue>>,
  allowed: Readonly<Record<string, OdooValue>>,
): void {
  checkValue(given, `${name} context`);
  const entries = Object.entries(given);
  for (const [key, value] of entries) {
    if (own(allowed, key) !== value) refuse(name, `takes no ${key} in its context`);
  }
  // `load` without them would add the lines once more, and overwrite what a person has changed.
  if (entries.length !== Object.keys(allowed).length) refuse(name, 'needs its whole context');
}

function checkArg(at: string, value: OdooValue, rule: ArgRule, model: AllowedModel): void {
  if (typeof rule === 'object') {
    if (!rule.oneOf.includes(value)) refuse(at, 'has a value that is not allowed');
    return;
  }
  switch (rule) {
    case 'fields':
      return checkFields(at, value, model);
    case 'domain':
      return checkDomain(at, value, model);
    case 'order':
      return checkOrder(at, value, model);
    case 'count':
      if (!Number.isSafeInteger(value) || (value as number) < 0) refuse(at, 'is no count');
      return;
    case 'text':
      if (typeof value !== 'string') refuse(at, 'is no text');
      return;
    case 'values':
      return checkValues(at, value, model);
    case 'list of values':
      for (const values of isList(value) ? value : refuse(at, 'is no list')) checkValues(at, values, model);
      return;
    case 'columns':
      return checkColumns(at, value, model);
    case 'rows':
    case 'anything':
      return;
  }
}

function checkFields(at: string, value: OdooValue, model: AllowedModel): void {
  const fields = isList(value) ? value : refuse(at, 'is no list');
  // An empty list reads every field there is.
  if (fields.length === 0) refuse(at, 'is empty');
  for (const field of fields) mayRead(at, field, model);
}

function mayRead(at: string, field: OdooValue | undefined, model: AllowedModel): void {
  if (typeof field !== 'string' || !model.reads.includes(field)) {
    refuse(at, `reads ${JSON.stringify(field)}, which is not on the list`);
  }
}

function checkDomain(at: string, value: OdooValue, model: AllowedModel): void {
  for (const term of isList(value) ? value : refuse(at, 'is no list')) {
    if (term === '&' || term === '|') continue;
    if (!isList(term) || term.length !== 3) return refuse(at, 'has a term that is none');
    const [field, operator, wanted] = term;
    mayRead(at, field, model);
    if (!OPERATORS.includes(operator as string)) refuse(at, `has the operator ${JSON.stringify(operator)}`);
    const parts = isList(wanted) ? wanted : [wanted];
    if (parts.some((part) => typeof part === 'object')) refuse(at, 'compares with no plain value');
  }
}

function checkOrder(at: string, value: OdooValue, model: AllowedModel): void {
  for (const part of typeof value === 'string' ? value.split(', ') : refuse(at, 'is no text')) {
    const [field, direction = 'asc', ...rest] = part.split(' ');
    mayRead(at, field, model);
    if (!['asc', 'desc'].includes(direction) || rest.length > 0) refuse(at, 'has an order that is none');
  }
}

function checkValues(at: string, value: OdooValue, model: AllowedModel): void {
  const values = isRecord(value) ? value : refuse(at, 'is no record');
  for (const [field, set] of Object.entries(values)) {
    if (!model.writes.includes(field)) refuse(at, `sets ${field}, which is not on the list`);
    const parts = own(model.parts, field);
    if (parts !== undefined) checkCommands(`${at} ${field}`, set, parts);
    else checkPlain(at, field, set, model);
  }
}

function checkPlain(at: string, field: string, set: OdooValue, model: AllowedModel): void {
  const allowed = own(model.values, field);
  if (allowed !== undefined) {
    if (!allowed.some((value) => isDeepStrictEqual(value, set)))
      refuse(at, `sets ${field} to a value that is not allowed`);
  } else if (typeof set === 'object' && set !== null) refuse(at, `sets ${field} to no plain value`);
}

/** Only "forget all" and "a new one"; nothing that reaches into a record that is there. */
function checkCommands(at: string, value: OdooValue, parts: readonly string[]): void {
  for (const command of isList(value) ? value : refuse(at, 'is no list')) {
    const [what, id, values, ...rest] = isList(command) ? command : [];
    if (id !== 0 || rest.length > 0) refuse(at, 'has a command that is not allowed');
    if (what === 5 && values === 0) continue;
    if (what !== 0 || !isRecord(values)) return refuse(at, 'has a command that is not allowed');
    for (const [field, set] of Object.entries(values)) {
      if (!parts.includes(field)) refuse(at, `sets ${field}, which is not on the list`);
      if (typeof set === 'object' && set !== null && !isSetOfIds(set))
        refuse(at, `sets ${field} to no plain value`);
    }
  }
}

/** `[[6, 0, [1, 2]]]` */
function isSetOfIds(value: OdooValue): boolean {
  const [command, ...more] = isList(value) ? value : [];
  const [what, zero, ids, ...rest] = isList(command) ? command : [];
  const whole = what === 6 && zero === 0 && rest.length === 0 && more.length === 0;
  return whole && isList(ids) && ids.every((id) => Number.isSafeInteger(id));
}

function checkColumns(at: string, value: OdooValue, model: AllowedModel): void {
  const columns = isList(value) ? value : refuse(at, 'is no list');
  if (columns[0] !== 'id') refuse(at, 'must begin with the key');
  for (const column of columns.slice(1)) {
    const [field = '', ...deeper] = typeof column === 'string' ? column.split('/') : [];
    if (!model.writes.includes(field)) refuse(at, `has ${JSON.stringify(column)}, which is not on the list`);
    const parts = own(model.parts, field);
    const path = parts === undefined ? deeper : deeper.slice(1);
    if (parts !== undefined && !parts.includes(deeper[0] ?? '')) {
      refuse(at, `has ${JSON.stringify(column)}, which is not on the list`);
    }
    if (path.length > 1 || (path.length === 1 && path[0] !== '.id')) {
      refuse(at, `has ${JSON.stringify(column)}, which is no column of ours`);
    }
  }
}

function checkRows(name: string, args: OdooCall['args'], model: AllowedModel): void {
  const { fields, data: rows } = args;
  if (!isList(fields) || !isList(rows)) return refuse(name, 'needs columns and rows');
  const columns = fields.filter((column) => typeof column === 'string');
  rows.forEach((row, at) => {
    const cells = isList(row) ? row : refuse(name, 'has a row that is none');
    if (cells.length !== columns.length) refuse(name, 'has a row of another length');
    if (!cells.every((cell) => typeof cell === 'string')) refuse(name, 'has a cell that is no text');
    // One record: the rows below the first hold its further lines.
    const key = String(cells[0]);
    if (at === 0 ? !key.startsWith(`${EXTERNAL_MODULE}.`) : key !== '')
      refuse(name, 'has a key that is not ours');
    columns.forEach((column, i) => {
      const allowed = own(model.values, column);
      const cell = cells[i] ?? '';
      if (allowed !== undefined && !allowed.includes(cell) && !(at > 0 && cell === '')) {
        refuse(name, `sets ${column} to a value that is not allowed`);
      }
    });
  });
}

function isList(value: OdooValue | undefined): value is readonly OdooValue[] {
  return Array.isArray(value);
}

function isRecord(value: OdooValue | undefined): value is { readonly [key: string]: OdooValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
