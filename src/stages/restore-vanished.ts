/**
 * Puts back what another device deleted. A task that is nowhere in the vault for a while, and of which
 * Syncthing put a version away after it was last seen, was deleted by a peer: it goes back where it was and
 * the user is told. What the user deletes on this machine leaves no such version and stays deleted.
 */
import type { AuditTrail } from '../core/audit-chain.ts';
import { STATES, type TaskFolder } from '../core/states.ts';
import { parseNote, text } from '../core/task-file.ts';
import { idInName, isTaskId, type TaskId } from '../core/task-id.ts';
import { putBackFolder, vanishedStep } from '../core/vanished.ts';
import { doneMonths } from '../vault/task-places.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import type { Version } from '../vault/versions.ts';
import { unlessBroken } from '../vault/unless-broken.ts';
import type { FinishedTasks } from './finished-copies.ts';
import type { OpenIndex } from './open-index.ts';
import type { LastSeen, OpenLedger } from './open-ledger.ts';

export interface RestoreDeps {
  readonly vault: Vault;
  readonly now: () => number;
  readonly audit: AuditTrail;
  readonly ledger: OpenLedger;
  readonly versions: KeptVersions;
  readonly finished: FinishedTasks;
  /** Is nothing on its way here? True when there is nobody to ask. */
  readonly quiet: () => boolean;
  readonly graceMs: number;
  /** What the user should know, by kind. */
  readonly tell: (code: 'put_back' | 'deleted_again' | 'left_together', words: string) => Promise<void>;
}

