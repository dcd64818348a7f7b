import { mayDo } from '../orm/access.ts';
import { textOf } from '../values.ts';
import type { Method, Operation } from '../orm/shapes.ts';

const OPERATIONS: readonly string[] = ['read', 'write', 'create', 'unlink'] satisfies Operation[];

/** Rights on the model, before trying. */
export const hasAccess: Method = {
  on: 'records',
  since: 18,
  params: ['operation'],
  run: ({ env, model, args }) => {
    const operation = textOf(args['operation']);
    return OPERATIONS.includes(operation) && mayDo(env, model, operation as Operation);
  },
};

export const checkAccessRights: Method = {
  on: 'model',
  params: ['operation', 'raise_exception?'],
  run: hasAccess.run,
};
