/**
 * Files of the vault that are no notes, found as a link of Obsidian names them and read as bytes. Like all of the vault's
 * reading: only regular files inside the root, and no folder is entered through a link.
 */
import { readdirSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { STATES } from '../core/states.ts';
import { errno } from '../files/errno.ts';
import { openRegular, realFolder, VaultFault } from './safe-path.ts';

export interface FileBytes {
  readonly bytes: Uint8Array;
  /** Milliseconds; a rename into place sets it, and nobody can set it back. */
  readonly ctimeMs: number;
  /** Milliseconds: when this very file was made on this disk. */
  readonly birthtimeMs: number;
}

export type ReadFileBytes =
  | ({ readonly ok: true } & FileBytes)
  | { readonly ok: false; readonly why: 'gone' | 'not-a-file' | 'too-large' };

/** By the name as `sameName` writes it: paths from the root, sorted. Null: the vault is too large to search. */
export type FoundFiles = ReadonlyMap<string, readonly string[]> | null;

export interface SearchLimits {
  readonly entries: number;
  readonly depth: number;
}

const SEARCH: SearchLimits = { entries: 200_000, depth: 20 };

/** Logs and heartbeats are no documents; finished tasks are thousands of notes and are never gone through. */
const NOT_SEARCHED: ReadonlySet<string> = new Set([
  'Logs',
  'Updates',
  ...STATES.filter((state) => !state.open).map((state) => state.folder),
]);

/** Obsidian takes a name without regard to case; Syncthing keeps names in NFC. */
export function sameName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** Where files of these names lie (`names` as `sameName` writes them). One walk, however many are asked for. */
export function findFiles(root: string, names: ReadonlySet<string>, limits = SEARCH): FoundFiles {
  const found = new Map<string, string[]>();
  let folders = [''];
  let entries = 0;
  for (let depth = 0; folders.length > 0; depth++) {
    if (depth > limits.depth) return null;
    const below: string[] = [];
    for (const folder of folders) {
      for (const entry of entriesOf(root, folder)) {
        if (++entries > limits.entries) return null;
        if (/^[.~]/.test(entry.name)) continue;
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory() && !NOT_SEARCHED.has(path)) below.push(path);
        const name = sameName(entry.name);
        if (entry.isFile() && names.has(name)) found.set(name, [...(found.get(name) ?? []), path]);
      }
    }
    folders = below;
  }
  for (const paths of found.values()) paths.sort();
  return found;
}

/** What cannot be looked into holds nothing that could be attached. */
function entriesOf(root: string, folder: string): readonly Dirent[] {
  try {
    const path = folder === '' ? root : realFolder(root, folder);
    return path === null ? [] : readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error instanceof VaultFault || ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(errno(error) ?? ''))
      return [];
    throw error;
  }
}

/** @param path from the root */
export async function readFileBytes(root: string, path: string, maxBytes: number): Promise<ReadFileBytes> {
  const slash = path.lastIndexOf('/');
  const folder = folderOf(root, path.slice(0, Math.max(slash, 0)));
  if (typeof folder !== 'object') return { ok: false, why: folder };
  const handle = await openRegular(join(folder.path, path.slice(slash + 1)));
  if (typeof handle === 'string') return { ok: false, why: handle };
  try {
    const { size, ctimeMs, birthtimeMs } = await handle.stat();
    if (size > maxBytes) return { ok: false, why: 'too-large' };
    const bytes = await handle.readFile();
    // It may have grown since.
    if (bytes.length > maxBytes) return { ok: false, why: 'too-large' };
    return { ok: true, bytes, ctimeMs, birthtimeMs };
  } finally {
    await handle.close();
  }
}

function folderOf(root: string, folder: string): { readonly path: string } | 'gone' | 'not-a-file' {
  if (folder === '') return { path: root };
  try {
    const path = realFolder(root, folder);
    return path === null ? 'gone' : { path };
  } catch (error) {
    if (error instanceof VaultFault) return 'not-a-file';
    throw error;
  }
}
