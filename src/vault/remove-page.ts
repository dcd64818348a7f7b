import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errno } from '../files/errno.ts';
import { assertComponent, realFolder, VaultFault } from './safe-path.ts';

/** Pages of ours that are one of a row and go when they are old; nothing else is ever removed by its name. */
const REMOVABLE = /^(Updates\/cloud-agent)\/(Skipped-\d{4}-\d{2}-\d{2}\.md)$/;

/** Removes such a page; gone is fine. @throws VaultFault `outside` for every other path. */
export async function removePage(root: string, path: string): Promise<void> {
  const [, folder, name] = REMOVABLE.exec(path) ?? [];
  if (folder === undefined || name === undefined) throw new VaultFault('outside', path);
  assertComponent(name);
  const at = realFolder(root, folder);
  if (at === null) return;
  // A link in its place is removed, not followed.
  await unlink(join(at, name)).catch((error: unknown) => {
    if (errno(error) !== 'ENOENT') throw error;
  });
}
