/** May the key of this machine post? Asked at the start and every hour, without any effect. */
import { EXTERNAL_MODULE } from '../../core/odoo/external-id.ts';
import { z } from 'zod';
import { OdooFault } from '../faults.ts';
import type { Odoo } from '../odoo.ts';
import { parseAnswer } from '../read-rows.ts';
import { majorOf } from '../server-version.ts';
import { isInGroup, mayDo } from './rights.ts';
import { type RowFate, tryAndUndo } from './rolled-back.ts';

/** Who is in one of these can post, or make itself able to; why is said in docs/odoo-guard.md. */
export const POSTING_GROUPS = [
  { group: 'account.group_account_invoice', words: 'Invoicing' },
  { group: 'base.group_system', words: 'Settings' },
  { group: 'base.group_erp_manager', words: 'Access Rights' },
  // An expression in a template can act as any user.
  { group: 'mail.group_mail_template_editor', words: 'Mail Template Editor' },
] as const;

/**
 * `unknown`: Odoo answered, and it is not proved. About ten calls.
 * @param odoo opened with `LOOK_CALLS`
 * @throws OdooFault when Odoo is away or does not take the key
 */
export async function canPost(odoo: Odoo, signal?: AbortSignal): Promise<'no' | 'yes' | 'unknown'> {
  try {
    for (const { group } of POSTING_GROUPS) {
      if (await isInGroup(odoo, group, signal)) return 'yes';
    }
    const fates = await trials(odoo, signal);
    if (fates.some((fate) => fate === 'taken')) return 'yes';
    return fates.every((fate) => fate === 'refused') ? 'no' : 'unknown';
  } catch (error) {
    if (error instanceof OdooFault && UNDECIDED.includes(error.class)) return 'unknown';
    throw error;
  }
}

/** About a call of ours, not about the connection. */
const UNDECIDED: readonly string[] = ['configuration', 'logic', 'data'];

type Fate = 'taken' | 'refused' | 'unclear';

async function trials(odoo: Odoo, signal: AbortSignal | undefined): Promise<readonly Fate[]> {
  const control = await onNewDraft(odoo, ['state'], ['draft'], ['draft'], signal);
  // Nothing may be refused here, or the other trials prove nothing; unless it can write no document at all.
  if (control !== 'taken') return [(await mayDo(odoo, 'account.move', 'write')) ? 'unclear' : 'refused'];
  const [never, byClock] = majorOf(odoo.version) >= 16 ? ['no', 'at_date'] : ['0', '1'];
  return [
    await onNewDraft(odoo, ['state'], ['draft'], ['posted'], signal),
    await onNewDraft(
      odoo,
      // The last column is the one with nonsense; a yes or no has none.
      ['invoice_date', 'auto_post', 'move_type'],
      [DAY, never, BILL],
      [DAY, byClock, BILL],
      signal,
    ),
    ...(await lineTrial(odoo, signal)),
  ];
}

const BILL = 'in_invoice';
const DAY = '2020-01-01';
const KEY = `${EXTERNAL_MODULE}.guard_look`;

/** A draft is made, changed, and both undone. */
async function onNewDraft(
  odoo: Odoo,
  columns: readonly string[],
  made: readonly string[],
  changed: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Fate> {
  const typed = columns.includes('move_type');
  const row = (cells: readonly string[]): string[] => [KEY, ...(typed ? [] : [BILL]), ...cells];
  const [first, second] = await tryAndUndo(
    odoo,
    {
      model: 'account.move',
      columns: ['id', ...(typed ? [] : ['move_type']), ...columns],
      rows: [row(made), row(changed)],
    },
    signal,
  );
  const fate = fateOf(second);
  // Odoo tells the first row what it has against both; alone it says nothing of the second.
  return fate === 'taken' && first?.is !== 'taken' ? 'unclear' : fate;
}

function fateOf(fate: RowFate | undefined): Fate {
  if (fate === undefined) return 'unclear';
  if (fate.is === 'taken') return 'taken';
  return fate.by === 'guard' ? 'refused' : 'unclear';
}

const lines = z.array(z.object({ id: z.int().positive() })).max(1);

/** On a line of a draft of its own, if there is one: a new one cannot be reached in the same trial. */
async function lineTrial(odoo: Odoo, signal: AbortSignal | undefined): Promise<readonly Fate[]> {
  const domain = [
    ['parent_state', '=', 'draft'],
    ['create_uid', '=', odoo.uid],
  ];
  const args = { domain, fields: ['id'], offset: 0, limit: 1, order: 'id desc' };
  const call = { model: 'account.move.line', method: 'search_read', ids: null, args };
  const [line] = parseAnswer(lines, await odoo.call(call, signal), 'lines');
  if (line === undefined) return [];
  const rows = [[String(line.id), 'posted']];
  const trial = { model: 'account.move.line', columns: ['.id', 'parent_state'], rows };
  return (await tryAndUndo(odoo, trial, signal)).map(fateOf);
}