/** What Syncthing put away, see vault/versions.ts. */
export interface KeptVersions {
  /** Newest first, at least one. */
  newest(folder: TaskFolder, names: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly Version[]>>;
  /** Null: no readable note any more. */
  read(version: Version): Promise<string | null>;
}

export interface Restored {
  readonly putBack: number;
  readonly lookAgainAt: number | null;
}

export interface VanishedWatch {
  pass(index: OpenIndex): Promise<Restored>;
}

/** In one pass; the rest in the next. */
const PER_PASS = 200;
/** A version in Conflicts is not the task; and a peer could have moved it there. */
const FINISHED: readonly TaskFolder[] = STATES.filter((row) => !row.open && row.folder !== 'Conflicts').map(
  (row) => row.folder,
);
/** One note that is gone was deleted; several of one folder at once look like a renamed folder. */
const TOGETHER = 3;

export function vanishedWatch(deps: RestoreDeps): VanishedWatch {
  const missingSince = new Map<TaskId, number>();
  let lastWall = 0;
  return {
    pass: async (index) => {
      // The clock was set back: times from before say nothing about versions from after.
      if (index.wall < lastWall) deps.ledger.doubtTimes();
      lastWall = index.wall;
      await remember(deps.ledger, index);
      const missing = index.broken ? [] : await missingTasks(deps, index, missingSince);
      const now = deps.now();
      const ripe = missing.filter(([id]) => now - (missingSince.get(id) ?? now) >= deps.graceMs);
      const quiet = deps.quiet();
      const result = { putBack: 0, lookAgainAt: nextLook(deps, missing, missingSince, quiet) };
      if (ripe.length === 0 || !quiet) {
        await deps.ledger.flush();
        return result;
      }
      const gone = await notElsewhere(deps, ripe.slice(0, PER_PASS));
      const left: LastSeen[] = [];
      for (const [id, seen, versions] of await withVersions(deps.versions, gone)) {
        const facts = { now, graceMs: deps.graceMs, quiet, lastSeen: seen.at, restored: seen.restored };
        const since = missingSince.get(id) ?? now;
        const step = vanishedStep({ ...facts, missingSince: since, versionAt: versions[0]?.at ?? null });
        if (step === 'put_back' || step === 'to_conflicts') {
          result.putBack += (await putBack(deps, id, seen, versions, step, index.wall)) ? 1 : 0;
        }
        if (step === 'let_go') {
          left.push(seen);
          await deps.ledger.forget(id);
        }
        missingSince.delete(id);
      }
      await tellOfMany(deps, left);
      await deps.ledger.flush();
      return result;
    },
  };
}

async function remember(ledger: OpenLedger, index: OpenIndex): Promise<void> {
  for (const [key, refs] of index.notes) {
    const [first] = refs;
    if (isTaskId(key) && first) await ledger.seen(key, first, index.wall);
  }
}

type Missing = readonly [TaskId, LastSeen];

/** Those that finished in the usual way are found by their name at once and forgotten. */
async function missingTasks(
  deps: RestoreDeps,
  index: OpenIndex,
  missingSince: Map<TaskId, number>,
): Promise<Missing[]> {
  const missing: Missing[] = [];
  for (const [id, seen] of [...deps.ledger.entries()]) {
    if (index.notes.has(id)) {
      missingSince.delete(id);
      continue;
    }
    if (!missingSince.has(id)) {
      if (await liesFinished(deps, id, seen.name)) {
        await deps.ledger.forget(id);
        continue;
      }
      missingSince.set(id, index.at);
    }
    missing.push([id, seen]);
  }
  for (const id of missingSince.keys()) if (!deps.ledger.entries().has(id)) missingSince.delete(id);
  return missing;
}

/** A note in Done counts only when something was done: a peer can put it there. */
async function liesFinished(deps: RestoreDeps, id: TaskId, name: string): Promise<boolean> {
  const done = (await deps.finished.isDone(id)) ? (await months(deps.vault)).slice(0, 2) : [];
  const folders = [...FINISHED, ...done];
  return (await unlessBroken(deps.vault.find(name, folders), null)) !== null;
}

/** By id and in every folder, since a name may have got a number or been changed. One listing for all. */
async function notElsewhere(deps: RestoreDeps, ripe: readonly Missing[]): Promise<Missing[]> {
  const wanted = new Map(ripe);
  for (const folder of [...FINISHED, ...(await months(deps.vault))]) {
    for (const name of await unlessBroken(deps.vault.list(folder), [])) {
      const id = idInName(name.replace(/ \(\d+\)\.md$/, '.md'));
      if (id === null || !wanted.has(id)) continue;
      if (folder.startsWith('Done') && !(await deps.finished.isDone(id))) continue;
      wanted.delete(id);
      await deps.ledger.forget(id);
    }
  }
  return [...wanted];
}

function months(vault: Vault): Promise<TaskFolder[]> {
  return unlessBroken(doneMonths(vault), []);
}

async function withVersions(
  kept: KeptVersions,
  gone: readonly Missing[],
): Promise<(readonly [TaskId, LastSeen, readonly Version[]])[]> {
  const byFolder = new Map<TaskFolder, Set<string>>();
  for (const [, seen] of gone) {
    const names = byFolder.get(seen.folder) ?? new Set<string>();
    byFolder.set(seen.folder, names.add(seen.name));
  }
  const versions = new Map<string, readonly Version[]>();
  for (const [folder, names] of byFolder) {
    for (const [name, found] of await kept.newest(folder, names)) {
      versions.set(`${folder}/${name}`, found);
    }
  }
  return gone.map(([id, seen]) => [id, seen, versions.get(`${seen.folder}/${seen.name}`) ?? []]);
}

/** The newest that is a note of this task; a peer may have written rubbish over it before it deleted it. */
async function lastGood(
  kept: KeptVersions,
  id: TaskId,
  versions: readonly Version[],
): Promise<string | null> {
  let readable: string | null = null;
  for (const version of versions) {
    const source = await kept.read(version);
    if (source === null) continue;
    const parsed = parseNote(source);
    if (parsed.ok && text(parsed.note, 'id') === id) return source;
    readable ??= source;
  }
  return readable;
}

async function putBack(
  deps: RestoreDeps,
  id: TaskId,
  seen: LastSeen,
  versions: readonly Version[],
  step: 'put_back' | 'to_conflicts',
  wall: number,
): Promise<boolean> {
  const source = await lastGood(deps.versions, id, versions);
  if (source === null) {
    await deps.ledger.forget(id);
    await deps.tell(
      'deleted_again',
      `${seen.name} was deleted by another device, and its last version cannot be read.`,
    );
    return false;
  }
  const parsed = parseNote(source);
  const drafted = parsed.ok && text(parsed.note, 'drafted_at') !== undefined;
  const folder = step === 'to_conflicts' ? 'Conflicts' : putBackFolder(seen.folder, seen.name, drafted);
  const ref: NoteRef = { folder, name: seen.name };
  if ((await deps.vault.create(ref, source)) === 'exists') return false;
  await deps.audit.append({
    action: 'task.restored',
    task: id,
    target: folder,
    parameters: { from: `${seen.folder}/${seen.name}`, times: seen.restored + 1 },
    result: step === 'put_back' ? 'put_back' : 'kept',
  });
  if (step === 'to_conflicts') {
    await deps.ledger.forget(id);
    await deps.tell('deleted_again', `${seen.name} is deleted by another device again and again; kept.`);
    return true;
  }
  await deps.ledger.putBack(id, ref, wall);
  await deps.tell(
    'put_back',
    `${seen.name} was deleted from ${seen.folder} by another device and put back. To drop a task, move it to Rejected.`,
  );
  return true;
}

async function tellOfMany(deps: RestoreDeps, left: readonly LastSeen[]): Promise<void> {
  const folders = new Map<TaskFolder, number>();
  for (const { folder } of left) folders.set(folder, (folders.get(folder) ?? 0) + 1);
  for (const [folder, count] of folders) {
    if (count < TOGETHER) continue;
    await deps.tell(
      'left_together',
      `${count} notes left ${folder} at once and lie in no state folder. If the folder was renamed, move them back.`,
    );
  }
}

function nextLook(
  deps: RestoreDeps,
  missing: readonly Missing[],
  missingSince: ReadonlyMap<TaskId, number>,
  quiet: boolean,
): number | null {
  if (missing.length === 0) return null;
  // While something is on its way, the ordinary passes look again.
  const earliest = Math.min(...missing.map(([id]) => (missingSince.get(id) ?? 0) + deps.graceMs));
  return quiet || earliest > deps.now() ? earliest : null;
}
