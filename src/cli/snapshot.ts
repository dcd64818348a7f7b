/** A copy of folders that others are writing, as they stood at one instant. */
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, rm, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { STAGING_PREFIX } from '../files/durable.ts';
import { errno } from '../files/errno.ts';

export interface SnapshotPart {
  readonly from: string;
  readonly to: string;
  /** Of a path relative to `from`, `/` separated, of a file or a folder. */
  readonly leaveOut: (path: string) => boolean;
  /** Links are part of it; else they are passed over. */
  readonly links: boolean;
}

/** So many passes: each copies only what changed since the last, so that even a busy queue comes to rest in between. */
const MAX_PASSES = 50;

export class NeverQuiet extends Error {}

/**
 * Copies the parts, in their order, again and again until a whole pass finds nothing that changed. A note that moves from
 * folder to folder under the copying hand is then in exactly one of them; and since the vault comes before the state folder,
 * the journal knows at least what the notes say.
 * @returns files of each part
 * @throws NeverQuiet
 */
export async function snapshot(parts: readonly SnapshotPart[]): Promise<readonly number[]> {
  const copied = parts.map(() => new Map<string, string>());
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    let changes = 0;
    for (const [at, part] of parts.entries())
      changes += await onePass(part, copied[at] ?? new Map<string, string>());
    if (changes === 0) return copied.map((map) => map.size);
  }
  throw new NeverQuiet(`something changed in each of ${MAX_PASSES} passes`);
}

async function onePass(part: SnapshotPart, copied: Map<string, string>): Promise<number> {
  const there = new Map<string, string>();
  await mkdir(part.to, { recursive: true, mode: 0o700 });
  await look(part, '', there);
  let changes = 0;
  for (const [path, sign] of there) {
    if (copied.get(path) === sign) continue;
    changes++;
    if (await copyOne(part, path)) copied.set(path, sign);
    else copied.delete(path);
  }
  for (const path of [...copied.keys()]) {
    if (there.has(path)) continue;
    changes++;
    await rm(join(part.to, path), { force: true });
    copied.delete(path);
  }
  return changes;
}

/** Every file with what would show that it is another one, or changed. Empty folders are made as they are met. */
async function look(part: SnapshotPart, folder: string, there: Map<string, string>): Promise<void> {
  const entries = await readdir(join(part.from, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.name.startsWith(STAGING_PREFIX) || part.leaveOut(path)) continue;
    if (entry.isDirectory()) {
      await mkdir(join(part.to, path), { recursive: true, mode: 0o700 });
      await look(part, path, there);
    } else if (entry.isFile() || (part.links && entry.isSymbolicLink())) {
      const stat = await lstat(join(part.from, path), { bigint: true }).catch(() => null);
      if (stat !== null) there.set(path, `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`);
    }
  }
}

/** @returns false when it is gone by now: the next pass knows. */
async function copyOne({ from, to }: SnapshotPart, path: string): Promise<boolean> {
  const source = join(from, path);
  const target = join(to, path);
  try {
    const stat = await lstat(source);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rm(target, { force: true });
    if (stat.isSymbolicLink()) {
      await symlink(await readlink(source), target);
      return true;
    }
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    await utimes(target, stat.atime, stat.mtime);
    return true;
  } catch (error) {
    if (errno(error) === 'ENOENT') return false;
    throw error;
  }
}
