/**
 * Needs_Action/<inbox> -> In_Progress/<agent> -> Pending_Approval/<inbox>: what drafting a reply and drafting an
 * invoice have in common. What is read and written in between is the desk's.
 *
 * The claim is the bare rename. It is settled (`settle`: with one machine at once, with two when both may
 * draft by raise, acknowledge, look), then the note is written with claim and draft, what is offered is
 * recorded, and the note moves on. Killed after any of these, the note lies in In_Progress/<agent> (or is
 * offered), and the next scan goes on from what it finds there:
 *   not drafted                 -> draft it
 *   drafted, by this agent      -> record (again) and offer it
 *
 * The user may move or edit the note at any time. A note that is gone is theirs again; one that changed
 * while the desk was at work is drafted anew from what they wrote, never overwritten.
 */
import type { Settled } from '../core/claim-protocol.ts';
import type { At } from '../core/crash-points.ts';
import { noteName } from '../core/filename.ts';
import { type Agent, inProgress, type TaskFolder } from '../core/states.ts';
import { parseNote, type TaskNote, text } from '../core/task-file.ts';
import { idInName, isTaskId, type TaskId } from '../core/task-id.ts';
import { errno } from '../files/errno.ts';
import type { NoteRef, NoteStat, Vault } from '../vault/vault.ts';
import { losesToAnother } from './other-copies.ts';
import { earliest, type Inbox, readyNames, UNSETTLED_MS, type WaitingDeps } from './waiting-notes.ts';

export interface DraftingDeps extends WaitingDeps {
  readonly vault: Pick<
    Vault,
    'list' | 'read' | 'stat' | 'find' | 'update' | 'move' | 'moveToFreeName' | 'quarantine' | 'setAside'
  >;
  readonly agent: Agent;
  /** Waits until it is known whose the claim is; with one machine it is ours at once. */
  readonly settle: (ref: NoteRef, signal: AbortSignal) => Promise<Settled>;
  /** Where our folder also holds what is not drafted by us (the laptop's): which notes are. */
  readonly marks: ClaimMarks | null;
  /** Remembers what is about to be offered, outside the vault. */
  readonly recordOffer: (id: TaskId, name: string, note: TaskNote) => Promise<void>;
  readonly audit: (line: { action: string; task: TaskId; result: string }) => Promise<void>;
  readonly log: (line: Move) => void;
  readonly onError: (error: unknown, ref: NoteRef) => void;
  readonly at: At;
  readonly newClaim: () => string;
  /** The id of a note that a person wrote; the same from the same note, on every machine. */
  readonly newId: (name: string, text: string, mtimeMs: number) => TaskId;
  readonly timeZone: string;
  readonly expiresMs: number;
  /** Notes drafted at the same time. */
  readonly parallel: number;
}

