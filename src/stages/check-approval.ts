/** Everything that stands between a yes and its seal. */
import { momentReasons, type Reason, validAsOf } from '../core/approval-step.ts';
import { type CardAction, cardDifference, cardHash } from '../core/card-action.ts';
import type { QuietHours } from '../core/quiet-hours.ts';
import { renderNote, withData } from '../core/task-file.ts';
import { bounce, type CardDeps, claimStamp } from './approval-card.ts';
import { attachFiles } from './attach-files.ts';
import type { EdgeCard, LookedAt, Prepared, Task } from './effect-edge.ts';
import type { Offer } from './offers.ts';

export interface CheckDeps extends CardDeps {
  /** Scan again at the latest then. */
  readonly wakeAt: (ms: number) => void;
  /** What waits and why, for the dashboard. */
  readonly waiting: (line: string | null) => void;
  /** Are there other machines that write the vault? */
  readonly synced: boolean;
  /** Hours in which no mail leaves; absent: none. */
  readonly quiet?: QuietHours | null | undefined;
}

const RECHECK_MS = 15_000;
/** Until it is known what another device changed before the yes. */
const SETTLE_MS = 1_000;
/** Nothing can be looked at for a card that says nothing. */
const UNREAD: LookedAt = { is: 'looked', thread: 'unknown', reasons: [], changed: [], note: null, stamp: {} };

/** The sealed task, or null: it waits, or went back to the user. */
export async function checkApproval(deps: CheckDeps, task: Task): Promise<Task | null> {
  const { edge } = task;
  // Held against what was offered as the user moved it, with links where files will be.
  const moved = edge.read(task.note);
  const origin = moved.ok ? await judged(deps, task, moved.card.action) : await asRecorded(deps, task);
  if (origin === 'wait') return null;
  // In a card that the other machine may have changed, no link is surely the user's.
  const unchanged = !deps.synced || (moved.ok && origin.changed.length === 0);
  const files = await attachFiles(deps, task.note, unchanged ? origin.offer : null);
  if (files.is === 'wait') return later(deps, files.words, SETTLE_MS);
  const note = files.is === 'attached' ? files.note : task.note;
  const read = note === task.note ? moved : edge.read(note);
  const { approvedAt } = task;
  const now = deps.clock.now();
  const before = origin.offer?.told ?? [];
  const facts = { now, approvedAt, told: before, offered: offeredTo(origin.offer) };
  const look = read.ok ? await read.card.look(facts) : UNREAD;
  if (look.is === 'wait') return later(deps, look.words, RECHECK_MS);
  const moment = ofTheMoment(deps, task, origin, look);
  const reasons = [
    ...(read.ok ? [] : read.reasons),
    ...(files.is === 'back' ? files.lines : []),
    ...moment.map((reason) => reason.words),
    ...(deps.synced && (await liesInRejected(deps, task)) ? [REJECTED] : []),
  ];
  const changed = [...origin.changed, ...look.changed];
  const told = [...before, ...files.told, ...moment.map((reason) => reason.code)];
  if (!read.ok || reasons.length > 0 || changed.length > 0) {
    const title = origin.changed.length > 0 ? edge.words.changedTitle : edge.words.againTitle;
    const lines = [...reasons, ...changed];
    await bounce(deps, { ...task, note: look.note ?? task.note }, { title, lines }, told);
    return null;
  }
  const prepared = await read.card.prepare(look);
  if (!prepared.ok) {
    await bounce(deps, task, { title: edge.words.againTitle, lines: prepared.reasons }, told);
    return null;
  }
  return seal(deps, { ...task, note: withData(note, look.stamp) }, read.card, prepared.seal);
}

function later(deps: CheckDeps, words: string, ms: number): null {
  deps.waiting(words);
  deps.wakeAt(deps.clock.now() + ms);
  return null;
}

function ofTheMoment(deps: CheckDeps, task: Task, origin: Origin, look: LookedAt): readonly Reason[] {
  const { edge, approvedAt } = task;
  const now = deps.clock.now();
  const { timeZone } = deps;
  const quiet = edge.quiet ? (deps.quiet ?? null) : null;
  return momentReasons(task.note, {
    ...{ now, timeZone, offered: origin.offered, thread: look.thread, told: origin.offer?.told ?? [] },
    asOf: validAsOf(task.note, { now, approvedAt, timeZone, quiet }),
    ...{ books: look.reasons, act: edge.act },
  });
}

const REJECTED =
  'A note of this task lies in `Rejected` as well. Delete the one that is wrong, then move this one to `Approved` again.';

async function liesInRejected(deps: CheckDeps, task: Task): Promise<boolean> {
  return (await deps.vault.list('Rejected')).some((name) => name.includes(task.id));
}

function offeredTo(offer: Offer | null): readonly string[] {
  const shown = offer?.shown ?? null;
  return shown !== null && 'to' in shown ? [...shown.to, ...shown.cc] : [];
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

async function judged(deps: CheckDeps, task: Task, action: CardAction): Promise<Origin | 'wait'> {
  const { provenance, offer } = await deps.cards.judge({
    id: task.id,
    name: task.ref.name,
    hash: cardHash(action),
    approvedAt: task.approvedAt,
  });
  switch (provenance) {
    case 'settle_first':
      deps.waiting('it is looked up who changed a card after it was shown');
      deps.wakeAt(deps.clock.now() + SETTLE_MS);
      return 'wait';
    case 'changed':
      return { offer, offered: true, changed: changedWords(task, offer, action) };
    case 'never_offered':
      return { offer, offered: false, changed: [] };
    case 'as_offered':
    case 'own_edit':
    case 'unseen':
      return { offer, offered: true, changed: [] };
  }
}

function changedWords(task: Task, offer: Offer | null, action: CardAction): readonly string[] {
  const { words } = task.edge;
  const same = offer?.hash === cardHash(action);
  return [
    same
      ? words.sameAction
      : 'It is not as it was when it was offered, and the change did not surely come from you on this machine:',
    ...(same ? [] : cardDifference(offer?.shown ?? null, action)),
    words.rightNow,
  ];
}

/** For a question that is answered by moving the card: was it there to be read? Null: yes. */
export async function changedSinceShown(
  deps: CheckDeps,
  task: Task,
): Promise<readonly string[] | 'wait' | null> {
  const read = task.edge.read(task.note);
  const origin = read.ok ? await judged(deps, task, read.card.action) : null;
  if (origin === null || origin === 'wait') return origin;
  return origin.changed.length > 0 ? origin.changed : null;
}

/** From here nothing that arrives by sync can change what happens. */
async function seal(
  deps: CheckDeps,
  task: Task,
  card: EdgeCard,
  commit: Extract<Prepared, { ok: true }>['seal'],
): Promise<Task> {
  const { edge } = task;
  const hash = cardHash(card.action);
  const approvedAt = new Date(task.approvedAt).toISOString();
  const note = claimStamp(deps, task.note);
  const noteText = renderNote(note);
  // The log comes first: what cannot be logged does not happen.
  await deps.audit.append({
    action: `${edge.audit}.approved`,
    task: task.id,
    parameters: card.parameters,
    approval: { who: 'user', when: approvedAt, hash },
    result: 'accepted',
  });
  await commit({ hash, noteName: task.ref.name, noteText, approvedAt });
  deps.at('handler:sealed');
  await deps.vault.update(task.ref, noteText);
  return { ...task, note, view: await edge.journal.view(task.id) };
}
