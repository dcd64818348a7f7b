import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type Copy, plainName, settleCopies } from '../../core/claim-protocol.ts';
import { strayReason } from '../../core/filename.ts';
import { LIMITS } from '../../core/front-matter.ts';
import { STATES, type TaskFolder } from '../../core/states.ts';
import { copyOf } from '../../core/task-copy.ts';
import { idInName, type TaskId } from '../../core/task-id.ts';
import { type Finding, isTaskFolder, pathOf } from '../../core/vault-rules.ts';
import { realFolder, VaultFault } from '../safe-path.ts';
import type { Evidence } from './evidence.ts';
import type { RepeatedIds } from './id-table.ts';
import { readText } from './read-text.ts';
import { entriesOf } from './walk.ts';

/** What `--fix` would do about one file. */
export type SettleStep =
  | {
      readonly do: 'to_conflicts';
      readonly copy: Place;
      readonly hash: string;
      readonly stands: Place | null;
    }
  | { readonly do: 'take_plain_name'; readonly copy: Place; readonly hash: string; readonly name: string };

export interface Place {
  readonly folder: TaskFolder;
  readonly name: string;
}

/** A finding, and whether `--fix` does something about it. */
export interface Found extends Finding {
  readonly fixable: boolean;
}

export interface CopyLook {
  readonly findings: readonly Found[];
  readonly steps: readonly SettleStep[];
}

/** Beyond this many tasks in two places the vault has another problem, and one run settles these. */
const MAX_GROUPS = 5000;

/** Which notes could be a copy of another: by the ids of the first look. */
export interface Suspects {
  readonly repeated: RepeatedIds;
  /** Ids that a conflict copy carries. */
  readonly conflicted: ReadonlySet<TaskId>;
  /** Notes whose id stands only in their properties, by path. */
  readonly nameless: ReadonlyMap<string, TaskId>;
}

interface Seen extends Copy {
  /** Not there when Done or the claim cannot be believed: it neither wins nor loses. */
  readonly believed: boolean;
}

/**
 * The second look at the tasks that were seen in more than one place. A note that was moved between the looks
 * into two folders is in one place now.
 */
export async function lookAtCopies(
  root: string,
  suspects: Suspects,
  evidence: Evidence | null,
): Promise<CopyLook> {
  const findings: Found[] = [];
  const steps: SettleStep[] = [];
  if (suspects.repeated.size + suspects.conflicted.size === 0) return { findings, steps };
  for (const [id, places] of groups(root, suspects)) {
    const copies: Seen[] = [];
    for (const place of stillThere(root, places)) {
      const seen = await lookAtCopy(root, id, place, evidence);
      if (seen) copies.push(seen);
    }
    const settle = evidence === null ? [] : settleSteps(root, copies);
    steps.push(...settle);
    const moved = new Set(settle.map((step) => pathOf(step.copy)));
    const plainMoved = copies.some((copy) => !copy.conflictCopy && moved.has(pathOf(copy)));
    for (const finding of copyFindings(id, copies)) {
      const fixable = finding.code === 'conflict-copy' ? moved.has(finding.path) : plainMoved;
      findings.push({ ...finding, fixable });
    }
  }
  return { findings, steps };
}

function groups(root: string, suspects: Suspects): Map<TaskId, Place[]> {
  const found = new Map<TaskId, Place[]>();
  for (const folder of taskFolders(root)) {
    for (const { name, kind } of entriesOf(root, folder, () => undefined)) {
      const why = strayReason(name);
      if (kind !== 'file' || (why !== null && why !== 'sync-conflict')) continue;
      const place = { folder, name };
      const id = idInName(plainName(name)) ?? suspects.nameless.get(pathOf(place)) ?? null;
      if (id === null || !(suspects.repeated.has(id) || suspects.conflicted.has(id))) continue;
      const places = found.get(id);
      if (places) places.push(place);
      else if (found.size < MAX_GROUPS) found.set(id, [place]);
    }
  }
  return found;
}

/** Where a task can lie; what lies in Quarantine and Conflicts is no copy of anything. */
function taskFolders(root: string): TaskFolder[] {
  const states = STATES.map((row) => row.folder).filter((f) => f !== 'Quarantine' && f !== 'Conflicts');
  const months: TaskFolder[] = [];
  for (const { name, kind } of entriesOf(root, 'Done', () => undefined)) {
    const folder = `Done/${name}`;
    if (kind === 'folder' && isTaskFolder(folder)) months.push(folder);
  }
  return [...states, ...months];
}

