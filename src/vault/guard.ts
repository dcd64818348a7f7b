import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GUARD, KNOWN_FOLDERS } from '../core/vault-rules.ts';
import { errno } from '../files/errno.ts';
import { realFolder } from './safe-path.ts';

/**
 * Makes every folder that work depends on and the ones above it, where it is missing, and puts a guard file into
 * each: ignored by its name (see .gitignore-sync), so it is on this machine alone. Syncthing refuses to delete a
 * folder that holds an ignored file, and so to put a link in its place (measured).
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
  return [...new Set(KNOWN_FOLDERS.flatMap((folder) => [folder.split('/')[0] ?? folder, folder]))];
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
