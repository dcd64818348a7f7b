import { dictOf } from '../orm/convert.ts';
import { createRecord } from '../orm/write-records.ts';
import type { Value } from '../values.ts';
import type { Method } from '../orm/shapes.ts';

/** One record as a dictionary, or several as a list; the transports differ in what they answer for one. */
export const create: Method = {
  on: 'model',
  params: ['vals_list'],
  run: ({ env, model, args }) => {
    const given = args['vals_list'];
    const list = Array.isArray(given) ? (given as readonly Value[]) : [given ?? null];
    return list.map((values) => createRecord(env, model, dictOf(values)));
  },
};
