import { checkModel } from '../orm/access.ts';
import { searchRecords } from '../orm/search-records.ts';
import type { Method } from '../orm/shapes.ts';

const IN_14 = ['args', 'offset?', 'limit?', 'order?'];

export const search: Method = {
  on: 'model',
  params: ['domain', 'offset?', 'limit?', 'order?'],
  params14: IN_14,
  run: ({ env, model, args }) => {
    checkModel(env, model, 'read');
    const { domain = args['args'], offset, limit, order } = args;
    return searchRecords(env, model, { domain, offset, limit, order }).map(({ id }) => id);
  },
};

export const searchCount: Method = {
  on: 'model',
  params: ['domain', 'limit?'],
  params14: ['args'],
  run: ({ env, model, args }) => {
    checkModel(env, model, 'read');
    return searchRecords(env, model, { domain: args['domain'] ?? args['args'], limit: args['limit'] }).length;
  },
};
