import { OdooError, valueError } from '../errors.ts';
import { listOf, repr, type Value } from '../values.ts';
import { checkModel, checkRows } from './access.ts';
import { dictOf, idList, toCell } from './convert.ts';
import { cellOf, fieldNames, fieldOf, modelOf, timestamp } from './env.ts';
import type { Cell, Env, Field, Model, Row } from './shapes.ts';

export type Values = Readonly<Record<string, Value>>;
type Cells = Readonly<Record<string, Cell>>;

/** Returns the new record's id. `part`: as a line of another record, which does the reckoning afterwards. */
export function createRecord(env: Env, model: Model, values: Values, part = false): number {
  checkModel(env, model, 'create');
  const { cells, commands } = sorted(env, model, values, null);
  const complete = { ...defaults(env, model), ...(model.beforeCreate?.(env, cells) ?? cells) };
  const stamp = { create_date: timestamp(env.now), write_date: timestamp(env.now) };
  const row = env.tables.insert(model.name, {
    ...complete,
    ...stamp,
    create_uid: env.uid,
    write_uid: env.uid,
  });
  runCommands(env, row.id, commands);
  checkRows(env, model, 'create', [row]);
  if (!part) model.afterChange?.(env, [row.id], Object.keys(values));
  return row.id;
}

export function writeRecords(
  env: Env,
  model: Model,
  rows: readonly Row[],
  values: Values,
  part = false,
): void {
  if (rows.length === 0) return;
  // A person who may not even read is told so first.
  checkModel(env, model, 'read');
  checkModel(env, model, 'write');
  checkRows(env, model, 'write', rows);
  const unknown = Object.keys(values).find((name) => !fieldOf(env, model, name));
  if (unknown !== undefined && env.series >= 19) throw new OdooError('KeyError', unknown);
  model.beforeWrite?.(env, rows, Object.keys(values));
  for (const row of rows) {
    const { cells, commands } = sorted(env, model, values, row);
    env.tables.update(model.name, row.id, {
      ...cells,
      write_date: timestamp(env.now),
      write_uid: env.uid,
    });
    runCommands(env, row.id, commands);
  }
  const ids = rows.map(({ id }) => id);
  model.afterWrite?.(env, ids, Object.keys(values));
  if (!part) model.afterChange?.(env, ids, Object.keys(values));
}

export function deleteRecords(env: Env, model: Model, rows: readonly Row[]): void {
  checkModel(env, model, 'unlink');
  checkRows(env, model, 'unlink', rows);
  model.beforeUnlink?.(env, rows);
  for (const { id } of rows) {
    for (const field of Object.values(model.fields)) {
      if (field.type !== 'one2many') continue;
      const owned = env.tables.all(field.comodel).filter(({ cells }) => cells[field.inverse] === id);
      for (const line of owned) env.tables.remove(field.comodel, line.id);
    }
    env.tables.remove(model.name, id);
    // Its external id goes with it: the next `load` of that id makes a new record.
    const names = env.tables.all('ir.model.data');
    for (const name of names) {
      if (name.cells['model'] === model.name && name.cells['res_id'] === id) {
        env.tables.remove('ir.model.data', name.id);
      }
    }
  }
}

export const present = (env: Env, model: Model, ids: readonly number[]): readonly Row[] =>
  ids.flatMap((id) => env.tables.find(model.name, id) ?? []);

function defaults(env: Env, model: Model): Cells {
  const given = fieldNames(env, model).flatMap((name) => {
    const field = fieldOf(env, model, name);
    return field && !field.compute && field.type !== 'one2many' ? [[name, field.initial(env)] as const] : [];
  });
  return Object.fromEntries(given);
}

interface Command {
  readonly field: Field;
  readonly items: readonly Value[];
}

/** Plain values apart from the commands of one2many fields, which need the record to be there. */
function sorted(
  env: Env,
  model: Model,
  values: Values,
  row: Row | null,
): { cells: Cells; commands: Command[] } {
  const cells: Record<string, Cell> = {};
  const commands: Command[] = [];
  for (const [name, value] of Object.entries(values)) {
    const field = fieldOf(env, model, name);
    if (field?.type === 'one2many') commands.push({ field, items: Array.isArray(value) ? value : [] });
    else if (field?.type === 'many2many') {
      cells[name] = linked(env, field, row ? cellOf(env, model, row, name) : [], value);
    } else cells[name] = toCell(env, model, name, value);
  }
  return { cells, commands };
}

function linked(env: Env, field: Field, before: Cell, value: Value): readonly number[] {
  let ids = Array.isArray(before) ? [...(before as readonly number[])] : [];
  for (const item of listOf(value)) {
    const [code, id, more] = listOf(item);
    if (typeof item === 'number') ids.push(item);
    else if (code === 4 && typeof id === 'number') ids.push(id);
    else if (code === 3) ids = ids.filter((one) => one !== id);
    else if (code === 5) ids = [];
    else if (code === 6) ids = [...idList(more)];
    else throw valueError(`Invalid command ${repr(item)}`);
  }
  const unique = [...new Set(ids)];
  for (const id of unique) {
    if (!env.tables.find(field.comodel, id))
      throw valueError(`Record ${field.comodel}(${id},) does not exist`);
  }
  return unique;
}

function runCommands(env: Env, owner: number, commands: readonly Command[]): void {
  for (const { field, items } of commands) {
    const model = modelOf(env, field.comodel);
    for (const item of items) runCommand(env, model, field, owner, item);
  }
}

/** 0 create, 1 change, 2 delete, 5 delete all, 6 keep only these. */
function runCommand(env: Env, model: Model, field: Field, owner: number, item: Value): void {
  const [code, id, more] = listOf(item);
  const own = env.tables.all(model.name).filter(({ cells }) => cells[field.inverse] === owner);
  if (code === 0) createRecord(env, model, { ...dictOf(more), [field.inverse]: owner }, true);
  else if (code === 1)
    writeRecords(
      env,
      model,
      own.filter((row) => row.id === id),
      dictOf(more),
      true,
    );
  else if (code === 2 || code === 3)
    deleteRecords(
      env,
      model,
      own.filter((row) => row.id === id),
    );
  else if (code === 5)
    deleteRecords(
      env,
      model,
      own.filter((row) => shownIn(field, row)),
    );
  else if (code === 6) {
    const kept = new Set(idList(more));
    deleteRecords(
      env,
      model,
      own.filter((row) => shownIn(field, row) && !kept.has(row.id)),
    );
  } else if (code !== 4) throw valueError(`Invalid command ${repr(item)}`);
}

/** `invoice_line_ids` is a part of `line_ids`: what is no part of it stays. */
function shownIn(field: Field, row: Row): boolean {
  return field.shows?.(row) ?? true;
}
