import { join } from 'node:path';
import { judgeTopology, type SharedFolder, type SyncthingFacts, type Topology } from '../core/topology.ts';
import type { Clock } from '../runtime/clock.ts';
import { placeOf } from './place.ts';
import {
  type FolderConfig,
  type Syncthing,
  type SyncthingConfig,
  SyncthingFault,
} from './syncthing-client.ts';

export interface TopologyDeps {
  /** Null: no API key. */
  readonly client: Syncthing | null;
  readonly folder: string;
  readonly peer: string | null;
  readonly trusted: readonly string[];
  /** The vault's resolved root. */
  readonly vaultRoot: string;
  readonly clock: Pick<Clock, 'now'>;
}

export interface TopologyWatch {
  /**
   * What is true now, at most `FRESH_MS` old, and looked up at `notBefore` (ms) at the earliest. What cannot be
   * learnt refuses.
   */
  look(notBefore?: number): Promise<Topology>;
}

/** A pass over many approvals asks once and not for each. */
const FRESH_MS = 2_000;

export function topologyWatch(deps: TopologyDeps): TopologyWatch {
  let last: { readonly at: number; readonly answer: Promise<Topology> } | null = null;
  return {
    look: (notBefore = 0) => {
      const now = deps.clock.now();
      // A clock that was set back would keep an old answer for ever.
      if (last === null || now - last.at >= FRESH_MS || now < last.at || last.at < notBefore) {
        last = { at: now, answer: lookAt(deps) };
      }
      return last.answer;
    },
  };
}

/** One look, nothing kept: also for `handover doctor` and `handover sync apply`. */
export async function lookAt(deps: Omit<TopologyDeps, 'clock'>): Promise<Topology> {
  const [vault, approved] = await Promise.all([
    placeOf(deps.vaultRoot),
    placeOf(join(deps.vaultRoot, 'Approved')),
  ]);
  const { folder, peer, trusted } = deps;
  return judgeTopology({ folder, peer, trusted, vault, approved, syncthing: await factsOf(deps) });
}

type Asked = Pick<TopologyDeps, 'client' | 'folder' | 'peer' | 'trusted'>;

async function factsOf(
  deps: Asked,
): Promise<SyncthingFacts | { readonly unknown: 'no-key' | 'forbidden' | 'no-answer' }> {
  if (deps.client === null) return { unknown: 'no-key' };
  try {
    return await ask(deps, deps.client);
  } catch (error) {
    if (!(error instanceof SyncthingFault)) throw error;
    return { unknown: error.code === 'forbidden' ? 'forbidden' : 'no-answer' };
  }
}

async function ask(deps: Asked, client: Syncthing): Promise<SyncthingFacts> {
  const [{ myId }, config] = await Promise.all([client.system(), client.config()]);
  const vault = config.folders.find((one) => one.id === deps.folder);
  // A paused folder is not asked: it answers with errors.
  const known = vault !== undefined && vault.paused !== true;
  const [folders, ignores, status, leaks] = await Promise.all([
    Promise.all(config.folders.map(sharedFolder)),
    known ? client.ignores(deps.folder) : null,
    known ? client.folderStatus(deps.folder) : null,
    known ? client.file(deps.folder, 'Approved') : null,
  ]);
  return {
    myId,
    folders,
    devices: config.devices.map((device) => ({
      id: device.deviceID,
      introducer: device.introducer === true,
      autoAcceptFolders: device.autoAcceptFolders === true,
    })),
    paused: vault?.paused === true,
    ignores,
    links: numberOf(status?.['localSymlinks']),
    approvedSharedBy: (leaks?.availability ?? []).filter(
      (device) => deps.trusted.includes(device) && device !== deps.peer,
    ),
    guiAddress: guiAddress(config),
  };
}

async function sharedFolder(folder: FolderConfig): Promise<SharedFolder> {
  const versioning = folder['versioning'];
  const type =
    typeof versioning === 'object' && versioning !== null && 'type' in versioning ? versioning.type : '';
  return {
    id: folder.id,
    place: await placeOf(folder.path ?? ''),
    devices: folder.devices.map((device) => device.deviceID),
    maxConflicts: folder.maxConflicts ?? null,
    versioned: typeof type === 'string' && type !== '',
  };
}

function guiAddress(config: SyncthingConfig): string | null {
  const gui = config['gui'];
  if (typeof gui !== 'object' || gui === null || !('address' in gui)) return null;
  return typeof gui.address === 'string' ? gui.address : null;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
