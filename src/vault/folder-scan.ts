/**
 * Looks at the names of a folder one by one and stops at a limit: a folder of finished tasks only grows, and
 * `Vault.list` would hold all of it in memory. Folders are checked as the vault checks them.
 */
import { opendir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { strayReason } from '../core/filename.ts';
import type { TaskFolder } from '../core/states.ts';
import { realFolder } from './safe-path.ts';
import type { Vault } from './vault.ts';

export interface Scan {
  /** Names looked at, strays included. */
  readonly looked: number;
  /** False when the limit came before the end. */
  readonly complete: boolean;
}

/** Names read in one go; between two of them others get their turn. */
const BATCH = 1024;

/**
 * Gives `see` every file of the folder, in no order, with why it is no task file (null when it may be one).
 * A folder that is not there is empty.
 * @throws VaultFault when the folder is a link or no folder.
 */
export async function scanFolder(
  vault: Vault,
  folder: TaskFolder,
  options: {
    readonly max: number;
    readonly see: (name: string, stray: ReturnType<typeof strayReason>) => void;
  },
): Promise<Scan> {
  const path = realFolder(vault.root, folder);
  if (path === null) return { looked: 0, complete: true };
  const dir = await opendir(path, { bufferSize: BATCH });
  let looked = 0;
  try {
    // Synchronous, a batch at a time: a promise per name takes three times as long under --no-opt (measured).
    for (let entry = dir.readSync(); entry; entry = dir.readSync()) {
      if (looked === options.max) return { looked, complete: false };
      if (++looked % BATCH === 0) await setImmediate();
      if (entry.isFile()) options.see(entry.name, strayReason(entry.name));
    }
    return { looked, complete: true };
  } finally {
    await dir.close();
  }
}
