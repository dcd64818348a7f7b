import { deleteRecords } from '../orm/write-records.ts';
import type { Method } from '../orm/shapes.ts';

export const unlink: Method = {
  on: 'records',
  params: [],
  run: ({ env, model, records }) => {
    deleteRecords(env, model, records);
    return true;
  },
};
