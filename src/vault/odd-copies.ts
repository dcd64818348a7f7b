import { lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OTHER_FOLDERS } from '../core/states.ts';
import { errno } from '../files/errno.ts';
import { realFolder, VaultFault } from './safe-path.ts';

/** More say nothing new. */
const MAX = 100;

/** It grows with the mails that came: listed in whole passes alone. */
const LARGE = 'Attachments';

/**
 * Conflict copies of what is no task: the page, templates, contacts, attachments, logs, heartbeats. They stay
 * where they are, beside the version they differ from, since only a person can put two texts together.
 * Gives paths relative to the vault, sorted; of the large folder those that an earlier whole look found, as long as
 * they lie there.
 */
export function oddConflictCopies(root: string): (whole: boolean) => Promise<readonly string[]> {
  let far: readonly string[] = [];
  return async (whole) => {
    const near = await copiesIn(root, ['', ...OTHER_FOLDERS.filter((folder) => folder !== LARGE)]);
    far = whole ? await copiesIn(root, [LARGE]) : far.filter((path) => isThere(root, path));
    return [...near, ...far].sort().slice(0, MAX);
  };
}

async function copiesIn(root: string, folders: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    for (const name of await namesIn(root, folder)) {
      if (/\.sync-conflict-/.test(name)) found.push(folder === '' ? name : `${folder}/${name}`);
    }
  }
  return found.sort().slice(0, MAX);
}

function isThere(root: string, path: string): boolean {
  try {
    return lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

async function namesIn(root: string, folder: string): Promise<readonly string[]> {
  try {
    const path = folder === '' ? root : realFolder(root, folder);
    return path === null ? [] : await readdir(path);
  } catch (error) {
    // A link in the place of a folder, or one that may not be read: the vault's shape says so.
    if (error instanceof VaultFault || errno(error) !== undefined) return [];
    throw error;
  }
}
