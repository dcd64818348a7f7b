import { valueError } from '../errors.ts';
import { checkModel, checkRows } from '../orm/access.ts';
import { toValue } from '../orm/convert.ts';
import { COMMON_FIELDS, fieldNames, fieldOf, isBareField } from '../orm/env.ts';
import { searchRecords } from '../orm/search-records.ts';
import type { Value } from '../values.ts';
import type { Env, Method, Model, Row } from '../orm/shapes.ts';

/** Records that are gone are left out without a word. */
export const read: Method = {
  on: 'records',
  toleratesMissing: true,
  params: ['fields?', 'load?'],
  run: ({ env, model, records, args }) => {
    checkModel(env, model, 'read');
    checkRows(env, model, 'read', records);
    return readRows(env, model, records, args['fields'], args['load'] === '');
  },
};

export const searchRead: Method = {
  on: 'model',
  params: ['domain?', 'fields?', 'offset?', 'limit?', 'order?', 'load?'],
  run: ({ env, model, args }) => {
    checkModel(env, model, 'read');
    const { domain, fields, offset, limit, order } = args;
    const rows = searchRecords(env, model, { domain, offset, limit, order });
    return readRows(env, model, rows, fields, args['load'] === '');
  },
};

function readRows(
  env: Env,
  model: Model,
  rows: readonly Row[],
  fields: Value | undefined,
  plain: boolean,
): Value {
  const asked = Array.isArray(fields) ? (fields as readonly Value[]).map(String) : [];
  const names = asked.length > 0 ? asked : [...fieldNames(env, model), ...COMMON_FIELDS];
  for (const name of names) {
    if (!fieldOf(env, model, name) && !isBareField(name)) {
      throw valueError(`Invalid field '${name}' on '${model.name}'`);
    }
  }
  return rows.map((row) => ({
    id: row.id,
    ...Object.fromEntries(names.map((name) => [name, toValue(env, model, row, name, plain)])),
  }));
}
