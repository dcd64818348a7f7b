import type { Method } from '../orm/model.ts';
import { deleteRecords } from '../orm/write-records.ts';

export const unlink: Method = {
  on: 'records',
  params: [],
  run: ({ env, model, records }) => {
    deleteRecords(env, model, records);
    return true;
  },
};
