import { holdOf, nextStep } from '../core/approval-step.ts';
import { type Edge, edgeOf } from '../core/card-action.ts';
import { localTime } from '../core/local-time.ts';
import { propertyText } from '../core/neutralise.ts';
import { idInName, isTaskId } from '../core/task-id.ts';
import { list, type TaskNote, text, withData } from '../core/task-file.ts';
import type { Logger } from '../runtime/logger.ts';
import { clock, quietUntil } from '../core/quiet-hours.ts';
import { type NoteRef, VaultFault } from '../vault/vault.ts';
import { bounce, finish, parsed } from './approval-card.ts';
import { changedSinceShown, type CheckDeps, checkApproval } from './check-approval.ts';
import { edgeFor, type Task } from './effect-edge.ts';
import { type Bounces, claimBounces, isBounce, takeBounce } from './take-bounce.ts';
import { restoreEffects } from './restore-effects.ts';

export interface ApprovalDeps extends CheckDeps {
  readonly log: Logger;
  readonly undoMs: number;
  /** Does this error mean that nothing may go on (the audit log cannot be written)? */
  readonly isSystemFault: (error: unknown) => boolean;
  /**
   * Why no effect may happen now, in words for the user; asked before each of them. The answer is not from
   * before `notBefore` (ms).
   */
  readonly gate: (notBefore?: number) => Promise<string | null>;
  /** Notes in our folder that are being drafted, not approved. */
  readonly drafting: { readonly has: (name: string) => Promise<boolean> };
  /** Delivery reports about mails of ours; absent: they are left where they lie. */
  readonly bounces?: Bounces | undefined;
}

const MINE = 'In_Progress/local-agent';
/** Claims of one pass; then what is under way is looked at again, however many notes were dragged at once. */
const MAX_CLAIMS = 200;
const RECHECK_MS = 15_000;
/** What the server puts off for a day is no longer what the user expects to happen by itself. */
const GIVE_UP_MS = 24 * 3_600_000;

/**
 * One pass: what is under way first, then new approvals, in the order of their names. With a `lane` only the notes of
 * that edge: an Odoo that does not answer keeps no mail waiting. A name without an id is the mails'.
 */
export async function scanApprovals(deps: ApprovalDeps, signal: AbortSignal, lane?: Edge): Promise<void> {
  const inLane = (name: string) => lane === undefined || edgeOf(idInName(name) ?? '') === lane;
  await restoreEffects(deps, lane);
  const paused = await deps.vault.paused();
  deps.waiting(paused ? 'PAUSE.md is there: nothing is sent until it is removed' : null);
  await mayAct(deps);
  const { bounces } = deps;
  if (bounces && lane !== 'odoo') await claimBounces({ ...deps, bounces }, signal);
  for (const name of (await deps.vault.list(MINE)).filter(inLane)) {
    if (signal.aborted) return;
    if (await deps.drafting.has(name)) continue;
    await oneNote(deps, name, () => advance(deps, { folder: MINE, name }, null));
  }
  let claims = 0;
  for (const name of (await deps.vault.list('Approved')).filter(inLane)) {
    if (signal.aborted) return;
    if (claims >= MAX_CLAIMS) {
      deps.wakeAt(deps.clock.now());
      return;
    }
    if (await oneNote(deps, name, () => takeApproved(deps, { folder: 'Approved', name }))) claims++;
  }
}

/**
 * A link that the note was moved through is known to Syncthing up to two seconds after it came: with another
 * machine a yes is no sooner taken than that, and what is known then counts.
 */
const SETTLED_MS = 3_000;

/** Says so when nothing may be sent; everything else goes on. */
async function mayAct(deps: ApprovalDeps, notBefore = 0): Promise<boolean> {
  const closed = await deps.gate(notBefore);
  if (closed !== null) deps.waiting(`nothing is sent: ${closed}`);
  return closed === null;
}

function keepQuiet(deps: ApprovalDeps, until: number): void {
  const to = deps.quiet ? clock(deps.quiet.to) : '';
  deps.waiting(`quiet hours: no mail is sent until ${to}`);
  deps.wakeAt(until);
}

/** One bad note never stops the others; a vault or a log that cannot be trusted stops all. */
async function oneNote<T>(deps: ApprovalDeps, name: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VaultFault || deps.isSystemFault(error)) throw error;
    deps.log.error({ err: error, note: name }, 'approval could not be carried on');
    deps.wakeAt(deps.clock.now() + RECHECK_MS);
    return null;
  }
}

