/** Everything that stands between a yes and its seal. */
import { actionHash, type MailAction, mailActionOf } from '../core/approval.ts';
import { momentReasons } from '../core/approval-step.ts';
import { differenceLines } from '../core/card-difference.ts';
import { renderNote } from '../core/task-file.ts';
import { bounce, type CardDeps, claimStamp, type Task } from './approval-card.ts';
import { loadAttachments } from './load-attachments.ts';
import type { SealedFile } from './mail-effects.ts';
import type { Offer } from './offers.ts';

export interface CheckDeps extends CardDeps {
  /** Scan again at the latest then. */
  readonly wakeAt: (ms: number) => void;
  /** What waits and why, for the dashboard. */
  readonly waiting: (line: string | null) => void;
  /** Are there other machines that write the vault? */
  readonly synced: boolean;
}

const RECHECK_MS = 15_000;
/** Until it is known what another device changed before the yes. */
const SETTLE_MS = 1_000;
/** How long a yes waits for a mailbox that does not say whether the thread moved on. */
const THREAD_PATIENCE_MS = 2 * 60_000;

/** The sealed task, or null: it waits, or went back to the user. */
export async function checkApproval(deps: CheckDeps, task: Task): Promise<Task | null> {
  const read = mailActionOf(task.note);
  const origin = read.ok ? await judged(deps, task, read.action) : await asRecorded(deps, task);
  if (origin === 'wait') return null;
  const thread = read.ok ? await deps.effects.threadStatus(task.id) : 'unknown';
  const now = deps.clock.now();
  if (read.ok && thread === 'unknown' && now - task.approvedAt < THREAD_PATIENCE_MS) {
    deps.waiting('the mailbox does not answer: whether the thread moved on is not known yet');
    deps.wakeAt(now + RECHECK_MS);
    return null;
  }
  const told = origin.offer?.told ?? [];
  const { offered } = origin;
  const moment = momentReasons(task.note, { now, timeZone: deps.timeZone, offered, thread, told });
  const rejected = deps.synced && (await liesInRejected(deps, task));
  const reasons = [
    ...(read.ok ? [] : read.reasons),
    ...moment.map((reason) => reason.words),
    ...(rejected ? [REJECTED] : []),
  ];
  if (!read.ok || reasons.length > 0 || origin.changed.length > 0) {
    const title =
      origin.changed.length > 0
        ? 'Not sent: this was changed after it was offered'
        : 'Not sent: please look at this again';
    const codes = [...told, ...moment.map((reason) => reason.code)];
    await bounce(deps, task, { title, lines: [...reasons, ...origin.changed] }, codes);
    return null;
  }
  const loaded = await loadAttachments(deps.vault, read.action.attachments);
  if (!loaded.ok) {
    await bounce(deps, task, { title: 'Not sent: please look at this again', lines: loaded.reasons });
    return null;
  }
  return seal(deps, task, read.action, loaded.files);
}

const REJECTED =
  'A note of this task lies in `Rejected` as well. Delete the one that is wrong, then move this one to `Approved` again.';

async function liesInRejected(deps: CheckDeps, task: Task): Promise<boolean> {
  return (await deps.vault.list('Rejected')).some((name) => name.includes(task.id));
}

interface Origin {
  readonly offer: Offer | null;
  readonly offered: boolean;
  /** What changed since it was shown and is not surely the user's edit, a line each. */
  readonly changed: readonly string[];
}

async function asRecorded(deps: CheckDeps, task: Task): Promise<Origin> {
  const offer = await deps.offers.find(task.id);
  return { offer, offered: offer !== null || deps.synced, changed: [] };
}

async function judged(deps: CheckDeps, task: Task, action: MailAction): Promise<Origin | 'wait'> {
  const { provenance, offer } = await deps.cards.judge({
    id: task.id,
    name: task.ref.name,
    hash: actionHash(action),
    approvedAt: task.approvedAt,
  });
  switch (provenance) {
    case 'settle_first':
      deps.waiting('it is looked up who changed a card after it was shown');
      deps.wakeAt(deps.clock.now() + SETTLE_MS);
      return 'wait';
    case 'changed':
      return { offer, offered: true, changed: changedWords(offer, action) };
    case 'never_offered':
      return { offer, offered: false, changed: [] };
    case 'as_offered':
    case 'own_edit':
    case 'unseen':
      return { offer, offered: true, changed: [] };
  }
}

function changedWords(offer: Offer | null, action: MailAction): readonly string[] {
  const same = offer?.hash === actionHash(action);
  return [
    same
      ? 'What would be sent is as it was; but the explanation that stood on top was changed by another device.'
      : 'It is not as it was when it was offered, and the change did not surely come from you on this machine:',
    ...(same ? [] : differenceLines(offer?.shown ?? null, action)),
    '**Is it right as it stands now?** Move it to `Approved` again and it is sent.',
  ];
}

/** For a question that is answered by moving the card: was it there to be read? Null: yes. */
export async function changedSinceShown(
  deps: CheckDeps,
  task: Task,
): Promise<readonly string[] | 'wait' | null> {
  const read = mailActionOf(task.note);
  const origin = read.ok ? await judged(deps, task, read.action) : null;
  if (origin === null || origin === 'wait') return origin;
  return origin.changed.length > 0 ? origin.changed : null;
}

/** From here nothing that arrives by sync can change what leaves. */
async function seal(
  deps: CheckDeps,
  task: Task,
  action: MailAction,
  files: readonly SealedFile[],
): Promise<Task> {
  const hash = actionHash(action);
  const approvedAt = new Date(task.approvedAt).toISOString();
  const note = claimStamp(deps, task.note);
  const noteText = renderNote(note);
  // The log comes first: what cannot be logged does not happen.
  await deps.audit.append({
    action: 'mail.approved',
    task: task.id,
    parameters: {
      to: action.to.map((a) => a.address),
      cc: action.cc.map((a) => a.address),
      ...(files.length > 0 ? { attachments: action.attachments.map((a) => a.sha256) } : {}),
    },
    approval: { who: 'user', when: approvedAt, hash },
    result: 'accepted',
  });
  await deps.journal.seal({ action, files, hash, noteName: task.ref.name, noteText, approvedAt });
  deps.at('handler:sealed');
  await deps.vault.update(task.ref, noteText);
  return { ...task, note, view: await deps.journal.view(task.id) };
}
