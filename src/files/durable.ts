import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fsync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errno } from './errno.ts';

/**
 * Waiting for the disk (fsync) is asynchronous; what the kernel does in memory is not. Handing open, write,
 * link and close to Node's thread pool cost ten times what they take (measured: half of the time of taking
 * in a backlog), and a name that is given in one breath leaves fewer states for a crash.
 */
const flush = promisify(fsync);

/** Names of our own unfinished files; never tasks, never synced (see .gitignore-sync). */
export const STAGING_PREFIX = '.handover-';

/** Syncs that have not begun, and those under way, by folder; empty when the disk is idle. */
const waiting = new Map<string, Promise<void>>();
const running = new Map<string, Promise<void>>();

/**
 * Makes the names of a folder durable. Callers that come before a sync begins share it, as a database's
 * group commit does: of sixteen mails taken in at once, each does not wait for fifteen others.
 */
export function syncFolder(folder: string): Promise<void> {
  const next = waiting.get(folder) ?? afterRunning(folder);
  waiting.set(folder, next);
  return next;
}

async function afterRunning(folder: string): Promise<void> {
  await running.get(folder)?.catch(() => undefined);
  // Also without one under way: what else happens in this breath joins.
  await Promise.resolve();
  waiting.delete(folder);
  const sync = flushFolder(folder);
  running.set(folder, sync);
  try {
    await sync;
  } finally {
    if (running.get(folder) === sync) running.delete(folder);
  }
}

async function flushFolder(folder: string): Promise<void> {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await flush(fd);
  } finally {
    closeSync(fd);
  }
}

async function stage(path: string, data: string | Uint8Array, mode: number): Promise<string> {
  const temporary = join(
    dirname(path),
    `${STAGING_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}.tmp`,
  );
  const fd = openSync(temporary, 'wx', mode);
  try {
    writeFileSync(fd, data);
    await flush(fd);
  } catch (error) {
    remove(temporary);
    throw error;
  } finally {
    closeSync(fd);
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
    linkSync(temporary, path);
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    // FAT and some network mounts have no links: an exclusive open keeps the promise not to clobber.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(errno(error) ?? '')) throw error;
    if (!(await writeExclusively(path, data, mode))) return false;
  } finally {
    remove(temporary);
  }
  await syncFolder(dirname(path));
  return true;
}

async function writeExclusively(path: string, data: string | Uint8Array, mode: number): Promise<boolean> {
  let fd: number;
  try {
    fd = openSync(path, 'wx', mode);
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    writeFileSync(fd, data);
    await flush(fd);
  } finally {
    closeSync(fd);
  }
  return true;
}

/** Replaces `path` by all of `data`, or leaves it as it was. */
export async function writeDurably(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = await stage(path, data, mode);
  try {
    renameSync(temporary, path);
  } catch (error) {
    remove(temporary);
    throw error;
  }
  await syncFolder(dirname(path));
}

function remove(temporary: string): void {
  try {
    unlinkSync(temporary);
  } catch {
    // Somebody swept it; a leftover is swept later.
  }
}