/** @returns whether the note was claimed. */
async function takeApproved(deps: ApprovalDeps, ref: NoteRef): Promise<boolean> {
  const read = await deps.vault.read(ref);
  if (!read.ok && read.why === 'gone') return false;
  const note = read.ok ? parsed(read.text) : null;
  const now = deps.clock.now();
  const approvedAt = Math.min(read.ok ? read.stat.ctimeMs : now, now);
  const paused = await deps.vault.paused();
  const undoMs = deps.synced ? Math.max(deps.undoMs, SETTLED_MS) : deps.undoMs;
  const id = note ? text(note, 'id') : undefined;
  const quiet = edgeOf(id ?? '') === 'mail' ? (deps.quiet ?? null) : null;
  const hold = holdOf(note, { now, paused, approvedAt, undoMs, timeZone: deps.timeZone, quiet });
  if (hold) {
    if (hold.why === 'quiet') keepQuiet(deps, hold.until);
    else if (hold.why !== 'paused') deps.wakeAt(hold.until);
    return false;
  }
  if (!(await mayAct(deps, deps.synced ? approvedAt + SETTLED_MS : 0))) return false;
  if (isTaskId(id) && read.ok) await deps.active.add(id, read.text);
  const claimed = await deps.vault.moveToFreeName(ref, MINE);
  if (claimed.name === null) return false;
  deps.at('handler:claimed');
  await advance(deps, { folder: MINE, name: claimed.name }, approvedAt);
  return true;
}

/** Carries one claimed note as far as it goes now. `approvedAt` (ms) is null when it was found here. */
async function advance(deps: ApprovalDeps, ref: NoteRef, approvedAt: number | null): Promise<void> {
  const read = await deps.vault.read(ref);
  if (!read.ok && read.why === 'gone') return;
  const note = read.ok ? parsed(read.text) : null;
  const id = note ? text(note, 'id') : undefined;
  if (!read.ok || !note || !isTaskId(id)) {
    const why = read.ok ? 'Its properties cannot be read, or `id` is missing.' : `It is ${read.why}.`;
    await deps.vault.quarantine(ref, why);
    return;
  }
  const edge = edgeFor(deps.edges, id);
  const view = await edge.journal.view(id);
  const claimed = await deps.active.claimed(id, read.text);
  if (deps.bounces && approvedAt === null && (await isReport(deps, { note, id, view, claimed }))) {
    const report = { note, id };
    return takeBounce({ ...deps, bounces: deps.bounces }, ref, report, (card) => advance(deps, card, null));
  }
  // What lies there is not proved to be what was approved; from the seal on, the seal's text is.
  const sealedNote =
    deps.synced && approvedAt === null && !claimed ? parsed(view.sealed?.noteText ?? '') : null;
  const task: Task = {
    ref,
    note: sealedNote ?? note,
    id,
    edge,
    view,
    approvedAt: approvedAt ?? Math.min(read.stat.ctimeMs, deps.clock.now()),
  };
  const step = nextStep({
    effect: view.word,
    fresh: approvedAt !== null,
    claimed,
    // With a peer that can write here, what we wrote and what it wrote look the same: we say it once more.
    outcome: sealedNote === null ? outcomeOf(note, edge.asks) : undefined,
  });
  const putOff = (step === 'send' || step === 'wait') && view.retryAt !== undefined;
  if (putOff && deps.clock.now() - task.approvedAt > GIVE_UP_MS) {
    return bounce(deps, task, edge.words.putOff(view.words));
  }
  if (step === 'check' || step === 'send' || step === 'resend') {
    if (!(await mayAct(deps))) return;
    const until = edge.quiet ? quietUntil(deps.clock.now(), deps.quiet ?? null, deps.timeZone) : null;
    if (until !== null) {
      keepQuiet(deps, until);
      return;
    }
  }
  switch (step) {
    case 'check':
      return checkAndSend(deps, task);
    case 'send':
      return send(deps, task);
    case 'wait':
      if (view.words !== undefined) deps.waiting(edge.words.waits(view.words));
      deps.wakeAt(view.retryAt ?? deps.clock.now() + RECHECK_MS);
      return;
    case 'finish':
      return finish(deps, task);
    case 'look':
      return look(deps, task);
    case 'resend':
      return resend(deps, task);
    default:
      return giveBack(deps, task, step);
  }
}

/** Whatever a note says it is: what was offered, approved or sealed under its id is no delivery report. */
async function isReport(
  deps: ApprovalDeps,
  found: Pick<Task, 'note' | 'id' | 'view'> & { readonly claimed: boolean },
): Promise<boolean> {
  if (!isBounce(found.note) || found.view.word !== 'none' || found.claimed) return false;
  return (await deps.offers.find(found.id)) === null;
}

/** Only a card that asks can be answered by moving it. */
function outcomeOf(note: TaskNote, asks: boolean): string | undefined {
  const outcome = text(note, 'outcome');
  return outcome === 'in_doubt' && !asks ? undefined : outcome;
}

/** The user was asked whether it happened, and says: do it again. */
async function resend(deps: ApprovalDeps, task: Task): Promise<void> {
  const changed = await changedSinceShown(deps, task);
  if (changed === 'wait') return;
  // The question was not there to be read: it is asked again, and nothing is answered.
  if (changed !== null) {
    const question = task.edge.words.doubt(task.view.words);
    return bounce(deps, task, { ...question, lines: [...question.lines, ...changed] }, [], 'in_doubt');
  }
  await task.edge.journal.resolve(task.id, 'user_resend', 'the user moved the card to Approved again');
  deps.at('handler:doubt-answered');
  return checkAndSend(deps, task);
}

