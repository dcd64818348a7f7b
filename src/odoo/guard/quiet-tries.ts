/** What can be found out without any effect: rights are asked, and writes are undone by Odoo itself. */
import { z } from 'zod';
import { OdooFault } from '../faults.ts';
import type { Odoo, OdooValue } from '../odoo.ts';
import { parseAnswer } from '../read-rows.ts';
import { clockValues, onLine, onNewDraft, POSTING_GROUPS } from './can-post.ts';
import { isInGroup, mayDo } from './rights.ts';
import { type Trial, tryAndUndo } from './rolled-back.ts';
import { RIGHTS_ASKED, type WayId, type WayResult } from './ways.ts';

/** The draft that is tried on. */
export interface Target {
  readonly draft: number;
  readonly line: number;
  /** Of the user itself. */
  readonly partner: number;
}

export const TRIED_DAY = '2020-01-01';

/** @param target null: the key can make no draft to try on @throws OdooFault when Odoo is away */
export async function quietTries(odoo: Odoo, target: Target | null): Promise<readonly WayResult[]> {
  return [
    ...(await groupTries(odoo)),
    ...(await rightTries(odoo)),
    ...(target === null ? [] : await undoneTries(odoo, target)),
    ...(target === null ? [] : await recordTries(odoo, target)),
  ];
}

async function groupTries(odoo: Odoo): Promise<WayResult[]> {
  const found: string[] = [];
  let editor = false;
  for (const { group, words } of POSTING_GROUPS) {
    if (!(await isInGroup(odoo, group))) continue;
    if (group === 'mail.group_mail_template_editor') editor = true;
    else found.push(words);
  }
  const groups: WayResult =
    found.length === 0 ? refused('groups') : open('groups', `it is in ${found.join(', ')}`);
  return [groups, editor ? open('templates', 'it is in that group') : refused('templates')];
}

async function rightTries(odoo: Odoo): Promise<WayResult[]> {
  const results: WayResult[] = [];
  for (const [way, models, operations] of RIGHTS_ASKED) {
    const may: string[] = [];
    for (const model of models) {
      for (const operation of operations) {
        if (await mayDo(odoo, model, operation)) may.push(`${operation} ${model}`);
      }
    }
    results.push(may.length === 0 ? refused(way) : open(way, `it may ${shortList(may)}`));
  }
  const may = await mayDo(odoo, 'account.move', 'unlink');
  return [...results, may ? open('delete', 'it may unlink account.move') : refused('delete')];
}

