/**
 * The look of `handover vault check`: reads a vault, on whatever machine and whether or not a process runs, and
 * changes nothing. Notes are read one after the other; of each only eight bytes are kept.
 */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { plainName } from '../../core/claim-protocol.ts';
import { strayReason } from '../../core/filename.ts';
import { LIMITS } from '../../core/front-matter.ts';
import { lookAlikeOf } from '../../core/look-alike.ts';
import { claimFindings, doneFindings, fileSecret, noteLook, unreadFinding } from '../../core/note-rules.ts';
import { SECRET_FILE_BYTES, secretName } from '../../core/secret-names.ts';
import type { TaskFolder } from '../../core/states.ts';
import { idInName, type TaskId } from '../../core/task-id.ts';
import {
  type Entry,
  entryFindings,
  type Finding,
  type FindingCode,
  GUARD,
  isTaskFolder,
  KNOWN_FOLDERS,
  pathOf,
} from '../../core/vault-rules.ts';
import { realFolder, VaultFault } from '../safe-path.ts';
import { type Found, hashOf, lookAtCopies, type SettleStep } from './copies.ts';
import type { Evidence } from './evidence.ts';
import { IdTable } from './id-table.ts';
import { readText } from './read-text.ts';
import { walkVault } from './walk.ts';

export type FixStep =
  | SettleStep
  | { readonly do: 'make_folder'; readonly folder: string }
  | { readonly do: 'make_guard'; readonly folder: string }
  | { readonly do: 'remove_staging'; readonly path: string };

export interface VaultReport {
  /** At most a hundred of each code. */
  readonly findings: readonly Found[];
  /** How many there are of each code, shown or not. */
  readonly counts: ReadonlyMap<FindingCode, number>;
  readonly steps: readonly FixStep[];
  readonly looked: { readonly files: number; readonly notes: number };
}

export interface CheckDeps {
  /** Absolute, links resolved. */
  readonly root: string;
  readonly now: number;
  /** Null where this machine cannot know: claims and Done are taken as they are, and nothing is settled. */
  readonly evidence: Evidence | null;
}

const MAX_PER_CODE = 100;
const MAX_STEPS = 10_000;
/** Notes whose name lost its id: a user renames a handful, a peer could make any number. */
const MAX_NAMELESS = 10_000;

interface Looking {
  readonly deps: CheckDeps;
  /** Null: nothing is settled here. */
  readonly settler: Evidence | null;
  readonly ids: IdTable;
  readonly conflicted: Set<TaskId>;
  readonly nameless: Map<string, TaskId>;
  readonly steps: FixStep[];
  readonly shown: Map<FindingCode, Found[]>;
  readonly counts: Map<FindingCode, number>;
  files: number;
  notes: number;
}

export async function checkVault(deps: CheckDeps): Promise<VaultReport> {
  const looking: Looking = {
    deps,
    settler: isUsable(deps.root, 'Conflicts') ? deps.evidence : null,
    ids: new IdTable(),
    conflicted: new Set(),
    nameless: new Map(),
    steps: [],
    shown: new Map(),
    counts: new Map(),
    files: 0,
    notes: 0,
  };
  for (const entry of walkVault(deps.root, (folder, why) => add(looking, notReadable(folder, why)))) {
    looking.files++;
    await lookAt(looking, entry);
  }
  lookForFolders(looking);
  const suspects = { ...looking, repeated: looking.ids.repeated() };
  const copies = await lookAtCopies(deps.root, suspects, looking.settler);
  for (const found of copies.findings) add(looking, found, found.fixable);
  for (const step of copies.steps) addStep(looking, step);
  return {
    findings: confirmed(looking),
    counts: looking.counts,
    steps: looking.steps,
    looked: { files: looking.files, notes: looking.notes },
  };
}

/** Without a place for what loses nothing can be settled. A folder that is missing is made. */
function isUsable(root: string, folder: string): boolean {
  try {
    realFolder(root, folder);
    return true;
  } catch (error) {
    if (error instanceof VaultFault) return false;
    throw error;
  }
}

function add(looking: Looking, finding: Finding, fixable = false): void {
  const { code } = finding;
  looking.counts.set(code, (looking.counts.get(code) ?? 0) + 1);
  const shown = looking.shown.get(code);
  if (!shown) looking.shown.set(code, [{ ...finding, fixable }]);
  else if (shown.length < MAX_PER_CODE) shown.push({ ...finding, fixable });
}

function addStep(looking: Looking, step: FixStep): void {
  if (looking.steps.length < MAX_STEPS) looking.steps.push(step);
}

function notReadable(path: string, why: string): Finding {
  return {
    code: 'not-readable',
    path,
    words: `it cannot be read (${why}), so nobody knows what is in it`,
    cure: 'look at its owner and its rights, and at the disk',
  };
}

async function lookAt(looking: Looking, entry: Entry): Promise<void> {
  const { now } = looking.deps;
  const meant = entry.folder === '' && entry.kind === 'folder' ? lookAlikeOf(entry.name) : null;
  for (const finding of entryFindings(entry, { now, lookAlikeOf: meant })) {
    const fixable = finding.code === 'staging-left';
    add(looking, finding, fixable);
    if (fixable) addStep(looking, { do: 'remove_staging', path: finding.path });
  }
  if (entry.kind !== 'file') return;
  const why = strayReason(entry.name);
  if (isTaskFolder(entry.folder) && (why === null || why === 'sync-conflict')) {
    await lookAtNote(looking, { folder: entry.folder, name: entry.name });
  } else if (mayHoldSecret(entry)) {
    const read = readText(looking.deps.root, entry, SECRET_FILE_BYTES);
    if (read.ok && !read.text.includes('\0')) {
      for (const finding of fileSecret(pathOf(entry), read.text)) add(looking, finding);
    }
  }
}

