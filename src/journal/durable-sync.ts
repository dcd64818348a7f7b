import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, linkSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { STAGING_PREFIX } from '../files/durable.ts';
import { errno } from '../files/errno.ts';

/**
 * `createDurably` without a turn of the event loop: what it records must be on disk before the next byte
 * may leave through a socket. About a millisecond.
 * @returns false when the name is taken.
 */
export function createDurablySync(path: string, data: string): boolean {
  const folder = dirname(path);
  const staged = join(folder, `${STAGING_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  writeSynced(staged, data);
  try {
    linkSync(staged, path);
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    // FAT and some network mounts have no links.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(errno(error) ?? '')) throw error;
    try {
      writeSynced(path, data);
    } catch (openError) {
      if (errno(openError) === 'EEXIST') return false;
      throw openError;
    }
  } finally {
    unlinkSync(staged);
  }
  const handle = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return true;
}

function writeSynced(path: string, data: string): void {
  const handle = openSync(path, 'wx', 0o600);
  try {
    writeSync(handle, data);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