async function giveBack(
  deps: ApprovalDeps,
  task: Task,
  step: 'bounce_failed' | 'bounce_done' | 'bounce_unreadable' | 'bounce_unclaimed' | 'return',
): Promise<void> {
  const { words, audit } = task.edge;
  switch (step) {
    case 'return':
      return bounce(deps, task, null, [], 'bounced', false);
    case 'bounce_done':
      return bounce(deps, task, words.happenedBefore);
    case 'bounce_unclaimed':
      return bounce(deps, task, words.unclaimed, [], 'bounced', false);
    case 'bounce_unreadable':
      return bounce(deps, task, words.unreadable);
    case 'bounce_failed':
      if (task.view.returned !== undefined && words.returned)
        return bounce(deps, cameBack(deps, task), words.returned(task.view.words, task.view.returned));
      await deps.audit.append({
        action: `${audit}.failed`,
        task: task.id,
        result: (task.view.words ?? '').slice(0, 200),
      });
      return bounce(deps, task, words.failed(task.view.words));
  }
}

const KEPT_RETURNS = 10;

/** What Done said is over; when it was sent and what came back stays with the card. */
function cameBack(deps: ApprovalDeps, task: Task): Task {
  const sent = text(task.note, 'sent_at') ?? localTime(task.view.attemptAt ?? 0, deps.timeZone);
  const line = `${sent.replace('T', ' ')} ${propertyText(task.view.words ?? '', 200)}`;
  const history = [...list(task.note, 'returned'), line].slice(-KEPT_RETURNS);
  const note = withData(task.note, { sent_at: undefined, sent_message_id: undefined, returned: history });
  return { ...task, note };
}

async function checkAndSend(deps: ApprovalDeps, task: Task): Promise<void> {
  const sealed = await checkApproval(deps, task);
  if (sealed !== null) await send(deps, sealed);
}

async function send(deps: ApprovalDeps, task: Task): Promise<void> {
  const { words, journal } = task.edge;
  const outcome = await task.edge.send(task.id);
  deps.at('handler:effect-returned');
  switch (outcome.kind) {
    case 'paused':
      return;
    case 'limited':
      deps.waiting(words.limited(outcome.until));
      deps.wakeAt(outcome.until);
      return;
    case 'quiet': {
      keepQuiet(deps, outcome.until);
      return;
    }
    case 'waits':
      deps.waiting(outcome.words);
      deps.wakeAt(deps.clock.now() + RECHECK_MS);
      return;
    case 'dry_run':
      return bounce(deps, task, words.dryRun(outcome.file), undefined, 'dry_run');
    case 'unknown': {
      deps.log.warn({ task: task.id, why: outcome.why }, `no answer from ${words.server}`);
      const silent = words.silent(outcome.why);
      if (silent !== null) deps.waiting(silent);
      deps.wakeAt(deps.clock.now() + RECHECK_MS);
      return;
    }
    case 'settled':
      return afterSend(deps, { ...task, view: await journal.view(task.id) });
  }
}

async function afterSend(deps: ApprovalDeps, task: Task): Promise<void> {
  const { view } = task;
  switch (view.word) {
    case 'done':
      return finish(deps, task);
    case 'failed':
      return giveBack(deps, task, 'bounce_failed');
    case 'in_doubt':
      return look(deps, task, 'later');
    default:
      deps.wakeAt(view.retryAt ?? deps.clock.now() + RECHECK_MS);
      return;
  }
}

/** In doubt: what can be seen settles it. `goOn`: what did not happen is done now, or, just tried, in a while. */
async function look(deps: ApprovalDeps, task: Task, goOn: 'now' | 'later' = 'now'): Promise<void> {
  const { journal, audit } = task.edge;
  const doubt = await task.edge.doubt(task);
  switch (doubt.is) {
    case 'wait':
      if (doubt.words !== null) deps.waiting(doubt.words);
      deps.wakeAt(doubt.at);
      return;
    case 'ask':
      await deps.audit.append({ action: `${audit}.in_doubt`, task: task.id, result: 'asked' });
      return bounce(deps, task, doubt.words, undefined, 'in_doubt');
    case 'happened':
      await journal.resolve(task.id, doubt.how, doubt.evidence);
      return finish(deps, { ...task, view: await journal.view(task.id) });
    case 'not_happened': {
      await journal.resolve(task.id, doubt.how, doubt.evidence);
      deps.at('invoice:doubt-settled');
      const settled = { ...task, view: await journal.view(task.id) };
      if (!doubt.asSealed) return checkAndSend(deps, settled);
      if (goOn === 'now') return send(deps, settled);
      deps.wakeAt(deps.clock.now() + RECHECK_MS);
      return;
    }
  }
}
