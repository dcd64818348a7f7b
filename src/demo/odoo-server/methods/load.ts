import { loadRecords } from '../orm/load-records.ts';
import { listOf, textOf } from '../values.ts';
import type { Method } from '../orm/shapes.ts';

/** Import. Bad data is never an error of the call: look at `ids`, `false` means that nothing was written. */
export const load: Method = {
  on: 'model',
  params: ['fields', 'data'],
  run: ({ env, model, args }) => {
    const columns = listOf(args['fields']).map(textOf);
    const rows = listOf(args['data']).map((row) =>
      listOf(row).map((cell) => (cell === false ? '' : textOf(cell))),
    );
    return loadRecords(env, model, columns, rows);
  },
};
