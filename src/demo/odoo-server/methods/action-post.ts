import { settleDueDate } from '../accounting/due-date.ts';
import { kindOf } from '../accounting/move-types.ts';
import { assignNumber } from '../accounting/numbering.ts';
import { linesOf, recomputeMove } from '../accounting/recompute-move.ts';
import { OdooError, userError } from '../errors.ts';
import { INVOICING } from '../models/groups.ts';
import { guardMove } from '../models/guard.ts';
import { checkModel, checkRows } from '../orm/access.ts';
import { timestamp, today } from '../orm/env.ts';
import { RecordSet } from '../values.ts';
import type { Env, Method, Row } from '../orm/shapes.ts';

/** All of them, or none. 19 answers false; 14 answers the records, also for one that was posted already. */
export const actionPost: Method = {
  on: 'records',
  params: [],
  run: ({ env, model, records, ids }) => {
    const pending = env.series >= 19 ? records : records.filter(({ cells }) => cells['state'] !== 'posted');
    if (pending.length > 0) {
      if (!env.su && !env.groups.has(INVOICING)) {
        throw new OdooError('AccessError', "You don't have the access rights to post an invoice.");
      }
      checkModel(env, model, 'write');
      checkRows(env, model, 'write', pending);
      const problems = new Set(pending.flatMap((move) => problemsOf(env, move)));
      if (problems.size > 0) throw userError([...problems].join('\n'));
      for (const move of pending) post(env, move);
      guardMove(env, ids);
    }
    return env.series >= 19 ? false : new RecordSet(model.name, ids);
  },
};

function problemsOf(env: Env, { id, cells }: Row): readonly string[] {
  const kind = kindOf(cells['move_type']);
  const journal = env.tables.find('account.journal', Number(cells['journal_id']));
  const currency = env.tables.find('res.currency', Number(cells['currency_id']));
  const checks: readonly (readonly [boolean, string])[] = [
    [
      !linesOf(env, id).some((line) => (line.cells['account_id'] ?? null) !== null),
      "Even magicians can't post nothing!",
    ],
    [
      Number(cells['amount_total'] ?? 0) < 0,
      'You cannot validate an invoice with a negative total amount. You should create a credit note instead. ' +
        'Use the action menu to transform it into a credit note or refund.',
    ],
    [
      (cells['partner_id'] ?? null) === null && kind.journal === 'sale',
      "The 'Customer' field is required to validate the invoice.\n" +
        "You probably don't want to explain to your auditor that you invoiced an invisible man :)",
    ],
    [
      (cells['partner_id'] ?? null) === null && kind.journal === 'purchase',
      "The field 'Vendor' is required, please complete it to validate the Vendor Bill.",
    ],
    [
      (cells['invoice_date'] ?? null) === null && kind.journal === 'purchase',
      'The Bill/Refund date is required to validate this document.',
    ],
    [cells['state'] !== 'draft', `The entry ${String(cells['name'])} (id ${id}) must be in draft.`],
    [
      journal?.cells['active'] === false,
      `You cannot post an entry in an archived journal (${String(journal?.cells['name'])})`,
    ],
    [
      currency?.cells['active'] === false,
      `You cannot validate a document with an inactive currency: ${String(currency?.cells['name'])}`,
    ],
  ];
  return checks.filter(([is]) => is).map(([, words]) => words);
}

function post(env: Env, move: Row): void {
  const date = move.cells['invoice_date'] ?? today(env);
  env.tables.update('account.move', move.id, {
    state: 'posted',
    invoice_date: date,
    write_date: timestamp(env.now),
    write_uid: env.uid,
  });
  if ((move.cells['invoice_date'] ?? null) === null) settleDueDate(env, move.id, ['invoice_date']);
  const dated = env.tables.find('account.move', move.id) ?? move;
  if (sameName(env, dated)) {
    throw new OdooError(
      'ValidationError',
      'The operation cannot be completed: Another entry with the same name already exists.',
    );
  }
  assignNumber(env, dated);
  recomputeMove(env, move.id);
}

/** A unique index of PostgreSQL: name and journal, where posted. */
function sameName(env: Env, move: Row): boolean {
  const { name, journal_id: journal } = move.cells;
  return env.tables
    .all('account.move')
    .some(
      ({ id, cells }) =>
        id !== move.id &&
        typeof name === 'string' &&
        name !== '/' &&
        cells['name'] === name &&
        cells['journal_id'] === journal &&
        cells['state'] === 'posted',
    );
}
