import { toValue } from '../orm/convert.ts';
import { timestamp } from '../orm/env.ts';
import { IntKeyed } from '../values.ts';
import type { Env, Method } from '../orm/shapes.ts';

const namesOf = (env: Env, model: string, id: number) =>
  env.tables
    .all('ir.model.data')
    .filter(({ cells }) => cells['model'] === model && cells['res_id'] === id)
    .map(({ cells }) => ({
      xmlid: `${String(cells['module'])}.${String(cells['name'])}`,
      noupdate: cells['noupdate'] === true,
    }));

/** By record id: XML-RPC cannot write that down. */
export const getExternalId: Method = {
  on: 'records',
  params: [],
  run: ({ env, model, records }) =>
    new IntKeyed(new Map(records.map(({ id }) => [id, namesOf(env, model.name, id)[0]?.xmlid ?? '']))),
};

export const getMetadata: Method = {
  on: 'records',
  params: [],
  run: ({ env, model, records }) =>
    records.map((row) => {
      const names = namesOf(env, model.name, row.id);
      return {
        id: row.id,
        create_uid: toValue(env, model, row, 'create_uid'),
        create_date: row.cells['create_date'] ?? timestamp(env.now),
        write_uid: toValue(env, model, row, 'write_uid'),
        write_date: row.cells['write_date'] ?? timestamp(env.now),
        xmlid: names[0]?.xmlid ?? false,
        noupdate: names[0]?.noupdate ?? false,
        xmlids: names,
      };
    }),
};
