import type { EffectWord } from '../core/approval-step.ts';
import { type Edge, edgeOf } from '../core/card-action.ts';
import { localTime } from '../core/local-time.ts';
import { doneFolder, type TaskFolder } from '../core/states.ts';
import type { TaskId } from '../core/task-id.ts';
import type { Logger } from '../runtime/logger.ts';
import type { NoteRef } from '../vault/vault.ts';
import type { CardDeps } from './approval-card.ts';
import { edgeFor, type EffectEdge } from './effect-edge.ts';
import type { EffectView } from './mail-effects.ts';

const MINE = 'In_Progress/local-agent';

/**
 * Looks after every task whose effect is under way but whose note is not where it should be: put back
 * what a peer deleted (the yes stands), settle a doubt the user answered by moving the note or by
 * `handover resolve`, forget what is finished.
 */
export async function restoreEffects(deps: CardDeps & { readonly log: Logger }, lane?: Edge): Promise<void> {
  const ids = (await deps.active.list()).filter((id) => lane === undefined || edgeOf(id) === lane);
  if (ids.length === 0) return;
  const mine = await deps.vault.list(MINE);
  for (const id of ids) {
    if (mine.some((name) => name.includes(id)) || (await claimedUnderAnotherName(deps, id, mine))) continue;
    const view = await edgeFor(deps.edges, id).journal.view(id);
    if (!view.sealed || view.word === 'none') await deps.active.remove(id);
    else await restoreOne(deps, id, view, view.sealed);
  }
}

/** The user, or whoever wrote the note, may have given it a name without its id. */
async function claimedUnderAnotherName(
  deps: CardDeps,
  id: TaskId,
  mine: readonly string[],
): Promise<boolean> {
  for (const name of mine) {
    const read = await deps.vault.read({ folder: MINE, name });
    if (read.ok && (await deps.active.claimed(id, read.text))) return true;
  }
  return false;
}

async function restoreOne(
  deps: CardDeps & { readonly log: Logger },
  id: TaskId,
  view: EffectView,
  sealed: NonNullable<EffectView['sealed']>,
): Promise<void> {
  const edge = edgeFor(deps.edges, id);
  const lies = await findTask(deps, id, edge, sealed.noteName, view.word);
  if (view.word === 'in_doubt' && lies && edge.asks) {
    // Approved: the next claim is the answer. Pending: the question is still open.
    if (lies.folder !== 'Rejected') return;
    await edge.journal.resolve(id, 'user_sent', 'the user moved the card to Rejected');
    await deps.audit.append({ action: `${edge.audit}.resolved`, task: id, result: 'not_sent_again' });
    return forget(deps, id);
  }
  if (view.word === 'done' && lies) {
    // Rejected says "do not send it again" where the card asked; elsewhere it came too late.
    if (lies.folder.startsWith('Done/') || (lies.folder === 'Rejected' && edge.asks)) {
      return forget(deps, id);
    }
    // `handover resolve --sent` while the question lay in Pending_Approval.
    await deps.vault.move(lies, MINE);
    return;
  }
  if (lies && (view.word === 'ready' || view.word === 'waiting')) {
    // Taken out of our folder before it left: a late undo. The next yes seals anew.
    await edge.journal.release(id, 'the card was taken back');
    await deps.audit.append({
      action: `${edge.audit}.taken_back`,
      task: id,
      result: `not_${edge.act.did}`,
    });
    return deps.active.remove(id);
  }
  if (lies && view.word === 'in_doubt') {
    // Moved away while it was not known whether it happened: what can be seen says which of the two above it is.
    const doubt = await edge.doubt({ id, view });
    if (doubt.is === 'happened' || doubt.is === 'not_happened')
      await edge.journal.resolve(id, doubt.how, doubt.evidence);
    return;
  }
  deps.log.warn({ task: id }, 'a note under way vanished; restored from the seal');
  await deps.vault.create({ folder: MINE, name: sealed.noteName }, sealed.noteText);
}

async function forget(deps: CardDeps, id: TaskId): Promise<void> {
  await deps.offers.forget(id);
  await deps.active.remove(id);
}

async function findTask(
  deps: CardDeps,
  id: TaskId,
  edge: EffectEdge,
  name: string,
  word: EffectWord,
): Promise<NoteRef | null> {
  const months = word === 'done' ? recentMonths(deps) : [];
  for (const folder of [edge.folder, 'Approved', ...months] satisfies TaskFolder[]) {
    const found = (await deps.vault.list(folder)).find((other) => other.includes(id));
    if (found !== undefined) return { folder, name: found };
  }
  return deps.vault.find(name, ['Rejected']);
}

/** This month and the one of a few days ago: a crash at midnight of the last day. */
function recentMonths(deps: CardDeps): TaskFolder[] {
  const now = deps.clock.now();
  const months = [now, now - 5 * 86_400_000].map((ms) => doneFolder(localTime(ms, deps.timeZone)));
  return [...new Set(months)];
}