/** Kept outside the vault; see stages/drafting-marks.ts. */
export interface ClaimMarks {
  add(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Which of the notes in our folder are ours to draft. */
  ours(names: readonly string[]): Promise<readonly string[]>;
}

/** One move of one task, for the log. */
export interface Move {
  readonly task: string;
  readonly from: TaskFolder;
  readonly to: TaskFolder;
  readonly reason?: string;
  readonly ms: number;
}

export interface Pass {
  /** More was waiting than one pass takes. */
  readonly more: boolean;
  /** When to look again at a note that is being typed, seen in two places or not settled yet; or null. */
  readonly lookAgainAt: number | null;
}

export interface Claimed {
  readonly ref: NoteRef;
  readonly atMs: number;
  /** Left by a crash: it may be drafted already. */
  readonly resumed: boolean;
}

export interface OpenNote {
  readonly note: TaskNote;
  readonly id: TaskId;
  readonly stat: NoteStat;
}

/** What is done with a claimed note, by kind of task. */
export interface Desk<Open extends OpenNote> {
  readonly inbox: Inbox;
  readonly offered: 'Pending_Approval/email' | 'Pending_Approval/odoo';
  /** Does a note of this name in our folder belong to this desk? */
  readonly takes: (name: string) => boolean;
  /** Does the waiting note of this name belong to somebody else? */
  readonly leaves?: (name: string) => Promise<boolean>;
  /** The name a waiting note is claimed under; null: it is gone, or not for anybody yet. */
  readonly claimName: (name: string) => Promise<string | null>;
  /** The claimed note, or null when it was none for us: gone, set aside with its reason, or handed on. */
  readonly open: (ref: NoteRef) => Promise<Open | null>;
  /** Does what a crash left need no more than to be offered? */
  readonly isDrafted: (open: Open) => boolean;
  /** Is drafting seen outside the vault, so that a copy of a card must not come to it? */
  readonly asksFirst: boolean;
  /** Writes the draft into the note. `later`: it stays claimed, and is looked at again. */
  readonly draft: (
    claimed: Claimed,
    open: Open,
    signal: AbortSignal,
  ) => Promise<TaskNote | 'changed' | 'gone' | 'later'>;
}

const ALREADY_OFFERED = 'a card of this task is offered already';
/** Rounds against a user who edits while we draft, and failures of one note before it is set aside. */
const MAX_ROUNDS = 3;
const MAX_FAILURES = 3;

/** One pass over what a crash left and what waits. Rejects when a folder cannot be trusted or read. */
export function draftNotes<Open extends OpenNote>(
  deps: DraftingDeps,
  desk: Desk<Open>,
): (signal: AbortSignal) => Promise<Pass> {
  const failures = new Map<string, number>();
  return async (signal) => {
    const mine = inProgress(deps.agent);
    const left = await leftNames(deps, desk, mine);
    const waiting = await readyNames(deps, desk.inbox, desk.claimName, desk.leaves);
    const lookAgain = earliest(waiting.lookAgainAt);
    const stopping = () => signal.aborted;
    const take = async (name: string, resumed: boolean) => {
      if (stopping()) return;
      let ref: NoteRef = { folder: mine, name };
      try {
        const atMs = deps.now();
        if (!resumed) {
          const claimedAs = deps.mayClaim() ? await desk.claimName(name) : null;
          if (claimedAs === null) return;
          ref = { folder: mine, name: claimedAs };
          if (!(await claim(deps, { folder: desk.inbox, name }, ref, atMs))) return;
        }
        const done = await work(deps, desk, { ref, atMs, resumed }, signal);
        if (done === 'later') lookAgain.at(deps.now() + UNSETTLED_MS);
        failures.delete(ref.name);
      } catch (error) {
        // Stopped in the middle of a draft: the note stays claimed and is drafted after the start.
        if (stopping()) return;
        deps.onError(error, ref);
        await setPoisonAside(deps, failures, ref, error);
      }
    };
    await inParallel(left, deps.parallel, (name) => take(name, true));
    const batch = waiting.names.slice(0, deps.perPass);
    await inParallel(batch, deps.parallel, (name) => take(name, false));
    return { more: waiting.names.length > batch.length, lookAgainAt: lookAgain.when() };
  };
}

/** What lies in our folder and is ours to draft. */
async function leftNames<Open extends OpenNote>(
  deps: DraftingDeps,
  desk: Desk<Open>,
  mine: TaskFolder,
): Promise<readonly string[]> {
  const all = (await deps.vault.list(mine)).filter(desk.takes);
  return deps.marks === null ? all : deps.marks.ours(all);
}

async function claim(
  deps: DraftingDeps,
  from: NoteRef & { readonly folder: Inbox },
  to: NoteRef,
  startedMs: number,
): Promise<boolean> {
  if (deps.marks !== null) {
    // The mark would make ours what lies there already and is not.
    if ((await deps.vault.stat(to)) !== null) return false;
    await deps.marks.add(to.name);
    deps.at('takeover:marked');
    // Asked again now that the mark is seen: the end of a take-over is announced when nothing is in hand.
    if (!deps.mayClaim()) {
      await deps.marks.remove(to.name);
      return false;
    }
  }
  const outcome = await deps.vault.move(from, to.folder, to.name);
  if (outcome !== 'moved') {
    // `lost` is normal: the user or another agent was faster. `exists`: what a crash left comes first.
    await deps.marks?.remove(to.name);
    return false;
  }
  deps.at('replier:claimed');
  deps.log({ task: taskOf(to.name), from: from.folder, to: to.folder, ms: deps.now() - startedMs });
  return true;
}

async function work<Open extends OpenNote>(
  deps: DraftingDeps,
  desk: Desk<Open>,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<'done' | 'later'> {
  if (claimed.resumed) {
    const left = await desk.open(claimed.ref);
    if (left === null) return 'done';
    if (desk.isDrafted(left)) return offer(deps, desk, claimed, left.note, left.id);
  }
  const settled = await deps.settle(claimed.ref, signal);
  if (settled === 'waiting') return 'later';
  if (settled === 'gone') return 'done';
  if (settled === 'withdrawn') return withdraw(deps, claimed, 'the other agent has it');
  deps.at('replier:settled');
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const read = await desk.open(claimed.ref);
    if (read === null) return 'done';
    if (desk.asksFirst && (await isOffered(deps, desk, read.id)))
      return withdraw(deps, claimed, ALREADY_OFFERED, read.id);
    const drafted = await desk.draft(claimed, read, signal);
    if (drafted === 'changed') continue;
    if (drafted === 'later') return 'later';
    if (drafted === 'gone') return 'done';
    deps.at('replier:draft-written');
    return offer(deps, desk, claimed, drafted, read.id);
  }
  // Somebody keeps writing into it. It stays claimed; the next scan looks again.
  return 'done';
}

/** A claimed note as text and properties; null when it is gone or was set aside with its reason. */
export async function readClaimed(
  deps: DraftingDeps,
  ref: NoteRef,
): Promise<{ readonly note: TaskNote; readonly text: string; readonly stat: NoteStat } | null> {
  const read = await deps.vault.read(ref);
  if (!read.ok) {
    if (read.why !== 'gone') await quarantine(deps, ref, UNREADABLE[read.why]);
    return null;
  }
  const parsed = parseNote(read.text);
  if (!parsed.ok) {
    await quarantine(deps, ref, parsed.fault.message);
    return null;
  }
  return { note: parsed.note, text: read.text, stat: read.stat };
}

const UNREADABLE = {
  'not-a-file': 'It is not a regular file.',
  'too-large': 'It is larger than 1 MB.',
  'not-utf8': 'It is not UTF-8 text.',
} as const;

/** The id in the name and in the properties are one. A note of a person has none and is given one. Null: they differ. */
export function taskIdOf(newId: () => TaskId, name: string, property: string | undefined): TaskId | null {
  const named = idInName(name);
  const written = isTaskId(property) ? property : null;
  if (named !== null && written !== null && named !== written) return null;
  return named ?? written ?? newId();
}

/** Replaces the note if it is still what was read. */
export async function writeUnlessChanged(
  deps: Pick<DraftingDeps, 'vault'>,
  ref: NoteRef,
  read: NoteStat,
  source: string,
): Promise<'written' | 'changed' | 'gone'> {
  const now = await deps.vault.stat(ref);
  if (now === null) return 'gone';
  if (now.mtimeMs !== read.mtimeMs || now.ctimeMs !== read.ctimeMs || now.size !== read.size)
    return 'changed';
  await deps.vault.update(ref, source);
  return 'written';
}

async function offer<Open extends OpenNote>(
  deps: DraftingDeps,
  desk: Desk<Open>,
  claimed: Claimed,
  note: TaskNote,
  id: TaskId,
): Promise<'done' | 'later'> {
  const { ref } = claimed;
  const { offered } = desk;
  const named = idInName(ref.name) === id;
  const name = named ? ref.name : noteName(text(note, 'title') ?? '', id);
  // A copy of a note has the id of the first; two cards for one task would be two chances to send. Asked
  // before the offer is recorded, since the record of the card that stands must not be replaced.
  const taken = named ? await deps.vault.stat({ folder: offered, name }) : await isOffered(deps, desk, id);
  if (taken) return withdraw(deps, claimed, ALREADY_OFFERED, id);
  if (deps.replicas && (await losesToAnother(deps.vault, deps.agent, ref, [ref.name, name]))) {
    return withdraw(deps, claimed, 'another version of this task stands', id);
  }
  await deps.recordOffer(id, name, note);
  deps.at('replier:offer-recorded');
  const outcome = await deps.vault.move(ref, offered, name);
  if (outcome === 'exists') return withdraw(deps, claimed, ALREADY_OFFERED, id);
  if (outcome === 'lost') return 'done';
  deps.at('replier:offered');
  await deps.marks?.remove(ref.name);
  deps.log({ task: id, from: ref.folder, to: offered, ms: deps.now() - claimed.atMs });
  await deps.audit({ action: 'draft.offered', task: id, result: text(note, 'drafted_by') ?? '' });
  return 'done';
}

async function isOffered<Open extends OpenNote>(
  deps: DraftingDeps,
  desk: Desk<Open>,
  id: TaskId,
): Promise<boolean> {
  for (const folder of [desk.offered, 'Approved', 'In_Progress/local-agent'] as const) {
    if ((await deps.vault.list(folder)).some((name) => idInName(name) === id)) return true;
  }
  return false;
}

/** Our own file, and only ours: another version stands, and this one is kept in Conflicts. */
async function withdraw(
  deps: DraftingDeps,
  claimed: Claimed,
  reason: string,
  task = taskOf(claimed.ref.name),
): Promise<'done'> {
  const { ref } = claimed;
  const outcome = await deps.vault.setAside(ref);
  if (outcome !== 'moved') return 'done';
  deps.log({ task, from: ref.folder, to: 'Conflicts', reason, ms: deps.now() - claimed.atMs });
  return 'done';
}

export async function quarantine(deps: DraftingDeps, ref: NoteRef, reason: string): Promise<void> {
  const startedMs = deps.now();
  await deps.vault.quarantine(ref, reason);
  deps.log({
    task: taskOf(ref.name),
    from: ref.folder,
    to: 'Quarantine',
    reason,
    ms: deps.now() - startedMs,
  });
}

/** One note that fails again and again must not keep the loop busy; a full disk is not the note's fault. */
async function setPoisonAside(
  deps: DraftingDeps,
  failures: Map<string, number>,
  ref: NoteRef,
  error: unknown,
): Promise<void> {
  if (errno(error) !== undefined) return;
  const count = (failures.get(ref.name) ?? 0) + 1;
  failures.set(ref.name, count);
  if (count < MAX_FAILURES) return;
  failures.delete(ref.name);
  await quarantine(deps, ref, `Drafting failed ${count} times; the log has the details.`);
}

function taskOf(name: string): string {
  return idInName(name) ?? 'new';
}

async function inParallel<T>(
  items: readonly T[],
  width: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
