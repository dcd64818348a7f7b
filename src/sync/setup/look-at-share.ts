import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { errno } from '../../files/errno.ts';
import type { FolderConfig, Syncthing } from '../syncthing-client.ts';
import type { Actual } from './plan.ts';

/** What the Syncthing of this machine has now. @throws SyncthingFault */
export async function lookAtShare(client: Syncthing, folders: readonly string[]): Promise<Actual> {
  const [{ myId }, config, folder, device] = await Promise.all([
    client.system(),
    client.config(),
    client.defaultsFolder(),
    client.defaultsDevice(),
  ]);
  const ours = config.folders.filter(({ id }) => folders.includes(id));
  const lists = await Promise.all(
    ours.map(async ({ id }) => [id, (await client.ignores(id)).lines] as const),
  );
  const paths = await Promise.all(config.folders.map(async (one) => [one.id, await placeOf(one)] as const));
  return { myId, config, defaults: { folder, device }, ignores: new Map(lists), paths: new Map(paths) };
}

/** Syncthing knows `~`, and keeps a path as it was typed. */
async function placeOf({ path = '' }: FolderConfig): Promise<string> {
  const home = path.replace(/^~(?=\/|$)/, () => homedir());
  return resolved(resolve(home));
}

/** With links resolved as far as the path exists: in a container it may lie elsewhere than we can see. */
async function resolved(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (parent === path || !['ENOENT', 'EACCES', 'ENOTDIR'].includes(errno(error) ?? '')) throw error;
    return join(await resolved(parent), path.slice(parent.length));
  }
}
