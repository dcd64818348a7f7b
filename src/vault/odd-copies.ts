import { readdir } from 'node:fs/promises';
import { OTHER_FOLDERS } from '../core/states.ts';
import { errno } from '../files/errno.ts';
import { realFolder, VaultFault } from './safe-path.ts';

/** More say nothing new. */
const MAX = 100;

/**
 * Conflict copies of what is no task: the page, templates, contacts, attachments, logs, heartbeats. They stay
 * where they are, beside the version they differ from, since only a person can put two texts together.
 * Paths relative to the vault, sorted.
 */
export async function oddConflictCopies(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of ['', ...OTHER_FOLDERS]) {
    for (const name of await namesIn(root, folder)) {
      if (/\.sync-conflict-/.test(name)) found.push(folder === '' ? name : `${folder}/${name}`);
    }
  }
  return found.sort().slice(0, MAX);
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
