import { OdooError } from '../errors.ts';
import { GROUPS } from '../models/groups.ts';
import type { Env, Model, Operation, Row } from './shapes.ts';

const WORDS: Readonly<Record<Operation, string>> = {
  read: 'access',
  write: 'modify',
  create: 'create',
  unlink: 'delete',
};

export function mayDo(env: Env, model: Model, operation: Operation): boolean {
  const groups = model.access[operation];
  return env.su || groups === undefined || groups.some((group) => env.groups.has(group));
}

/** Rights on the model: which groups may do this at all. */
export function checkModel(env: Env, model: Model, operation: Operation): void {
  if (mayDo(env, model, operation)) return;
  const groups = (model.access[operation] ?? []).map((group) => GROUPS[group]?.label ?? group).sort();
  const allowed =
    groups.length === 0
      ? 'No group currently allows this operation.'
      : `This operation is allowed for the following groups:\n${groups.map((name) => `\t- ${name}`).join('\n')}`;
  throw new OdooError(
    'AccessError',
    `You are not allowed to ${WORDS[operation]} '${model.label}' (${model.name}) records.\n\n${allowed}\n\n` +
      'Contact your administrator to request access if necessary.',
  );
}

/** Record rules: is it this record's turn? */
export function checkRows(env: Env, model: Model, operation: Operation, rows: readonly Row[]): void {
  const { allows } = model;
  if (env.su || !allows || rows.every((row) => allows(env, operation, row))) return;
  const login = env.tables.find('res.users', env.uid)?.cells['login'] ?? '';
  throw new OdooError(
    'AccessError',
    'Uh-oh! Looks like you have stumbled upon some top-secret records.\n\n' +
      `Sorry, ${String(login)} (id=${env.uid}) doesn't have '${operation}' access to:\n` +
      `- ${model.label} (${model.name})\n\n` +
      'If you really, really need access, perhaps you can win over your friendly administrator with a batch ' +
      'of freshly baked cookies.',
  );
}
