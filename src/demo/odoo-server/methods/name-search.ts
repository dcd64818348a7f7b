import { checkModel } from '../orm/access.ts';
import { displayName } from '../orm/env.ts';
import { searchRecords } from '../orm/search-records.ts';
import { listOf, type Value } from '../values.ts';
import type { Method } from '../orm/shapes.ts';

export const nameSearch: Method = {
  on: 'model',
  params: ['name?', 'domain?', 'operator?', 'limit?'],
  params14: ['name?', 'args?', 'operator?', 'limit?'],
  run: ({ env, model, args }) => {
    checkModel(env, model, 'read');
    const { name = '', domain = args['args'] ?? [], operator = 'ilike', limit = 100 } = args;
    const named: readonly Value[] = name === '' ? [] : [['display_name', operator, name]];
    const rows = searchRecords(env, model, { domain: [...listOf(domain), ...named], limit });
    return rows.map((row) => [row.id, displayName(env, model, row)]);
  },
};
