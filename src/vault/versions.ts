/**
 * `.stversions`, where the Syncthing of this machine keeps what a peer deletes or replaces. The folder is
 * local and never travels, but what lies in it came from a peer: regular files of ours in size, no links.
 */
import { lstatSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '../core/front-matter.ts';
import type { TaskFolder } from '../core/states.ts';
import { versionOf } from '../core/vanished.ts';
import { openRegular, realFolder, VaultFault } from './safe-path.ts';

/** More than a vault has open; a peer could fill the folder. */
const MAX_LISTED = 100_000;

export interface Version {
  /** File in `.stversions`. */
  readonly path: string;
  /** Milliseconds by the clock of this machine: when it was put away. */
  readonly at: number;
}

/** The newest version of each note that lay in `folder`, by the note's name. */
export async function newestVersions(
  root: string,
  folder: TaskFolder,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Version>> {
  const newest = new Map<string, Version>();
  const at = versionFolder(root, folder);
  if (at === null) return newest;
  let listed = 0;
  for await (const entry of await opendir(at)) {
    if ((listed += 1) > MAX_LISTED) break;
    const name = versionOf(entry.name);
    if (!entry.isFile() || !wanted.has(name)) continue;
    const stat = lstatSync(join(at, entry.name), { throwIfNoEntry: false });
    if (!stat?.isFile() || stat.ctimeMs <= (newest.get(name)?.at ?? 0)) continue;
    newest.set(name, { path: join(at, entry.name), at: stat.ctimeMs });
  }
  return newest;
}

/** Null when it is no readable note any more. */
export async function readVersion(version: Version): Promise<string | null> {
  const handle = await openRegular(version.path);
  if (typeof handle === 'string') return null;
  try {
    if ((await handle.stat()).size > LIMITS.noteBytes) return null;
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await handle.readFile());
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  } finally {
    await handle.close();
  }
}

/** `Approved` is a Syncthing folder of its own where there is a phone, and keeps its versions itself. */
function versionFolder(root: string, folder: TaskFolder): string | null {
  try {
    return realFolder(root, folder === 'Approved' ? 'Approved/.stversions' : `.stversions/${folder}`);
  } catch (error) {
    if (error instanceof VaultFault) return null;
    throw error;
  }
}