/** Twice: a note that is moved while the first round looks is gone from one of the two in the second. */
function stillThere(root: string, places: readonly Place[]): Place[] {
  const there = (place: Place): boolean => isFile(root, place);
  return places.filter(there).filter(there);
}

export function isFile(root: string, place: Place): boolean {
  return kindAt(root, place) === 'file';
}

export function kindAt(root: string, place: Place): 'file' | 'other' | 'nothing' {
  try {
    const at = realFolder(root, place.folder);
    const stat = at === null ? undefined : lstatSync(join(at, place.name), { throwIfNoEntry: false });
    if (!stat) return 'nothing';
    return stat.isFile() ? 'file' : 'other';
  } catch (error) {
    if (error instanceof VaultFault) return 'nothing';
    throw error;
  }
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function lookAtCopy(
  root: string,
  id: TaskId,
  place: Place,
  evidence: Evidence | null,
): Promise<Seen | null> {
  const read = readText(root, place, LIMITS.noteBytes);
  if (!read.ok && read.why === 'gone') return null;
  const copy = copyOf(place.folder, place.name, read.ok ? read.text : '');
  const base = read.ok ? copy : { ...copy, hash: '' };
  if (evidence === null) return { ...base, believed: true };
  if (place.folder === 'In_Progress/local-agent') {
    const claim = await evidence.claim(id, place.name, read.ok ? read.text : '');
    return { ...base, approved: claim === 'approved', believed: claim !== 'none' };
  }
  const believed = !place.folder.startsWith('Done') || (await evidence.isDone(id));
  return { ...base, believed };
}

function copyFindings(id: TaskId, copies: readonly Seen[]): Finding[] {
  const plain = copies.filter((copy) => !copy.conflictCopy);
  const findings: Finding[] = copies
    .filter((copy) => copy.conflictCopy)
    .map((copy) => ({
      code: 'conflict-copy',
      path: pathOf(copy),
      words: 'Syncthing kept this version of a note that was changed on two devices; it is no task',
      cure: 'the orchestrator moves it to Conflicts, or keeps it in the place of the note that is gone',
    }));
  const [first, ...others] = plain;
  if (!first || others.length === 0) return findings;
  const owners = new Set(plain.map((copy) => copy.folder).filter((f) => f.startsWith('In_Progress/')));
  const also = others.map(pathOf).join(', ');
  findings.push(
    owners.size > 1
      ? {
          code: 'claimed-twice',
          path: pathOf(first),
          words: `both agents claimed ${id}: it lies in ${also} too`,
          cure: 'the agent of lower rank withdraws its own copy when it starts and when the two are connected',
        }
      : {
          code: 'two-places',
          path: pathOf(first),
          words: `${id} is one task and lies in ${also} too`,
          cure: 'the orchestrator keeps the one that is further and moves the other to Conflicts',
        },
  );
  return findings;
}

/** As the orchestrator does it: what the rules leave of a conflict copy is kept in Conflicts as well. */
function settleSteps(root: string, copies: readonly Seen[]): SettleStep[] {
  const believed = copies.filter((copy) => copy.believed || copy.conflictCopy);
  const settled = settleCopies(believed, 'orchestrator');
  const lone = believed.filter((copy) => copy.conflictCopy && !settled.some((s) => s.copy === copy));
  const leaving = new Set([
    ...settled.filter((s) => s.action === 'to_conflicts').map((s) => pathOf(s.copy)),
    ...lone.map(pathOf),
  ]);
  const stands = believed.find((copy) => !leaving.has(pathOf(copy))) ?? null;
  const steps = [...settled, ...lone.map((copy) => ({ copy, action: 'to_conflicts' as const }))];
  return steps.flatMap(({ copy, action }): SettleStep[] => {
    const place = { folder: copy.folder, name: copy.name };
    // A name that only begins like one of Syncthing's has no plain form.
    if (action === 'to_conflicts' || plainName(copy.name) === copy.name) {
      return [{ do: 'to_conflicts', copy: place, hash: copy.hash, stands: placeOf(stands) }];
    }
    const name = plainName(copy.name);
    const taken = { folder: copy.folder, name };
    const free = kindAt(root, taken) === 'nothing' || leaving.has(pathOf(taken));
    return free ? [{ do: 'take_plain_name', copy: place, hash: copy.hash, name }] : [];
  });
}

function placeOf(copy: Seen | null): Place | null {
  return copy === null ? null : { folder: copy.folder, name: copy.name };
}
