import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errno } from '../../files/errno.ts';
import { realFolder, VaultFault } from '../safe-path.ts';

export type TextResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: 'gone' | 'too-large' | 'not-utf8' | 'no-access' };

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A regular file as text. Synchronous, since a check reads a hundred thousand of them one after the other and
 * does nothing else meanwhile: handing each to Node's thread pool costs more than reading it.
 */
export function readText(
  root: string,
  ref: { readonly folder: string; readonly name: string },
  maxBytes: number,
): TextResult {
  let fd: number;
  try {
    const at = ref.folder === '' ? root : realFolder(root, ref.folder);
    if (at === null) return { ok: false, why: 'gone' };
    fd = openSync(join(at, ref.name), FLAGS);
  } catch (error) {
    if (errno(error) === 'EACCES' || errno(error) === 'EPERM') return { ok: false, why: 'no-access' };
    if (error instanceof VaultFault || errno(error) !== undefined) return { ok: false, why: 'gone' };
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return { ok: false, why: 'gone' };
    if (stat.size > maxBytes) return { ok: false, why: 'too-large' };
    const bytes = Buffer.alloc(stat.size);
    let read = 0;
    for (let n = -1; n !== 0 && read < bytes.length; read += n)
      n = readSync(fd, bytes, read, bytes.length - read, read);
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, read));
    return { ok: true, text };
  } catch (error) {
    if (error instanceof TypeError) return { ok: false, why: 'not-utf8' };
    throw error;
  } finally {
    closeSync(fd);
  }
}
