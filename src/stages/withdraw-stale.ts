/**
 * Pending_Approval/email -> Skipped: an unsent draft that a newer mail of its thread made idle, once the newer card is
 * pending too. The watcher names it in the newer card (`replaces`, or `folds` when it was claimed in that moment).
 *
 * The note in the vault is only a hint, and so is the thread a mail claims: it is looked at again here whether the newer
 * mail's sender is among the people of the older one. What the user changed stays, and what once came back to them, and
 * what they brought back from Skipped (it carries `folded_into`).
 *
 * The order is move, reason. Killed in between, the next pass finds the note in Skipped without its reason.
 */
import { parseAddressList } from '../core/address-list.ts';
import type { AuditTrail } from '../core/audit-chain.ts';
import type { At } from '../core/crash-points.ts';
import { type TaskNote, text } from '../core/task-file.ts';
import { idInName } from '../core/task-id.ts';
import type { Vault } from '../vault/vault.ts';
import { isFolded, linkedNames, markFolded, readNote, tookPart } from './fold-thread.ts';
import { contentOf, type Offer, type Offers } from './offers.ts';

export interface WithdrawDeps {
  readonly vault: Pick<Vault, 'list' | 'read' | 'stat' | 'move' | 'update'>;
  readonly offers: Pick<Offers, 'find'>;
  readonly audit: AuditTrail;
  readonly at: At;
}

const PENDING = 'Pending_Approval/email';
const SKIPPED = 'Skipped';
const WITHDRAWN = 'A newer mail of this thread came; this draft was not sent.';
/** A card names one; whoever writes more into it must not keep us busy. */
const MAX_NAMED = 5;

/** One pass; gives how many were withdrawn. Each card is read once, when it is first seen pending. */
export function staleWithdrawer(deps: WithdrawDeps): () => Promise<number> {
  const older = new Map<string, readonly string[]>();
  return async () => {
    const pending = await deps.vault.list(PENDING);
    const there = new Set(pending);
    for (const name of older.keys()) if (!there.has(name)) older.delete(name);
    let withdrawn = 0;
    for (const newer of pending) {
      const names = older.get(newer) ?? (await namedBy(deps, newer));
      const open: string[] = [];
      for (const name of names) {
        const outcome = await settle(deps, newer, name);
        if (outcome === 'later') open.push(name);
        if (outcome === 'withdrawn') withdrawn += 1;
      }
      older.set(newer, open);
    }
    return withdrawn;
  };
}

async function namedBy(deps: WithdrawDeps, name: string): Promise<readonly string[]> {
  const read = await readNote(deps, { folder: PENDING, name });
  if (read === null) return [];
  const named = [...linkedNames(read.note, 'replaces'), ...linkedNames(read.note, 'folds')];
  return [...new Set(named)].filter((one) => one !== name).slice(0, MAX_NAMED);
}

/** `stays`: for good; `later`: it is still drafted, or not recorded yet. */
async function settle(
  deps: WithdrawDeps,
  newer: string,
  name: string,
): Promise<'withdrawn' | 'stays' | 'later'> {
  const ref = { folder: PENDING, name } as const;
  const read = await readNote(deps, ref);
  const aside = read === null ? await readNote(deps, { folder: SKIPPED, name }) : null;
  if (read === null && aside === null) return 'later';
  const successor = await readNote(deps, { folder: PENDING, name: newer });
  const id = idInName(name);
  if (successor === null || id === null) return 'stays';
  if (read === null) {
    if (aside === null || !isSuccessor(successor.note, aside.note)) return 'stays';
    return (await markFolded(deps, name, newer, WITHDRAWN)) === null ? 'stays' : 'withdrawn';
  }
  const verdict = mayWithdraw(successor.note, read.note, await deps.offers.find(id));
  if (verdict !== 'yes') return verdict === 'not_yet' ? 'later' : 'stays';
  const outcome = await deps.vault.move(ref, SKIPPED);
  if (outcome !== 'moved') return outcome === 'lost' ? 'later' : 'stays';
  deps.at('orchestrator:withdrawn');
  await markFolded(deps, name, newer, WITHDRAWN);
  const parameters = { for: idInName(newer) ?? newer };
  await deps.audit.append({
    action: 'draft.withdrawn',
    task: id,
    target: SKIPPED,
    parameters,
    result: 'kept',
  });
  return 'withdrawn';
}

/** @param offer what was offered of the older card. */
function mayWithdraw(newer: TaskNote, older: TaskNote, offer: Offer | null): 'yes' | 'no' | 'not_yet' {
  if (!isSuccessor(newer, older) || text(older, 'outcome') !== undefined) return 'no';
  if (offer === null) return 'not_yet';
  if (offer.touched || offer.hash === null) return 'no';
  // The whole note, not only what would be sent: a word under Feedback is the user's too.
  return offer.note === contentOf(older).note ? 'yes' : 'no';
}

/** Is `newer` a mail of the same thread, by somebody who belongs to the older one, and the older one not done with? */
function isSuccessor(newer: TaskNote, older: TaskNote): boolean {
  const from = parseAddressList(text(newer, 'from') ?? '');
  const sender = from.ok && from.addresses.length === 1 ? (from.addresses[0]?.address ?? '') : '';
  const alike = (['kind', 'account', 'thread'] as const).every(
    (property) => text(newer, property) !== undefined && text(newer, property) === text(older, property),
  );
  return alike && text(newer, 'kind') === 'email_reply' && !isFolded(older) && tookPart(sender, older);
}
