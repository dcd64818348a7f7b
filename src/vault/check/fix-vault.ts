/**
 * What `handover vault check --fix` may do: make folders and guard files that are missing, remove unfinished
 * files of ours, and settle doubles and conflict copies as the orchestrator would. Notes are only renamed, each
 * is looked at again just before, and what is not as the check saw it is left alone.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '../../core/front-matter.ts';
import { GUARD, KNOWN_FOLDERS, pathOf, STALE_MS } from '../../core/vault-rules.ts';
import { createDurably, STAGING_PREFIX } from '../../files/durable.ts';
import { errno } from '../../files/errno.ts';
import { realFolder, VaultFault } from '../safe-path.ts';
import { Vault } from '../vault.ts';
import type { FixStep } from './check-vault.ts';
import { hashOf, isFile, kindAt, type Place, type SettleStep } from './copies.ts';
import { readText } from './read-text.ts';

export interface Fixed {
  readonly done: boolean;
  /** Relative to the vault, as it is on disk. */
  readonly path: string;
  readonly words: string;
}

/** In the order of the steps: what loses a name makes room for what takes it. */
export async function fixVault(root: string, steps: readonly FixStep[], now: number): Promise<Fixed[]> {
  const vault = await Vault.open(root);
  const fixed: Fixed[] = [];
  for (const step of steps) fixed.push(await guarded(step, () => apply(vault, step, now)));
  return fixed;
}

async function apply(vault: Vault, step: FixStep, now: number): Promise<Fixed> {
  switch (step.do) {
    case 'make_folder':
      return makeFolder(vault.root, step.folder);
    case 'make_guard':
      return makeGuard(vault.root, step.folder);
    case 'remove_staging':
      return removeStaging(vault.root, step.path, now);
    default:
      return settle(vault, step);
  }
}

/** One folder that was replaced meanwhile must not keep the others from being looked after. */
async function guarded(step: FixStep, work: () => Promise<Fixed>): Promise<Fixed> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof VaultFault ? error.code : errno(error);
    if (code === undefined) throw error;
    return { done: false, path: pathOfStep(step), words: `left alone: ${code}` };
  }
}

function pathOfStep(step: FixStep): string {
  switch (step.do) {
    case 'make_folder':
    case 'make_guard':
      return step.folder;
    case 'remove_staging':
      return step.path;
    default:
      return pathOf(step.copy);
  }
}

async function makeFolder(root: string, folder: string): Promise<Fixed> {
  if (!KNOWN_FOLDERS.includes(folder)) throw new VaultFault('outside', folder);
  let path = '';
  for (const part of folder.split('/')) {
    path = path === '' ? part : `${path}/${part}`;
    await mkdir(join(root, path), { mode: 0o755 }).catch((error: unknown) => {
      if (errno(error) !== 'EEXIST') throw error;
    });
    realFolder(root, path);
  }
  await makeGuard(root, folder);
  return { done: true, path: folder, words: 'folder made again' };
}

async function makeGuard(root: string, folder: string): Promise<Fixed> {
  const at = realFolder(root, folder);
  if (at === null) throw new VaultFault('not-a-folder', folder);
  await createDurably(join(at, GUARD), '');
  return { done: true, path: `${folder}/${GUARD}`, words: 'guard file made' };
}

function removeStaging(root: string, path: string, now: number): Promise<Fixed> {
  const slash = path.lastIndexOf('/');
  const [folder, name] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
  const at = folder === '' ? root : realFolder(root, folder);
  const stat = at === null ? undefined : lstatSync(join(at, name), { throwIfNoEntry: false });
  const ours = name.startsWith(STAGING_PREFIX) && stat?.isFile() === true;
  if (at === null || !ours || now - stat.mtimeMs <= STALE_MS) return Promise.resolve(changed(path));
  unlinkSync(join(at, name));
  return Promise.resolve({ done: true, path, words: 'unfinished file removed' });
}

function changed(path: string): Fixed {
  return { done: false, path, words: 'left alone: it is not as it was when it was looked at' };
}

async function settle(vault: Vault, step: SettleStep): Promise<Fixed> {
  const { copy, hash } = step;
  const path = pathOf(copy);
  if (!isAsSeen(vault.root, copy, hash)) return changed(path);
  if (step.do === 'take_plain_name') {
    if (kindAt(vault.root, { folder: copy.folder, name: step.name }) !== 'nothing') return changed(path);
    const moved = await vault.move(copy, copy.folder, step.name);
    return moved === 'moved' ? { done: true, path, words: `now named ${step.name}` } : changed(path);
  }
  // What stands must still be there: else this may be the last one.
  if (step.stands !== null && !isFile(vault.root, step.stands)) return changed(path);
  const { name } = await vault.moveToFreeName(copy, 'Conflicts');
  return name === null ? changed(path) : { done: true, path, words: `moved to Conflicts/${name}` };
}

function isAsSeen(root: string, copy: Place, hash: string): boolean {
  if (!isFile(root, copy)) return false;
  const read = readText(root, copy, LIMITS.noteBytes);
  return (read.ok ? hashOf(read.text) : '') === hash;
}
