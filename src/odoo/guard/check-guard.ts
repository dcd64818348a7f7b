/**
 * The proof, with the key of the cloud: every known way of posting is tried on a draft over nothing, first so that Odoo
 * itself undoes it, and in earnest only when all of that was refused. Leaves that one draft, which the next check uses.
 */
import { z } from 'zod';
import { EXTERNAL_MODULE } from '../../core/odoo/external-id.ts';
import { attach } from '../attach.ts';
import { createDraft } from '../create-draft.ts';
import type { DraftInput } from '../draft-input.ts';
import { OdooFault } from '../faults.ts';
import { readDraftMove } from '../find-draft.ts';
import type { Odoo } from '../odoo.ts';
import { named, parseAnswer } from '../read-rows.ts';
import { reviseDraft } from '../revise-draft.ts';
import { directTries } from './direct-tries.ts';
import { quietTries, type Target, TRIED_DAY } from './quiet-tries.ts';
import { WAYS, type WayResult, worst } from './ways.ts';

export interface GuardCheck {
  /** One of each way, in the order of `WAYS`. */
  readonly results: readonly WayResult[];
  /** '' when creating, revising and attaching work; else why not. */
  readonly drafting: string;
  /** Did it get as far as trying in earnest? */
  readonly direct: boolean;
  /** The draft that stays behind; null: none was made. */
  readonly draft: number | null;
}

export interface CheckedOdoo {
  /** Opened with `DRAFT_CALLS`. */
  readonly drafts: Odoo;
  /** The same key, opened with `TRY_CALLS`. */
  readonly tries: Odoo;
}

/** @throws OdooFault when Odoo is away or does not take the key */
export async function checkGuard({ drafts, tries }: CheckedOdoo): Promise<GuardCheck> {
  const { target, drafting } = await draftOverNothing(drafts, tries);
  const quiet = await quietTries(tries, target);
  const certain = worst(quiet).every(harmless);
  const direct = target !== null && certain;
  const results = worst([...quiet, ...(direct ? await directTries(tries, target) : [])]);
  return { results, drafting, direct, draft: target?.draft ?? null };
}

/** What was refused quietly may be tried in earnest; one that was not is enough to leave it. */
function harmless({ fate }: WayResult): boolean {
  return fate === 'refused' || fate === 'not_tried';
}

const users = z.tuple([z.object({ partner_id: named })]);
const lines = z.array(z.object({ id: z.int().positive() })).max(1);
/** A draft of an earlier check that somebody posted or cancelled is not touched. */
const MAX_DRAFTS = 20;

async function draftOverNothing(
  drafts: Odoo,
  tries: Odoo,
): Promise<{ readonly target: Target | null; readonly drafting: string }> {
  const me = await tries.call({
    model: 'res.users',
    method: 'read',
    ids: [tries.uid],
    args: { fields: ['partner_id'] },
  });
  const [{ partner_id: partner }] = parseAnswer(users, me, 'the user');
  let target: Target | null = null;
  try {
    for (let n = 1; n <= MAX_DRAFTS && target === null; n++) {
      target = await draftNumber(drafts, tries, partner.id, n);
    }
    return {
      target,
      drafting: target === null ? 'every draft of earlier checks was posted or cancelled' : '',
    };
  } catch (error) {
    if (!(error instanceof OdooFault) || error.class === 'transient') throw error;
    return { target, drafting: error.message };
  }
}

/** Null: this one is used up. @throws OdooFault when drafting does not work */
async function draftNumber(drafts: Odoo, tries: Odoo, partner: number, n: number): Promise<Target | null> {
  const key = `${EXTERNAL_MODULE}.guard_check_${drafts.uid}_${n}`;
  const { id, created } = await createDraft(drafts, key, overNothing(partner));
  const move = await readDraftMove(drafts, id);
  if (move === null || move.state !== 'draft' || move.posted_before) return null;
  try {
    await reviseDraft(drafts, key, overNothing(partner));
  } catch (error) {
    // Somebody made something else of it, the clock was set for example.
    if (!created && error instanceof OdooFault && error.code === 'access') return null;
    throw error;
  }
  await attach(drafts, key, { name: 'handover-guard-check.txt', mimeType: 'text/plain', bytes: NOTE });
  const args = { domain: [['move_id', '=', id]], fields: ['id'], offset: 0, limit: 1, order: 'id' };
  const call = { model: 'account.move.line', method: 'search_read', ids: null, args };
  const [line] = parseAnswer(lines, await tries.call(call), 'lines');
  if (line === undefined) throw new OdooFault('malformed', 'the draft that was made has no line');
  return { draft: id, line: line.id, partner };
}

const WORDS =
  'Handover guard check. No invoice: it is tried on this draft whether the key can post. It may be deleted.';
const NOTE = Buffer.from(`${WORDS}\n`);

/** A bill from oneself over nothing: if it were posted after all, it would be over nothing. */
function overNothing(partnerId: number): DraftInput {
  return {
    type: 'in_invoice',
    partnerId,
    invoiceDate: TRIED_DAY,
    reference: 'Handover guard check',
    lines: [{ label: WORDS, quantity: 1, priceUnit: 0 }],
  };
}

/** @returns whether it is proved that the key cannot post */
export function holds({ results, drafting }: GuardCheck): boolean {
  const fine = results.every(harmless);
  return fine && drafting === '' && results.length === Object.keys(WAYS).length;
}
