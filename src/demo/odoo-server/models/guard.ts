import { userError } from '../errors.ts';
import { DRAFT_BOT, INVOICING } from './groups.ts';
import type { Env, Operation, Row } from '../orm/shapes.ts';

/**
 * What `handover odoo guard install` puts into an Odoo, as data: a group without Invoicing, a record rule, and two
 * automation rules. Here they simply are, and only drafts of one's own may be changed; an Odoo without them is `startOdooServer({ guard: false })`.
 */
const isGuarded = (env: Env): boolean => !env.su && env.groups.has(DRAFT_BOT) && !env.groups.has(INVOICING);

const isPlainDraft = ({ cells }: Row): boolean =>
  cells['state'] === 'draft' &&
  ['no', false, null].includes((cells['auto_post'] ?? null) as string | false | null);

/** The record rule: asked before a write and after a create, so that alone it would not stop `write({state})`. */
export const ruleOnMoves = (env: Env, operation: Operation, row: Row): boolean =>
  operation === 'read' || !isGuarded(env) || (isPlainDraft(row) && row.cells['create_uid'] === env.uid);

/** The same for lines: only those of a draft of one's own. */
export const ruleOnLines = (env: Env, operation: Operation, row: Row): boolean => {
  const move = env.tables.find('account.move', Number(row.cells['move_id']));
  return operation === 'read' || !move || ruleOnMoves(env, operation, move);
};

/** The automation rules: after the write, in its transaction. */
export function guardMove(env: Env, ids: readonly number[]): void {
  if (!isGuarded(env) || !isInstalled(env)) return;
  if (ids.some((id) => !isPlainDraft(env.tables.find('account.move', id) ?? { id, cells: {} }))) refuse();
}

export function guardLine(env: Env, ids: readonly number[]): void {
  if (!isGuarded(env) || !isInstalled(env)) return;
  const rows = ids.flatMap((id) => env.tables.find('account.move.line', id) ?? []);
  if (rows.some(({ cells }) => (cells['parent_state'] ?? 'draft') !== 'draft')) refuse();
}

const isInstalled = (env: Env): boolean =>
  env.tables.all('base.automation').some(({ cells }) => cells['active'] === true);

function refuse(): never {
  throw userError('Draft guard: this user may create drafts only');
}
