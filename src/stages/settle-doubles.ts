/**
 * One task, one note: where two devices were apart, the same task can lie in two folders, and Syncthing keeps
 * conflict copies. The pure `settleCopies` says which version stands; what loses goes to `Conflicts/` with an
 * audit line and the reason. Nobody's claim is touched, a record in Done never.
 *
 * A double is acted on when it has been there for a while by our own clock: a peer that edits and moves a note
 * in one step shows it in both folders for up to a minute (measured). Killed between the steps, the next pass
 * finds one copy less and goes on.
 */
import type { AuditTrail } from '../core/audit-chain.ts';
import {
  compareCopies,
  type Copy,
  plainName,
  type Settlement,
  settleCopies,
} from '../core/claim-protocol.ts';
import { lostWords } from '../core/conflict-words.ts';
import { copyOf } from '../core/task-copy.ts';
import { isTaskId, type TaskId } from '../core/task-id.ts';
import type { NoteRef, NoteStat, Vault } from '../vault/vault.ts';
import type { ConflictReasons } from './conflict-reasons.ts';
import { type FinishedTasks, finishedCopies } from './finished-copies.ts';
import type { OpenIndex } from './open-index.ts';

export interface SettleDeps {
  readonly vault: Vault;
  readonly now: () => number;
  readonly audit: AuditTrail;
  readonly reasons: ConflictReasons;
  readonly finished: FinishedTasks;
  /** Did the user approve the note that lies in `In_Progress/local-agent` (and is not merely drafted there)? */
  readonly approvedHere: (id: TaskId, name: string) => Promise<boolean>;
  /** How long a double must have been there. */
  readonly graceMs: number;
  /** The same for what must not wait: a yes beside a no, and copies that Syncthing itself made. */
  readonly soonMs: number;
}

export interface Settled {
  readonly moved: number;
  /** A double waits for its time; look again then. */
  readonly lookAgainAt: number | null;
}

interface Seen extends Copy {
  readonly stat: NoteStat | null;
  /** Not a file we could look at: the journal's word that the task is done. */
  readonly virtual: boolean;
}

export interface DoublesSettler {
  pass(index: OpenIndex): Promise<Settled>;
  /** Everything is looked up anew in the next pass: something changed in a finished folder. */
  forget(): void;
}

export function doublesSettler(deps: SettleDeps): DoublesSettler {
  /** Where each task's open note lay when it was last held against the finished folders. */
  let checked = new Map<string, string>();
  /** `whole`: what only a pass over the finished folders sees; other passes say nothing about it. */
  const waiting = new Map<string, { readonly since: number; readonly whole: boolean }>();
  return {
    forget: () => {
      checked = new Map();
    },
    pass: async (index) => {
      const due = { lookAgainAt: Number.POSITIVE_INFINITY, moved: 0 };
      const stillThere = new Set<string>();
      const looked = new Map<string, string>();
      for (const key of new Set([
        ...index.notes.keys(),
        ...index.copies.keys(),
        ...index.rejectedDone.keys(),
      ])) {
        const rejected = index.rejectedDone.get(key);
        const open = [...(index.notes.get(key) ?? []), ...(index.copies.get(key) ?? [])];
        // Finished copies are found by the name of an open one; without one, by its own.
        if (rejected && open.length === 0) open.push(rejected);
        const place = open.map(pathOf).join('\n');
        const known = checked.get(key) === place;
        if (known && open.length < 2) {
          looked.set(key, place);
          continue;
        }
        const finished = isTaskId(key) ? await finishedCopies(deps.vault, deps.finished, key, open) : [];
        if (open.length + finished.length < 2 && !index.copies.has(key)) {
          looked.set(key, place);
          continue;
        }
        const signature = `${key}\n${place}`;
        stillThere.add(signature);
        const { since } = waiting.get(signature) ?? { since: index.at };
        waiting.set(signature, { since, whole: index.whole });
        await settleOne(deps, key, [...open, ...finished], since, due);
      }
      checked = looked;
      for (const [signature, { whole }] of waiting) {
        if (!stillThere.has(signature) && (index.whole || !whole)) waiting.delete(signature);
      }
      return {
        moved: due.moved,
        lookAgainAt: Number.isFinite(due.lookAgainAt) ? due.lookAgainAt : null,
      };
    },
  };
}

