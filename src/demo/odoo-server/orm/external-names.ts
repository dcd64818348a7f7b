import { OdooError } from '../errors.ts';
import type { Env, Row } from './shapes.ts';

export interface ExternalName {
  readonly module: string;
  readonly name: string;
}

/** `module.name`; without a module it gets one. */
export function splitName(xmlid: string): ExternalName {
  const dot = xmlid.indexOf('.');
  return dot < 0
    ? { module: '__import__', name: xmlid }
    : { module: xmlid.slice(0, dot), name: xmlid.slice(dot + 1) };
}

export function findName(env: Env, xmlid: string): Row | null {
  const { module, name } = splitName(xmlid);
  const found = env.tables
    .all('ir.model.data')
    .find(({ cells }) => cells['module'] === module && cells['name'] === name);
  return found ?? null;
}

/** A row of ir.model.data. PostgreSQL holds it unique, and without blanks. */
export function bindName(
  env: Env,
  { module, name }: ExternalName,
  model: string,
  id: number,
  noupdate: boolean,
): void {
  if (/\s/.test(name)) {
    throw new OdooError(
      'Exception',
      'new row for relation "ir_model_data" violates check constraint "ir_model_data_name_nospaces"\n' +
        `DETAIL:  Failing row contains (${name}, ${module}, ${model}).\n`,
    );
  }
  env.tables.insert('ir.model.data', { module, name, model, res_id: id, noupdate });
}
