import { OdooError } from '../errors.ts';
import { textOf, type Dict, type Value } from '../values.ts';
import { fieldOf, modelOf } from './env.ts';
import { cellValue, ImportProblem } from './load-cells.ts';
import { bindName, findName, splitName } from './external-names.ts';
import { createRecord, present, writeRecords } from './write-records.ts';
import type { Env, Field, Model } from './shapes.ts';

type Cells = readonly string[];

/**
 * `load`: rows of text. A row whose own columns are empty adds a line to the record above it. Two modes: `init`
 * writes to a record that is there already (its lines come a second time); `update` leaves one alone that was
 * loaded with `noupdate`, and that is what makes a repeated load harmless.
 */
export function loadRecords(
  env: Env,
  model: Model,
  columns: readonly string[],
  rows: readonly Cells[],
): Value {
  const paths = columns.map((column) => column.split('/'));
  for (const path of paths) checkPath(env, model, path);
  const problems: Dict[] = [];
  const ids: number[] = [];
  let record = 0;
  try {
    env.tables.atomically(() => {
      for (const { from, to } of records(paths, rows)) {
        const at = { rows: { from, to }, record };
        record += 1;
        try {
          const part = rows.slice(from, to + 1);
          ids.push(env.tables.atomically(() => loadOne(env, model, paths, part)));
        } catch (error) {
          if (!(error instanceof OdooError)) throw error;
          problems.push(messageOf(error, at));
        }
      }
      if (problems.length > 0) throw new ImportProblem('not imported');
    });
  } catch (error) {
    if (!(error instanceof ImportProblem)) throw error;
    return { ids: false, messages: problems, nextrow: 0 };
  }
  return { ids, messages: [], nextrow: 0 };
}

/** As Odoo orders it: a bad cell names its field, a refused record only itself. */
function messageOf(
  error: OdooError,
  { rows, record }: { readonly rows: Dict; readonly record: number },
): Dict {
  const { message } = error;
  if (!(error instanceof ImportProblem)) return { rows, record, type: 'error', message };
  const { field = null, ...more } = error.extra;
  return { rows, type: 'error', record, field, message, ...more };
}

function checkPath(env: Env, model: Model, path: readonly string[], isLine = false): void {
  const [name = '', ...rest] = path;
  // Lines with an external id of their own are not for this server: nobody here makes them.
  if ((name === 'id' || name === '.id') && !isLine) return;
  const field = fieldOf(env, model, name);
  if (!field) throw new OdooError('ValueError', `Invalid field name '${name}'`);
  const [how = ''] = rest;
  const isKey = field.type !== 'one2many' && ['', 'id', '.id'].includes(how);
  if (!isKey) checkPath(env, modelOf(env, field.comodel), rest, true);
}

/** Which rows make one record: the first has something in a column of its own. */
function* records(paths: readonly (readonly string[])[], rows: readonly Cells[]) {
  const own = paths.flatMap(([name], at) => (name === 'invoice_line_ids' || name === 'line_ids' ? [] : [at]));
  let from = 0;
  for (let next = 1; next <= rows.length; next += 1) {
    const row = rows[next];
    if (row && own.every((at) => !row[at])) continue;
    yield { from, to: next - 1 };
    from = next;
  }
}

function loadOne(
  env: Env,
  model: Model,
  paths: readonly (readonly string[])[],
  rows: readonly Cells[],
): number {
  const first = rows[0] ?? [];
  const xmlid = first[paths.findIndex((path) => path.join('/') === 'id')] ?? '';
  const values = valuesOf(env, model, paths, rows);
  const byId = first[paths.findIndex((path) => path.join('/') === '.id')] ?? '';
  if (byId !== '') {
    writeRecords(env, model, present(env, model, [Number(byId)]), values);
    return Number(byId);
  }
  const known = xmlid === '' ? null : findName(env, xmlid);
  if (known && known.cells['model'] !== model.name) {
    throw new OdooError(
      'ValueError',
      `For external id ${xmlid} when trying to create/update a record of model ${model.name} found record ` +
        `of different model ${String(known.cells['model'])} (${known.id})`,
    );
  }
  const existing = known ? present(env, model, [Number(known.cells['res_id'])]) : [];
  if (known && existing.length > 0) {
    const leave = env.context['mode'] === 'update' && known.cells['noupdate'] === true;
    if (!leave) writeRecords(env, model, existing, values);
    return Number(known.cells['res_id']);
  }
  const id = createRecord(env, model, values);
  if (xmlid !== '') bindName(env, splitName(xmlid), model.name, id, env.context['noupdate'] === true);
  return id;
}

function valuesOf(
  env: Env,
  model: Model,
  paths: readonly (readonly string[])[],
  rows: readonly Cells[],
): Dict {
  const values: Record<string, Value> = {};
  const names = [...new Set(paths.map(([name]) => name ?? ''))].filter(
    (name) => name !== 'id' && name !== '.id',
  );
  for (const name of names) {
    const field = fieldOf(env, model, name);
    if (!field) continue;
    const columns = paths.flatMap(([first, ...rest], at) => (first === name ? [{ rest, at }] : []));
    if (field.type === 'one2many') values[name] = linesOf(env, field, columns, rows, name);
    else {
      const column = columns[0];
      if (column)
        values[name] = cellValue(env, field, name, column.rest[0] ?? '', rows[0]?.[column.at] ?? '');
    }
  }
  return values;
}

function linesOf(
  env: Env,
  field: Field,
  columns: readonly { readonly rest: readonly string[]; readonly at: number }[],
  rows: readonly Cells[],
  name: string,
): Value {
  const model = modelOf(env, field.comodel);
  const paths = columns.map(({ rest }) => rest);
  return rows
    .map((row) => columns.map(({ at }) => row[at] ?? ''))
    .filter((cells) => cells.some((cell) => cell !== ''))
    .map((cells): Value => {
      try {
        return [0, 0, valuesOf(env, model, paths, [cells])];
      } catch (error) {
        if (!(error instanceof ImportProblem)) throw error;
        const path = `${field.label}/${textOf(error.extra['field_name'])}`;
        const message = error.message.replace(
          `field '${textOf(error.extra['field_name'])}'`,
          `field '${path}'`,
        );
        throw new ImportProblem(message, { ...error.extra, field: name, field_name: field.label });
      }
    });
}