async function settleOne(
  deps: SettleDeps,
  key: string,
  refs: readonly (NoteRef & { readonly virtual?: boolean })[],
  since: number,
  due: { lookAgainAt: number; moved: number },
): Promise<void> {
  const copies: Seen[] = [];
  for (const ref of refs) {
    const seen = await look(deps, key, ref);
    if (seen) copies.push(seen);
  }
  const steps = stepsFor(copies);
  for (const { copy, action } of steps) {
    const seen = copies.find((c) => c.folder === copy.folder && c.name === copy.name);
    if (!seen) continue;
    const at = since + (isUrgent(seen, copies) ? deps.soonMs : deps.graceMs);
    if (deps.now() < at) {
      due.lookAgainAt = Math.min(due.lookAgainAt, at);
      continue;
    }
    const winner = winnerOf(copies, seen);
    if (!(await isUnchanged(deps, seen))) continue;
    if (action === 'take_plain_name') await takePlainName(deps, key, seen);
    else if (await stillStands(deps, winner, seen)) due.moved += await toConflicts(deps, key, seen, winner);
  }
}

/** What the pure function leaves alone but is no note to work with: a lone conflict copy of an answer. */
function stepsFor(copies: readonly Seen[]): readonly Settlement[] {
  const settled = settleCopies(copies, 'orchestrator');
  const left = copies.filter((copy) => copy.conflictCopy && !settled.some((s) => s.copy === copy));
  return [...settled, ...left.map((copy) => ({ copy, action: 'to_conflicts' as const }))];
}

/** What stands; null for a copy that nothing stands beside. */
function winnerOf(copies: readonly Seen[], loser: Seen): Seen | null {
  const [first] = [...copies].sort(compareCopies);
  return first === loser ? null : (first ?? null);
}

function isUrgent(copy: Seen, copies: readonly Seen[]): boolean {
  return copy.conflictCopy || (copy.folder === 'Approved' && copies.some((c) => c.folder === 'Rejected'));
}

async function look(
  deps: SettleDeps,
  key: string,
  ref: NoteRef & { readonly virtual?: boolean },
): Promise<Seen | null> {
  const conflictCopy = plainName(ref.name) !== ref.name;
  const base = { folder: ref.folder, name: ref.name, conflictCopy };
  const unread = { ...base, claimedBy: null, drafted: false, rev: 0, hash: '' };
  if (ref.virtual === true) return { ...unread, stat: null, virtual: true };
  const read = await deps.vault.read(ref);
  if (!read.ok) {
    const stat = await deps.vault.stat(ref);
    return stat ? { ...unread, stat, virtual: false } : null;
  }
  const mine = ref.folder === 'In_Progress/local-agent' && isTaskId(key);
  return {
    ...copyOf(ref.folder, ref.name, read.text),
    ...(mine ? { approved: await deps.approvedHere(key, ref.name) } : {}),
    stat: read.stat,
    virtual: false,
  };
}

/** The user may have moved or edited it since it was read. */
async function isUnchanged(deps: SettleDeps, seen: Seen): Promise<boolean> {
  const now = await deps.vault.stat(seen);
  return now !== null && now.ctimeMs === seen.stat?.ctimeMs && now.size === seen.stat.size;
}

async function stillStands(deps: SettleDeps, winner: Seen | null, loser: Seen): Promise<boolean> {
  if (winner === null) return loser.conflictCopy;
  return winner.virtual || (await deps.vault.exists(winner));
}

async function toConflicts(deps: SettleDeps, key: string, seen: Seen, winner: Seen | null): Promise<number> {
  const { name } = await deps.vault.moveToFreeName(seen, 'Conflicts');
  if (name === null) return 0;
  await deps.reasons.record(name, lostWords(seen, winner));
  await deps.audit.append({
    action: 'conflict.set_aside',
    task: isTaskId(key) ? key : undefined,
    target: `Conflicts/${name}`,
    parameters: {
      from: pathOf(seen),
      lost_to: winner === null ? '' : pathOf(winner),
      sha256: seen.hash,
    },
    result: 'kept',
  });
  return 1;
}

async function takePlainName(deps: SettleDeps, key: string, seen: Seen): Promise<void> {
  const name = plainName(seen.name);
  // Taken still: its loser waits for its time, and the next pass comes here again.
  if ((await deps.vault.move(seen, seen.folder, name)) !== 'moved') return;
  await deps.audit.append({
    action: 'conflict.took_name',
    task: isTaskId(key) ? key : undefined,
    target: `${seen.folder}/${name}`,
    parameters: { from: pathOf(seen), sha256: seen.hash },
    result: 'stands',
  });
}

function pathOf(ref: NoteRef): string {
  return `${ref.folder}/${ref.name}`;
}
