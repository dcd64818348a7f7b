import { dueByTerms, settleDueDate, termOf } from '../accounting/due-date.ts';
import { kindOf } from '../accounting/move-types.ts';
import { assignNumber, nextNumber } from '../accounting/numbering.ts';
import { recomputeMove } from '../accounting/recompute-move.ts';
import { postedItem, userError, validationError } from '../errors.ts';
import { actionPost } from '../methods/action-post.ts';
import { buttonCancel, buttonDraft } from '../methods/reset-and-cancel.ts';
import { today } from '../orm/env.ts';
import { DRAFT_BOT, INVOICING } from './groups.ts';
import { guardMove, ruleOnMoves } from './guard.ts';
import { MOVE_FIELDS, MOVE_FIELDS_14 } from './move-fields.ts';
import { modelOf, READERS } from './model-of.ts';
import type { Env, Model, Row } from '../orm/shapes.ts';

export const move: Model = modelOf({
  name: 'account.move',
  label: 'Journal Entry',
  order: 'date desc, name desc, invoice_date desc, id desc',
  access: {
    read: [...READERS, DRAFT_BOT],
    write: [INVOICING, DRAFT_BOT],
    create: [INVOICING, DRAFT_BOT],
    unlink: [INVOICING],
  },
  displayName,
  allows: ruleOnMoves,
  fields: MOVE_FIELDS,
  fields14: MOVE_FIELDS_14,
  methods: { action_post: actionPost, button_draft: buttonDraft, button_cancel: buttonCancel },
  beforeCreate: complete,
  beforeWrite: refuseReadonly,
  afterWrite: (env, ids, names) => {
    for (const id of ids) settleDueDate(env, id, names);
  },
  afterChange: (env, ids, names) => {
    for (const id of ids) settle(env, id, names);
    guardMove(env, ids);
  },
  beforeUnlink: (_env, rows) => {
    if (rows.some(({ cells }) => cells['state'] === 'posted')) {
      throw postedItem();
    }
  },
});

function displayName({ cells }: Row): string {
  const words = [
    cells['state'] === 'draft' ? `Draft ${kindOf(cells['move_type']).label}` : '',
    typeof cells['name'] === 'string' && cells['name'] !== '/' ? cells['name'] : '',
    typeof cells['ref'] === 'string' ? `(${cells['ref']})` : '',
  ];
  return words.filter((word) => word !== '').join(' ');
}

function complete(env: Env, cells: Row['cells']): Row['cells'] {
  if (cells['state'] === 'posted') {
    throw userError(
      'You cannot create a move already in the posted state. Please create a draft move and post it after.',
    );
  }
  const wanted = kindOf(cells['move_type']).journal;
  const journal = cells['journal_id'] ?? journalOf(env, wanted);
  const chosen = env.tables.find('account.journal', Number(journal));
  if (chosen && wanted !== 'general' && chosen.cells['type'] !== wanted) {
    throw validationError(`Cannot create a ${wanted} document in a non ${wanted} journal`);
  }
  const currency =
    cells['currency_id'] ??
    chosen?.cells['currency_id'] ??
    env.tables.find('res.company', 1)?.cells['currency_id'];
  const terms =
    'invoice_payment_term_id' in cells ? (cells['invoice_payment_term_id'] ?? null) : termOf(env, cells);
  return {
    ...cells,
    journal_id: journal,
    currency_id: currency ?? null,
    date: cells['date'] ?? today(env),
    invoice_payment_term_id: terms,
    invoice_date_due:
      cells['invoice_date_due'] ??
      dueByTerms(env, { ...cells, invoice_payment_term_id: terms }) ??
      today(env),
  };
}

const journalOf = (env: Env, type: string): number | null =>
  env.tables.all('account.journal').find(({ cells }) => cells['type'] === type && cells['active'] !== false)
    ?.id ?? null;

const READONLY_WHEN_POSTED: readonly string[] = [
  'invoice_line_ids',
  'line_ids',
  'invoice_date',
  'date',
  'partner_id',
  'invoice_payment_term_id',
  'currency_id',
  'fiscal_position_id',
];

function refuseReadonly(_env: Env, rows: readonly Row[], names: readonly string[]): void {
  const touched = names.filter((name) => READONLY_WHEN_POSTED.includes(name));
  if (touched.length > 0 && rows.some(({ cells }) => cells['state'] === 'posted')) {
    throw userError(
      `You cannot modify the following readonly fields on a posted move: ${touched.join(', ')}`,
    );
  }
}

/** `write({state: 'posted'})` posts as well, without asking any of the questions of `action_post`. */
function settle(env: Env, id: number, names: readonly string[]): void {
  const before = env.tables.find('account.move', id);
  if (!before) return;
  if (names.includes('state') && before.cells['state'] === 'posted') assignNumber(env, before);
  if (env.series < 19 && before.cells['name'] === null) firstNameOf14(env, before);
  refuseTwinBill(env, before);
  recomputeMove(env, id);
}

/** On 14 the first draft of a month has its number at once, the others are called `/` until they are posted. */
function firstNameOf14(env: Env, row: Row): void {
  const others = env.tables
    .all('account.move')
    .some(
      ({ id, cells }) =>
        id !== row.id &&
        cells['journal_id'] === row.cells['journal_id'] &&
        cells['name'] !== '/' &&
        String(cells['date']).slice(0, 7) === String(row.cells['date']).slice(0, 7),
    );
  env.tables.update('account.move', row.id, { name: others ? '/' : nextNumber(env, row) });
}

/** Only 14 refuses it; on 19 both are made and both can be posted. */
function refuseTwinBill(env: Env, row: Row): void {
  const { cells } = row;
  if (env.series >= 19 || kindOf(cells['move_type']).journal !== 'purchase' || cells['ref'] === null) return;
  const twin = env.tables
    .all('account.move')
    .find(
      (other) =>
        other.id !== row.id &&
        ['ref', 'partner_id', 'move_type', 'invoice_date'].every((name) => other.cells[name] === cells[name]),
    );
  if (!twin) return;
  const partner = env.tables.find('res.partner', Number(cells['partner_id']));
  const [year, month, day] = String(cells['invoice_date']).split('-');
  throw validationError(
    'Duplicated vendor reference detected. You probably encoded twice the same vendor bill/credit note:\n' +
      `${String(partner?.cells['name'])} - ${String(cells['ref'])} - ${String(month)}/${String(day)}/${String(year)}`,
  );
}
