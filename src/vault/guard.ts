import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OTHER_FOLDERS, STATES } from '../core/states.ts';
import { errno } from '../files/errno.ts';
import { realFolder } from './safe-path.ts';

/** Ignored by Syncthing (see .gitignore-sync), so it is on this machine alone and no peer can remove it. */
const GUARD = '.keep';

/**
 * Puts the guard file into every folder that work depends on, and the ones above it, where it is missing.
 * Syncthing refuses to delete a folder that holds an ignored file, and so to put a link in its place (measured).
 *
 * @throws VaultFault when one of the folders is a link or a file
 */
export async function guardFolders(root: string): Promise<void> {
  for (const folder of guarded()) {
    const path = realFolder(root, folder) ?? (await made(root, folder));
    try {
      closeSync(openSync(join(path, GUARD), 'wx', 0o600));
    } catch (error) {
      // Whatever has the name guards as well: it is ignored by its name.
      if (errno(error) !== 'EEXIST') throw error;
    }
  }
}

function guarded(): readonly string[] {
  const folders = [...STATES.map((row) => row.folder), ...OTHER_FOLDERS];
  return [...new Set(folders.flatMap((folder) => [folder.split('/')[0] ?? folder, folder]))];
}

async function made(root: string, folder: string): Promise<string> {
  const path = join(root, folder);
  // The one above was looked at just before: it comes first in the list.
  await mkdir(path).catch((error: unknown) => {
    if (errno(error) !== 'EEXIST') throw error;
  });
  realFolder(root, folder);
  return path;
}