function shortList(may: readonly string[]): string {
  const more = may.length - 3;
  return may.slice(0, 3).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Each is tried on the draft itself or on a new one, seen by every rule, and undone whatever came of it. */
async function undoneTries(odoo: Odoo, target: Target): Promise<WayResult[]> {
  const { line } = target;
  const [never, byClock] = clockValues(odoo);
  const onDraft = draftTrial(odoo, target);
  const made = creationTrial(odoo, target);
  const control = await fateOf(odoo, onDraft({}));
  const controlNew = await fateOf(odoo, made({}));
  const tries: readonly (readonly [WayId, Trial, Fate])[] = [
    ['write_state', onDraft({ state: 'posted' }), control],
    ['write_state', onNewDraft(odoo, { state: 'posted' }), control],
    ['load_state', onDraft({ state: 'posted' }), control],
    ['action_post', onDraft({ state: 'posted' }), control],
    ['cancel', onDraft({ state: 'cancel' }), control],
    ['write_auto_post', onDraft({ clock: byClock }), control],
    ['write_auto_post', onNewDraft(odoo, { byClock: true }), control],
    ['write_parent_state', onLine(line), control],
    ['create_posted', made({ state: 'posted' }), controlNew],
    ['create_auto_post', made({ clock: byClock }), controlNew],
    ['entry', made({ type: 'entry', clock: never }), controlNew],
  ];
  const results: WayResult[] = [];
  for (const [way, trial, before] of tries) {
    results.push(
      before.fate === 'open' ? { way, ...(await fateOf(odoo, trial)) } : unproved(way, before.why),
    );
  }
  return results;
}

function draftTrial(odoo: Odoo, { draft }: Target) {
  const [never] = clockValues(odoo);
  return ({ state = 'draft', clock }: { readonly state?: string; readonly clock?: string }): Trial => ({
    model: 'account.move',
    columns: ['.id', ...(clock === undefined ? [] : ['auto_post']), 'state'],
    rows: [[String(draft), ...(clock === undefined ? [] : [clock]), state]],
    harmless: [String(draft), ...(clock === undefined ? [] : [never]), 'draft'],
  });
}

interface Creation {
  readonly state?: string;
  readonly clock?: string;
  readonly type?: string;
}

function creationTrial(odoo: Odoo, { partner }: Target) {
  const [never] = clockValues(odoo);
  const row = (key: string, { state = 'draft', clock = never, type = 'in_invoice' }: Creation): string[] => [
    ...[key, String(partner), TRIED_DAY],
    ...[clock, type, state],
  ];
  return (made: Creation): Trial => ({
    model: 'account.move',
    columns: ['id', 'partner_id/.id', 'invoice_date', 'auto_post', 'move_type', 'state'],
    rows: [row('handover_bridge.guard_new', made)],
    harmless: row('handover_bridge.guard_new_2', {}),
  });
}

type Fate = Omit<WayResult, 'way'>;

async function fateOf(odoo: Odoo, trial: Trial): Promise<Fate> {
  try {
    const fate = await tryAndUndo(odoo, trial);
    if (fate.is === 'taken') return { fate: 'open', why: 'Odoo took it; it was undone' };
    const refused = fate.by === 'guard' || isOfOdoo(fate.why);
    return refused ? { ...fateOfRefusal, why: fate.why } : { fate: 'unproved', why: fate.why };
  } catch (error) {
    if (!(error instanceof OdooFault) || error.class === 'transient') throw error;
    return error.code === 'access' ? fateOfRefusal : { fate: 'unproved', why: error.message };
  }
}

const fateOfRefusal: Fate = { fate: 'refused', why: '' };

/** Odoo lets nobody do that. */
export function isOfOdoo(words: string): boolean {
  return words.includes('You cannot create a move already in the posted state');
}

const rows = z.array(z.object({ id: z.int().positive() })).max(1);

/** Of somebody else's documents only the right is asked: a trial on them could set off automations of others. */
async function recordTries(odoo: Odoo, { draft }: Target): Promise<WayResult[]> {
  const drafts = [
    ['state', '=', 'draft'],
    ['create_uid', '!=', odoo.uid],
    ['id', '!=', draft],
  ];
  return [
    await recordTry(odoo, 'foreign_draft', drafts, 'there is no draft of somebody else'),
    await recordTry(odoo, 'reset', [['state', '=', 'posted']], 'nothing is posted yet'),
  ];
}

async function recordTry(
  odoo: Odoo,
  way: WayId,
  domain: readonly OdooValue[],
  none: string,
): Promise<WayResult> {
  const args = { domain, fields: ['id'], offset: 0, limit: 1, order: 'id desc' };
  const call = { model: 'account.move', method: 'search_read', ids: null, args };
  const [move] = parseAnswer(rows, await odoo.call(call), 'documents');
  if (move === undefined) return { way, fate: 'not_tried', why: none };
  const lines = await odoo.call({
    model: 'account.move.line',
    method: 'search_read',
    ids: null,
    args: { ...args, domain: [['move_id', '=', move.id]] },
  });
  const [line] = parseAnswer(rows, lines, 'lines');
  const may =
    (await mayDo(odoo, 'account.move', 'write', [move.id])) ||
    (await mayDo(odoo, 'account.move', 'unlink', [move.id])) ||
    (line !== undefined && (await mayDo(odoo, 'account.move.line', 'write', [line.id])));
  return may ? open(way, 'Odoo lets it') : refused(way);
}

function refused(way: WayId): WayResult {
  return { way, fate: 'refused', why: '' };
}

function open(way: WayId, why: string): WayResult {
  return { way, fate: 'open', why };
}

function unproved(way: WayId, why: string): WayResult {
  return { way, fate: 'unproved', why: `a harmless change did not work either: ${why || 'no right'}` };
}
