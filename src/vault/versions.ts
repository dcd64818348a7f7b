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

/** Of one note. A peer that overwrites a note before it deletes it makes many. */
const MAX_VERSIONS = 20;

export interface Version {
  /** File in `.stversions`. */
  readonly path: string;
  /** Milliseconds by the clock of this machine: when it was put away. */
  readonly at: number;
}

/** The last few versions of each note that lay in `folder`, newest first, by the note's name. */
export async function newestVersions(
  root: string,
  folder: TaskFolder,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly Version[]>> {
  const newest = new Map<string, Version[]>();
  const at = versionFolder(root, folder);
  if (at === null) return newest;
  let listed = 0;
  for await (const entry of await opendir(at)) {
    if ((listed += 1) > MAX_LISTED) break;
    const name = versionOf(entry.name);
    if (!entry.isFile() || !wanted.has(name)) continue;
    const stat = lstatSync(join(at, entry.name), { throwIfNoEntry: false });
    if (!stat?.isFile()) continue;
    const versions = [...(newest.get(name) ?? []), { path: join(at, entry.name), at: stat.ctimeMs }];
    newest.set(name, versions.sort(newestFirst).slice(0, MAX_VERSIONS));
  }
  return newest;
}

/** Several of one instant: by the number at the end of the name. */
function newestFirst(a: Version, b: Version): number {
  return b.at - a.at || b.path.length - a.path.length || (a.path < b.path ? 1 : -1);
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
