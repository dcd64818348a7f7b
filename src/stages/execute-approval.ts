import { holdOf, nextStep } from '../core/approval-step.ts';
import type { Verdict } from '../core/body.ts';
import { isTaskId } from '../core/task-id.ts';
import { text } from '../core/task-file.ts';
import type { Logger } from '../runtime/logger.ts';
import { type NoteRef, VaultFault } from '../vault/vault.ts';
import { bounce, finish, parsed, type Task } from './approval-card.ts';
import { changedSinceShown, type CheckDeps, checkApproval } from './check-approval.ts';
import { restoreEffects } from './restore-effects.ts';

export interface ApprovalDeps extends CheckDeps {
  readonly log: Logger;
  readonly undoMs: number;
  /** How long Sent is searched before the user is asked. */
  readonly doubtMs: number;
  /** Does this error mean that nothing may go on (the audit log cannot be written)? */
  readonly isSystemFault: (error: unknown) => boolean;
  /**
   * Why no effect may happen now, in words for the user; asked before each of them. The answer is not from
   * before `notBefore` (ms).
   */
  readonly gate: (notBefore?: number) => Promise<string | null>;
  /** Notes in our folder that are being drafted, not approved. */
  readonly drafting: { readonly has: (name: string) => Promise<boolean> };
}

const MINE = 'In_Progress/local-agent';
/** Claims of one pass; then what is under way is looked at again, however many notes were dragged at once. */
const MAX_CLAIMS = 200;
const RECHECK_MS = 15_000;
/** A mail that the server puts off for a day is no longer what the user expects to go out by itself. */
const GIVE_UP_MS = 24 * 3_600_000;

