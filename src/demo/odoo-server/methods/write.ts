import { dictOf } from '../orm/convert.ts';
import { writeRecords } from '../orm/write-records.ts';
import type { Method } from '../orm/shapes.ts';

/** Without ids nothing is done, and the answer is true. */
export const write: Method = {
  on: 'records',
  params: ['vals'],
  run: ({ env, model, records, args }) => {
    writeRecords(env, model, records, dictOf(args['vals']));
    return true;
  },
};
