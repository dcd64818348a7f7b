/** May the key of this machine post? Asked at the start and every hour, without any effect. */
import { EXTERNAL_MODULE } from '../../core/odoo/external-id.ts';
import { z } from 'zod';
import { OdooFault } from '../faults.ts';
import type { Odoo } from '../odoo.ts';
import { parseAnswer } from '../read-rows.ts';
import { majorOf } from '../server-version.ts';
import { isInGroup, mayDo } from './rights.ts';
import { type Trial, type TrialFate, tryAndUndo } from './rolled-back.ts';

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
  const fate = async (trial: Trial): Promise<Fate> => fateOf(await tryAndUndo(odoo, trial, signal));
  // Nothing may be refused here, or the other trials prove nothing; unless it can write no document at all.
  if ((await fate(onNewDraft(odoo, {}))) !== 'taken') {
    return [(await mayDo(odoo, 'account.move', 'write')) ? 'unclear' : 'refused'];
  }
  const line = await ownDraftLine(odoo, signal);
  return [
    await fate(onNewDraft(odoo, { state: 'posted' })),
    await fate(onNewDraft(odoo, { byClock: true })),
    ...(line === null ? [] : [await fate(onLine(line))]),
  ];
}

const DAY = '2020-01-01';
const KEY = `${EXTERNAL_MODULE}.guard_look`;

/** A draft without lines is made, changed, and both undone: what guards the lines does not help it. */
export function onNewDraft(
  odoo: Odoo,
  change: { readonly state?: string; readonly byClock?: boolean },
): Trial {
  const [never, byClock] = clockValues(odoo);
  const dated = change.byClock === undefined ? [] : [DAY];
  const row = (key: string, clock: string, state: string): string[] => [
    ...[key, 'in_invoice', ...dated],
    ...(change.byClock === undefined ? [] : [clock]),
    state,
  ];
  return {
    model: 'account.move',
    // Nothing else: Odoo takes no other field together with a state.
    columns: [
      'id',
      'move_type',
      ...(change.byClock === undefined ? [] : ['invoice_date', 'auto_post']),
      'state',
    ],
    rows: [
      row(KEY, never, 'draft'),
      row(KEY, change.byClock === true ? byClock : never, change.state ?? 'draft'),
    ],
    harmless: row(`${KEY}_2`, never, 'draft'),
  };
}

export function onLine(line: number): Trial {
  return {
    model: 'account.move.line',
    columns: ['.id', 'parent_state'],
    rows: [[String(line), 'posted']],
    harmless: [String(line), 'draft'],
  };
}

/** Of `auto_post`, as cells of `load`: a choice since 16, yes or no before. */
export function clockValues(odoo: Odoo): readonly [never: string, byClock: string] {
  return majorOf(odoo.version) >= 16 ? ['no', 'at_date'] : ['0', '1'];
}

function fateOf(fate: TrialFate): Fate {
  if (fate.is === 'taken') return 'taken';
  return fate.by === 'guard' ? 'refused' : 'unclear';
}

const lines = z.array(z.object({ id: z.int().positive() })).max(1);

/** If there is one: a new one cannot be reached in the same trial. */
async function ownDraftLine(odoo: Odoo, signal: AbortSignal | undefined): Promise<number | null> {
  const domain = [
    ['parent_state', '=', 'draft'],
    ['create_uid', '=', odoo.uid],
  ];
  const args = { domain, fields: ['id'], offset: 0, limit: 1, order: 'id desc' };
  const call = { model: 'account.move.line', method: 'search_read', ids: null, args };
  return parseAnswer(lines, await odoo.call(call, signal), 'lines')[0]?.id ?? null;
}