/** One pass: what is under way first, then new approvals, in the order of their names. */
export async function scanApprovals(deps: ApprovalDeps, signal: AbortSignal): Promise<void> {
  await restoreEffects(deps);
  const paused = await deps.vault.paused();
  deps.waiting(paused ? 'PAUSE.md is there: nothing is sent until it is removed' : null);
  await mayAct(deps);
  for (const name of await deps.vault.list(MINE)) {
    if (signal.aborted) return;
    if (await deps.drafting.has(name)) continue;
    await oneNote(deps, name, () => advance(deps, { folder: MINE, name }, null));
  }
  let claims = 0;
  for (const name of await deps.vault.list('Approved')) {
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
  const hold = holdOf(note, { now, paused, approvedAt, undoMs, timeZone: deps.timeZone });
  if (hold) {
    if (hold.why !== 'paused') deps.wakeAt(hold.until);
    return false;
  }
  if (!(await mayAct(deps, deps.synced ? approvedAt + SETTLED_MS : 0))) return false;
  const id = note ? text(note, 'id') : undefined;
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
  const view = await deps.journal.view(id);
  const claimed = await deps.active.claimed(id, read.text);
  // What lies there is not proved to be what was approved; from the seal on, the seal's text is.
  const sealedNote =
    deps.synced && approvedAt === null && !claimed ? parsed(view.sealed?.noteText ?? '') : null;
  const task: Task = {
    ref,
    note: sealedNote ?? note,
    id,
    view,
    approvedAt: approvedAt ?? Math.min(read.stat.ctimeMs, deps.clock.now()),
  };
  const step = nextStep({
    effect: view.word,
    fresh: approvedAt !== null,
    claimed,
    // With a peer that can write here, what we wrote and what it wrote look the same: we say it once more.
    outcome: sealedNote === null ? text(note, 'outcome') : undefined,
  });
  const putOff = (step === 'send' || step === 'wait') && view.retryAt !== undefined;
  if (putOff && deps.clock.now() - task.approvedAt > GIVE_UP_MS) {
    return bounce(deps, task, putOffWords(view.words));
  }
  if ((step === 'check' || step === 'send' || step === 'resend') && !(await mayAct(deps))) return;
  switch (step) {
    case 'check':
      return checkAndSend(deps, task);
    case 'send':
      return send(deps, task);
    case 'wait':
      if (view.words !== undefined) deps.waiting(`a mail waits for the server: ${view.words.slice(0, 120)}`);
      deps.wakeAt(view.retryAt ?? deps.clock.now() + RECHECK_MS);
      return;
    case 'finish':
      return finish(deps, task);
    case 'look':
      return look(deps, task);
    case 'resend': {
      const changed = await changedSinceShown(deps, task);
      if (changed === 'wait') return;
      // The question was not there to be read: it is asked again, and nothing is answered.
      if (changed !== null) {
        const question = doubtWords(task, 'asked');
        return bounce(deps, task, { ...question, lines: [...question.lines, ...changed] }, [], 'in_doubt');
      }
      await deps.journal.resolve(id, 'user_resend', 'the user moved the card to Approved again');
      deps.at('handler:doubt-answered');
      return checkAndSend(deps, task);
    }
    default:
      return giveBack(deps, task, step);
  }
}

async function giveBack(
  deps: ApprovalDeps,
  task: Task,
  step: 'bounce_failed' | 'bounce_done' | 'bounce_unreadable' | 'bounce_unclaimed' | 'return',
): Promise<void> {
  switch (step) {
    case 'return':
      return bounce(deps, task, null, [], 'bounced', false);
    case 'bounce_done':
      return bounce(deps, task, {
        title: 'Already sent: nothing was sent again',
        lines: ['A mail of this very task left before. If this is a copy, delete it.'],
      });
    case 'bounce_unclaimed':
      return bounce(
        deps,
        task,
        {
          title: 'Not sent: you did not approve this',
          lines: [
            'This note was put into `In_Progress/local-agent`, or changed there, by something other than your approval. Read it; move it to `Approved` if you want it sent.',
          ],
        },
        [],
        'bounced',
        false,
      );
    case 'bounce_unreadable':
      return bounce(deps, task, {
        title: 'Not sent: the record of this task cannot be read',
        lines: [
          'The journal of this task is damaged, so nobody can say whether it was sent. Look in your Sent folder.',
        ],
      });
    case 'bounce_failed':
      await deps.audit.append({
        action: 'mail.failed',
        task: task.id,
        result: (task.view.words ?? '').slice(0, 200),
      });
      return bounce(deps, task, {
        title: 'Not sent: the mail server refused it',
        lines: [
          `The server said: ${(task.view.words ?? 'nothing').slice(0, 300)}`,
          'Mend it and move it to `Approved` again.',
        ],
      });
  }
}

async function checkAndSend(deps: ApprovalDeps, task: Task): Promise<void> {
  const sealed = await checkApproval(deps, task);
  if (sealed !== null) await send(deps, sealed);
}

async function send(deps: ApprovalDeps, task: Task): Promise<void> {
  const outcome = await deps.effects.send(task.id);
  deps.at('handler:effect-returned');
  switch (outcome.kind) {
    case 'paused':
      return;
    case 'limited':
      deps.waiting(
        `the hourly limit is reached; sending goes on at ${new Date(outcome.until).toISOString()}`,
      );
      deps.wakeAt(outcome.until);
      return;
    case 'dry_run':
      return bounce(deps, task, dryRunWords(outcome.file), undefined, 'dry_run');
    case 'unknown':
      deps.log.warn({ task: task.id, why: outcome.why }, 'no answer from email-mcp');
      deps.wakeAt(deps.clock.now() + RECHECK_MS);
      return;
    case 'settled':
      return afterSend(deps, { ...task, view: await deps.journal.view(task.id) });
  }
}

async function afterSend(deps: ApprovalDeps, task: Task): Promise<void> {
  switch (task.view.word) {
    case 'done':
      return finish(deps, task);
    case 'failed':
      return giveBack(deps, task, 'bounce_failed');
    case 'in_doubt':
      return look(deps, task);
    default:
      deps.wakeAt(task.view.retryAt ?? deps.clock.now() + RECHECK_MS);
      return;
  }
}

function dryRunWords(file: string): Omit<Verdict, 'kind'> {
  return {
    title: 'Dry run: nothing was sent',
    lines: [
      `\`DRY_RUN\` is on. The mail as it would have left is in the state folder: \`${file}\`.`,
      'Set `DRY_RUN=false`, restart, and move the card to `Approved` again.',
    ],
  };
}

function putOffWords(words: string | undefined): Omit<Verdict, 'kind'> {
  return {
    title: 'Not sent: the mail server put it off for a day',
    lines: [`It last said: ${(words ?? 'nothing').slice(0, 300)}`, 'Move it to `Approved` to try again.'],
  };
}

/** In doubt: a mail with our Message-ID in Sent settles it; else, after a while, only the user can. */
async function look(deps: ApprovalDeps, task: Task): Promise<void> {
  const found = await deps.effects.lookInSent(task.id);
  if (found === 'found') {
    await deps.journal.resolve(task.id, 'found_in_sent', task.view.sealed?.messageId ?? '');
    return finish(deps, { ...task, view: await deps.journal.view(task.id) });
  }
  const since = deps.clock.now() - (task.view.attemptAt ?? 0);
  // No answer from the mailbox is given more time than a clear "not there".
  if (since < (found === 'unknown' ? deps.doubtMs * 5 : deps.doubtMs)) {
    deps.wakeAt(deps.clock.now() + Math.min(RECHECK_MS, Math.max(deps.doubtMs, 500)));
    return;
  }
  await deps.audit.append({ action: 'mail.in_doubt', task: task.id, result: 'asked' });
  return bounce(deps, task, doubtWords(task, found), undefined, 'in_doubt');
}

function doubtWords(task: Task, found: 'absent' | 'unknown' | 'asked'): Omit<Verdict, 'kind'> {
  const looked = {
    absent: ' It is not in your Sent folder.',
    unknown: ' Your Sent folder could not be searched.',
    asked: '',
  }[found];
  return {
    title: 'Was this sent? The mail server cannot tell',
    lines: [
      `The connection broke after the mail was handed over (${(task.view.words ?? 'no answer').slice(0, 200)}).${looked}`,
      '**It arrived, or do not send it again:** move to `Rejected` · **Send it again:** move to `Approved`',
    ],
  };
}
