import type { FolderStatus } from '../../src/sync/syncthing-client.ts';
import { SyncthingFault } from '../../src/sync/syncthing-client.ts';
import type { SyncNode } from './syncthing-node.ts';
import { until } from './until.ts';

const LIMIT_MS = 90_000;

interface Seen {
  readonly node: SyncNode;
  /** By folder id. */
  readonly folders: ReadonlyMap<
    string,
    { readonly members: readonly string[]; readonly status: FolderStatus }
  >;
  readonly connected: ReadonlySet<string>;
}

/**
 * Until two rounds of "scan everything, then look" in a row find every running node idle, with all it needs but
 * what it cannot have (pull errors), and with the same local sequence numbers: so nothing moved in between,
 * no conflict copy either, which a node makes while it pulls.
 */
export async function idle(nodes: readonly SyncNode[]): Promise<void> {
  let before = '';
  await until(
    `${nodes.map((node) => node.name).join(', ')} are idle`,
    async () => {
      const seen = (await Promise.all(nodes.map(look))).filter((one) => one !== null);
      if (!(await settled(seen))) {
        before = '';
        return false;
      }
      const now = seen
        .map(({ node, folders }) => [
          node.name,
          ...[...folders].map(([id, f]) => `${id}:${f.status.sequence}`),
        ])
        .join(' ');
      const same = now === before;
      before = now;
      return same;
    },
    LIMIT_MS,
  );
}

/** Scans first, so that what lies on the disk is known. Null: it does not run. */
async function look(node: SyncNode): Promise<Seen | null> {
  try {
    const { folders } = await node.client.config();
    const active = folders.filter((folder) => folder.paused !== true);
    await Promise.all(active.map(({ id }) => node.client.scan(id, [])));
    const entries = await Promise.all(
      active.map(async ({ id, devices }) => {
        const status = await node.client.folderStatus(id);
        return [id, { members: devices.map((device) => device.deviceID), status }] as const;
      }),
    );
    const peers = [...(await node.client.connections())];
    const connected = peers.filter(([, { connected }]) => connected).map(([id]) => id);
    return { node, folders: new Map(entries), connected: new Set(connected) };
  } catch (error) {
    if (error instanceof SyncthingFault && error.code === 'unreachable') return null;
    throw error;
  }
}

async function settled(seen: readonly Seen[]): Promise<boolean> {
  for (const { node, folders, connected } of seen) {
    for (const [id, { members, status }] of folders) {
      if (status.state !== 'idle' || status.needTotalItems > status.pullErrors) return false;
      for (const peer of seen) {
        if (!members.includes(peer.node.id) || !connected.has(peer.node.id)) continue;
        const { needItems, needDeletes } = await node.client.completion(id, peer.node.id);
        if (needItems + needDeletes > (peer.folders.get(id)?.status.pullErrors ?? 0)) return false;
      }
    }
  }
  return true;
}
