import { type Dirent, lstatSync, opendirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { type Entry, type EntryKind, isForeignProgram, pathOf } from '../../core/vault-rules.ts';
import { errno } from '../../files/errno.ts';
import { realFolder, VaultFault } from '../safe-path.ts';

/** Deeper than any vault; a peer may make folders as deep as a path is long. */
const MAX_DEPTH = 32;
/** A folder may hold a hundred thousand finished notes: they are read this many at a time. */
const BATCH = 256;

/** Everything in the vault, folder by folder, each before what is in it; no link is followed. */
export function* walkVault(
  root: string,
  onUnreadable: (folder: string, why: string) => void,
): Generator<Entry> {
  const todo = [''];
  for (let folder = todo.pop(); folder !== undefined; folder = todo.pop()) {
    for (const entry of entriesOf(root, folder, onUnreadable)) {
      yield entry;
      if (entry.kind !== 'folder' || isForeignProgram(folder, entry.name)) continue;
      const path = pathOf(entry);
      if (path.split('/').length < MAX_DEPTH) todo.push(path);
      else onUnreadable(path, 'it lies too deep');
    }
  }
}

/** What lies in one folder, read bit by bit. A folder that is gone, or a link by now, is empty. */
export function* entriesOf(
  root: string,
  folder: string,
  onUnreadable: (folder: string, why: string) => void,
): Generator<Entry> {
  try {
    const at = folder === '' ? root : realFolder(root, folder);
    if (at === null) return;
    const dir = opendirSync(at, { bufferSize: BATCH });
    try {
      for (let next = dir.readSync(); next !== null; next = dir.readSync()) {
        const entry = lookAt(at, folder, next);
        if (entry !== null) yield entry;
      }
    } finally {
      dir.closeSync();
    }
  } catch (error) {
    const code = errno(error);
    if (code === 'ENOENT' || error instanceof VaultFault) return;
    if (code === undefined) throw error;
    onUnreadable(folder, code);
  }
}

function lookAt(at: string, folder: string, next: Dirent): Entry | null {
  let stat: Stats | undefined;
  try {
    stat = lstatSync(join(at, next.name), { throwIfNoEntry: false });
  } catch (error) {
    if (errno(error) !== 'ENAMETOOLONG' && errno(error) !== 'EACCES') throw error;
  }
  // A name that is no valid UTF-8 cannot be asked for by the text Node makes of it; it is told all the same.
  if (!stat && !next.name.includes('\uFFFD')) return null;
  const { name } = next;
  return {
    folder,
    name,
    kind: kindOf(stat ?? next),
    size: stat?.size ?? 0,
    links: stat?.nlink ?? 1,
    mtimeMs: stat?.mtimeMs ?? 0,
  };
}

function kindOf(stat: Stats | Dirent): EntryKind {
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isDirectory()) return 'folder';
  return stat.isFile() ? 'file' : 'special';
}