/** Logs are masked and large, attachments a stranger's, Obsidian's own files do not travel. */
function mayHoldSecret(entry: Entry): boolean {
  const [top] = pathOf(entry).split('/');
  return (
    entry.size <= SECRET_FILE_BYTES &&
    secretName(entry.name) === null &&
    top !== 'Logs' &&
    top !== 'Attachments' &&
    top !== '.obsidian'
  );
}

async function lookAtNote(looking: Looking, ref: { folder: TaskFolder; name: string }): Promise<void> {
  looking.notes++;
  const { root } = looking.deps;
  const path = pathOf(ref);
  const aside = ref.folder === 'Quarantine' || ref.folder === 'Conflicts';
  const read = readText(root, ref, LIMITS.noteBytes);
  if (!read.ok) {
    if (read.why === 'no-access') add(looking, notReadable(path, 'EACCES'));
    else if (read.why !== 'gone' && !aside) add(looking, unreadFinding(path, read.why));
  }
  const look = read.ok ? noteLook(ref, read.text) : null;
  for (const finding of look?.findings ?? []) add(looking, finding);
  const id = look ? look.id : idInName(plainName(ref.name));
  if (aside) return;
  const isCopy = strayReason(ref.name) === 'sync-conflict';
  if (id === null) {
    if (isCopy) loneCopy(looking, ref, read.ok ? hashOf(read.text) : '');
    return;
  }
  looking.ids.add(id);
  if (isCopy) looking.conflicted.add(id);
  if (idInName(plainName(ref.name)) === null && looking.nameless.size < MAX_NAMELESS) {
    looking.nameless.set(path, id);
  }
  if (!isCopy) await lookAtProof(looking, ref, id, read.ok ? read.text : '');
}

/** A conflict copy of a note that has no id yet: a version of what a person wrote; kept, never worked on. */
function loneCopy(looking: Looking, ref: { folder: TaskFolder; name: string }, hash: string): void {
  const fixable = looking.settler !== null;
  const finding: Finding = {
    code: 'conflict-copy',
    path: pathOf(ref),
    words: 'Syncthing kept this version of a note that was changed on two devices; it is no task',
    cure: 'the orchestrator moves it to Conflicts; compare the two there',
  };
  add(looking, finding, fixable);
  if (fixable) addStep(looking, { do: 'to_conflicts', copy: ref, hash, stands: null });
}

async function lookAtProof(
  looking: Looking,
  ref: { folder: TaskFolder; name: string },
  id: TaskId,
  text: string,
): Promise<void> {
  const { evidence } = looking.deps;
  if (evidence === null) return;
  if (ref.folder === 'In_Progress/local-agent') {
    const claimed = (await evidence.claim(id, ref.name, text)) !== 'none';
    for (const finding of claimFindings(ref.folder, pathOf(ref), claimed)) add(looking, finding);
  } else if (ref.folder.startsWith('Done')) {
    const isDone = await evidence.isDone(id);
    for (const finding of doneFindings(ref.folder, pathOf(ref), isDone)) add(looking, finding);
  }
}

/** What lies in the place of a folder was found on the way; here only what is missing. */
function lookForFolders(looking: Looking): void {
  const { root } = looking.deps;
  for (const folder of KNOWN_FOLDERS) {
    try {
      const at = realFolder(root, folder);
      if (at === null) {
        const words = 'this folder is missing';
        add(looking, { code: 'folder-missing', path: folder, words, cure: FIX }, true);
        addStep(looking, { do: 'make_folder', folder });
      } else if (!lstatSync(join(at, GUARD), { throwIfNoEntry: false })) {
        const words = 'its guard file is missing, so that a peer could replace the folder';
        add(looking, { code: 'guard-missing', path: `${folder}/${GUARD}`, words, cure: FIX }, true);
        addStep(looking, { do: 'make_guard', folder });
      }
    } catch (error) {
      if (!(error instanceof VaultFault)) throw error;
    }
  }
}

const FIX = 'run: handover vault check --fix';

/** What is gone by now was moved while we looked, and is no finding. */
function confirmed(looking: Looking): Found[] {
  const all = [...looking.shown.values()].flat();
  return all.filter((found) => {
    const stands = stillTrue(looking.deps.root, found);
    if (!stands) {
      const left = (looking.counts.get(found.code) ?? 1) - 1;
      if (left === 0) looking.counts.delete(found.code);
      else looking.counts.set(found.code, left);
    }
    return stands;
  });
}

function stillTrue(root: string, { code, path }: Found): boolean {
  if (code === 'folder-missing' || code === 'guard-missing' || path.includes('\uFFFD')) return true;
  try {
    const stat = lstatSync(join(root, path), { throwIfNoEntry: false });
    // A note that is being created has two names for an instant.
    return stat !== undefined && (code !== 'hard-link' || stat.nlink > 1);
  } catch {
    return true;
  }
}
