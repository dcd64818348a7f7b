import { CallError, missingError, OdooError } from './errors.ts';
import { METHODS } from './methods/table.ts';
import { idList } from './orm/convert.ts';
import { modelOf } from './orm/env.ts';
import { present } from './orm/write-records.ts';
import type { Dict, Value } from './values.ts';
import type { Env, Method, Model } from './orm/shapes.ts';

export interface Called {
  readonly model: string;
  readonly method: string;
  /** By position; for a method of records the first are the ids. */
  readonly positional: readonly Value[];
  readonly named: Dict;
}

export interface Bound {
  readonly model: Model;
  readonly method: Method;
  readonly ids: readonly number[];
  readonly args: Readonly<Record<string, Value | undefined>>;
}

/** Is there such a method, and do the arguments fit it? */
export function bind(env: Env, called: Called): Bound {
  const model = modelOf(env, called.model);
  const method = findMethod(env, model, called.method);
  const { ids = null, ...named } = called.named;
  const onRecords = method.on === 'records';
  if (!onRecords && ids !== null) throw new CallError('ids_on_model_method', model.name, called.method);
  const positional = [...called.positional];
  const records = onRecords ? idList(ids ?? positional.shift() ?? []) : [];
  const args = argsOf(env, model.name, called.method, method, positional, named);
  return { model, method, ids: records, args };
}

function findMethod(env: Env, model: Model, name: string): Method {
  if (name.startsWith('_')) {
    const such = env.series >= 19 ? `'${model.name}.${name}'` : name;
    throw new OdooError('AccessError', `Private methods (such as ${such}) cannot be called remotely.`);
  }
  const own = Object.hasOwn(model.methods, name) ? model.methods[name] : undefined;
  const method = own ?? (Object.hasOwn(METHODS, name) ? METHODS[name] : undefined);
  if (!method || (method.since ?? 0) > env.series) throw new CallError('unknown_method', model.name, name);
  return method;
}

function argsOf(
  env: Env,
  model: string,
  name: string,
  method: Method,
  positional: readonly Value[],
  named: Dict,
): Bound['args'] {
  const params = (env.series < 16 ? method.params14 : undefined) ?? method.params;
  const names = params.map((param) => param.replace('?', ''));
  if (positional.length > names.length) {
    throw new CallError('unexpected_argument', model, name, String(positional.length));
  }
  const args = { ...Object.fromEntries(names.map((key, at) => [key, positional[at]])), ...named };
  const missing = params.find((param) => !param.endsWith('?') && args[param] === undefined);
  if (missing !== undefined) throw new CallError('missing_argument', model, name, missing);
  const surplus = Object.keys(named).find((key) => !names.includes(key));
  if (surplus !== undefined) throw new CallError('unexpected_argument', model, name, surplus);
  return args;
}

/** One call, one transaction. */
export function execute(env: Env, { model, method, ids, args }: Bound): Value {
  return env.tables.atomically(() => {
    const records = present(env, model, ids);
    if (method.on === 'records' && method.toleratesMissing !== true && records.length < ids.length) {
      const gone = ids.filter((id) => !env.tables.find(model.name, id));
      throw missingError(model.name, gone, env.uid);
    }
    return method.run({ env, model, records, ids, args });
  });
}
