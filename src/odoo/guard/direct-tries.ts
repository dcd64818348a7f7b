/**
 * The same ways in earnest, on the draft that is thrown away. Only after every quiet try was refused: then the worst
 * that can become of it is a document over nothing.
 */
import { OdooFault } from '../faults.ts';
import type { Odoo, OdooCall, OdooValue } from '../odoo.ts';
import { ids, parseAnswer } from '../read-rows.ts';
import { majorOf } from '../server-version.ts';
import { isOfOdoo, TRIED_DAY, type Target } from './quiet-tries.ts';
import { isRefusal } from './rolled-back.ts';
import type { WayId, WayResult } from './ways.ts';

/** @throws OdooFault when Odoo is away */
export async function directTries(odoo: Odoo, target: Target): Promise<readonly WayResult[]> {
  const results: WayResult[] = [];
  for (const [way, call] of tries(odoo, target)) results.push(await attempt(odoo, way, call));
  results.push(await loadTry(odoo, target));
  return results;
}

function tries(odoo: Odoo, { draft, line, partner }: Target): readonly (readonly [WayId, OdooCall])[] {
  const byClock = majorOf(odoo.version) >= 16 ? 'at_date' : true;
  const groups = majorOf(odoo.version) >= 19 ? 'group_ids' : 'groups_id';
  const move = (vals: Readonly<Record<string, OdooValue>>): OdooCall => write('account.move', draft, vals);
  const made = { move_type: 'in_invoice', partner_id: partner, invoice_date: TRIED_DAY };
  const onDraft = (method: string): OdooCall => ({ model: 'account.move', method, ids: [draft], args: {} });
  return [
    ['action_post', onDraft('action_post')],
    ['write_state', move({ state: 'posted' })],
    ['write_auto_post', move({ auto_post: byClock })],
    ['write_parent_state', write('account.move.line', line, { parent_state: 'posted' })],
    ['create_posted', create('account.move', { ...made, state: 'posted' })],
    ['create_auto_post', create('account.move', { ...made, auto_post: byClock })],
    ['entry', create('account.move', { move_type: 'entry' })],
    ['validate_wizard', create('validate.account.move', {})],
    ['reversal', create('account.move.reversal', {})],
    ['payment', create('account.payment', { payment_type: 'inbound', partner_id: partner, amount: 0 })],
    ['payment_register', create('account.payment.register', {})],
    ['server_action', create('ir.actions.server', { name: 'handover guard check', state: 'code' })],
    ['automation', create('base.automation', { name: 'handover guard check' })],
    // No command: if Odoo takes it, nothing has changed.
    ['own_groups', write('res.users', odoo.uid, { [groups]: [] })],
    ['cancel', onDraft('button_cancel')],
    ['delete', onDraft('unlink')],
  ];
}

function write(model: string, id: number, vals: Readonly<Record<string, OdooValue>>): OdooCall {
  return { model, method: 'write', ids: [id], args: { vals } };
}

function create(model: string, vals: Readonly<Record<string, OdooValue>>): OdooCall {
  return { model, method: 'create', ids: null, args: { vals_list: [vals] } };
}

async function attempt(odoo: Odoo, way: WayId, call: OdooCall): Promise<WayResult> {
  try {
    const answer = await odoo.call(call);
    if (call.method === 'create') await takeBack(odoo, call.model, answer);
    return { way, fate: 'open', why: 'Odoo did it' };
  } catch (error) {
    if (!(error instanceof OdooFault) || error.class === 'transient') throw error;
    const byGuard = error.code === 'access' || isRefusal(error.message) || isOfOdoo(error.message);
    return { way, fate: byGuard ? 'refused' : 'unproved', why: byGuard ? '' : error.message };
  }
}

async function takeBack(odoo: Odoo, model: string, answer: OdooValue): Promise<void> {
  const made = parseAnswer(ids, answer, model);
  try {
    for (const id of made) await odoo.call({ model, method: 'unlink', ids: [id], args: {} });
  } catch (error) {
    // What it may make and not delete stays; that it could make it is the finding.
    if (!(error instanceof OdooFault)) throw error;
  }
}

/** `load` faults for nothing; it says what was wrong. */
async function loadTry(odoo: Odoo, { draft }: Target): Promise<WayResult> {
  const answer = await odoo.call({
    model: 'account.move',
    method: 'load',
    ids: null,
    args: { fields: ['.id', 'state'], data: [[String(draft), 'posted']] },
    context: { mode: 'update' },
  });
  const said = JSON.stringify(answer);
  if (isRefusal(said)) return { way: 'load_state', fate: 'refused', why: '' };
  return /"ids":\[\d/.test(said)
    ? { way: 'load_state', fate: 'open', why: 'Odoo did it' }
    : { way: 'load_state', fate: 'unproved', why: 'Odoo refused it for another reason' };
}
