import { constants, lstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { errno } from '../files/errno.ts';

export type VaultFaultCode = 'no-vault' | 'folder-is-link' | 'not-a-folder' | 'outside' | 'bad-name';

/** Something about the vault itself is wrong: nothing may be read or written through it. */
export class VaultFault extends Error {
  readonly code: VaultFaultCode;
  readonly path: string;

  constructor(code: VaultFaultCode, path: string, options?: { readonly cause?: unknown }) {
    super(`vault: ${code}: ${path}`, options);
    this.name = 'VaultFault';
    this.code = code;
    this.path = path;
  }
}

/** One path component as the vault writes and accepts it. */
export function assertComponent(name: string): void {
  const bad =
    name === '' ||
    name === '.' ||
    name === '..' ||
    name.includes('/') ||
    name.includes('\0') ||
    Buffer.byteLength(name) > 255;
  if (bad) throw new VaultFault('bad-name', JSON.stringify(name.slice(0, 80)));
}

/**
 * The absolute path of a folder below `root`, each part of which was looked at and is a real folder; null
 * when it is not there.
 * Syncthing carries symbolic links and lets a peer replace a whole state folder by one (measured), so
 * this runs before every access, not once. `root` itself is trusted: it was resolved at start.
 * Synchronous: a look takes microseconds, and handing it to Node's thread pool costs more than the rename
 * it guards (measured: claims at 60 % of bare rename and fsync instead of 75 to 90 %).
 */
export function realFolder(root: string, folder: string): string | null {
  let path = root;
  for (const part of folder.split('/')) {
    assertComponent(part);
    path = join(path, part);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return null;
    if (stat.isSymbolicLink()) throw new VaultFault('folder-is-link', folder);
    if (!stat.isDirectory()) throw new VaultFault('not-a-folder', folder);
  }
  return path;
}

/**
 * Opens a regular file for reading, or null: gone, a link, a device, a FIFO (O_NONBLOCK keeps the open
 * from hanging). A hard link to elsewhere cannot arrive by sync; two links are the instant of a create.
 */
export async function openRegular(path: string): Promise<FileHandle | 'gone' | 'not-a-file'> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENAMETOOLONG') return 'gone';
    if (['ELOOP', 'EISDIR', 'ENXIO', 'EMLINK'].includes(errno(error) ?? '')) return 'not-a-file';
    throw error;
  }
  const stat = await handle.stat();
  if (stat.isFile()) return handle;
  await handle.close();
  return 'not-a-file';
}
