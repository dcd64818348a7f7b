import { z } from 'zod';
import { propertyText } from '../../core/neutralise.ts';
import type { Syncthing, SyncthingConfig, SyncthingEvent } from '../../sync/syncthing-client.ts';
import { stamp } from './shapes.ts';
import type { SyncAccess } from './status-deps.ts';
import type { SyncAnswer } from './sync-answer.ts';

type Access = Extract<SyncAccess, { kind: 'api' }>;
type Device = SyncAnswer['devices'][number];

/** More devices than a person has are not asked about. */
const MAX_DEVICES = 20;
/** Of all folders together; the last one of ours is among them unless another folder is very busy. */
const LAST_EVENTS = 100;

/** @throws SyncthingFault */
export async function lookAtSync(access: Access): Promise<SyncAnswer> {
  const { client, folder: id } = access;
  const [system, config] = await Promise.all([client.system(), client.config()]);
  const folder = config.folders.find((one) => one.id === id);
  const syncthing = propertyText(system.version, 60);
  if (!folder) {
    const words = `Syncthing shares no folder with the id ${id}: see SYNCTHING_FOLDER and handover sync apply`;
    return { sync: 'known', words, syncthing, folder: null, devices: [], last_change: null };
  }
  const others = folder.devices.map((one) => one.deviceID).filter((one) => one !== system.myId);
  // Of a folder that is paused Syncthing tells nothing: it refuses the question (measured).
  const paused = folder.paused === true;
  const [here, devices, lastChange] = await Promise.all([
    paused ? { id, state: 'paused', behind: null, files: null, errors: null } : lookAtFolder(access),
    lookAtDevices(access, { config, paused, ids: others.slice(0, MAX_DEVICES) }),
    lastChangeOf(client, id),
  ]);
  return {
    sync: 'known',
    words: wordsFor(here, devices),
    syncthing,
    folder: here,
    devices,
    last_change: lastChange,
  };
}

type Folder = NonNullable<SyncAnswer['folder']>;

async function lookAtFolder({ client, folder }: Access): Promise<Folder> {
  const status = await client.folderStatus(folder);
  return {
    id: folder,
    state: propertyText(status.state, 60),
    behind: status.needTotalItems,
    files: status.localFiles,
    errors: status.errors,
  };
}

async function lookAtDevices(
  access: Access,
  known: { readonly config: SyncthingConfig; readonly paused: boolean; readonly ids: readonly string[] },
): Promise<Device[]> {
  const { config, paused, ids } = known;
  const { client, folder } = access;
  const [connections, stats] = await Promise.all([client.connections(), client.deviceStats()]);
  return Promise.all(
    ids.map(async (id) => {
      const connected = connections.get(id)?.connected ?? false;
      // For a device that is away Syncthing repeats what it knew last, often 100 % (measured).
      const behind = connected && !paused ? await client.completion(folder, id) : null;
      const files = behind === null ? null : behind.needItems + behind.needDeletes;
      const lastSeen = stats.get(id)?.lastSeen ?? null;
      return {
        device: id.slice(0, 7),
        name: propertyText(config.devices.find((one) => one.deviceID === id)?.name ?? '', 60),
        role: id === access.peer ? 'peer' : access.trusted.includes(id) ? 'trusted' : 'other',
        connected,
        paused: connections.get(id)?.paused ?? false,
        last_seen: lastSeen === null ? null : stamp(lastSeen),
        in_step: files === null ? null : files === 0,
        behind: files,
      };
    }),
  );
}

const change = z.looseObject({
  folder: z.string().optional(),
  folderID: z.string().optional(),
  path: z.string(),
  action: z.string(),
});

async function lastChangeOf(client: Syncthing, folder: string): Promise<SyncAnswer['last_change']> {
  const events = await client.events({ since: 0, disk: true, limit: LAST_EVENTS, timeoutS: 0 });
  for (const event of [...events].reverse()) {
    const shown = changeIn(event, folder);
    if (shown) return shown;
  }
  return null;
}

function changeIn(event: SyncthingEvent, folder: string): SyncAnswer['last_change'] {
  const read = change.safeParse(event.data);
  if (!read.success || (read.data.folder ?? read.data.folderID) !== folder) return null;
  return {
    at: propertyText(event.time, 40),
    path: propertyText(read.data.path),
    action: propertyText(read.data.action, 40),
    from: event.type === 'LocalChangeDetected' ? 'here' : 'another device',
  };
}

function wordsFor({ state, behind }: Folder, devices: readonly Device[]): string {
  if (behind === null) return 'the folder is paused in Syncthing: nothing comes or goes until it is resumed';
  const here =
    behind === 0 ? 'this machine has everything it knows of' : `this machine is ${behind} files behind`;
  const trouble = state === 'error' ? 'the folder is in error, see Syncthing’s page; ' : '';
  return `${trouble}${here}; ${peerWords(devices.find((one) => one.role === 'peer'))}`;
}

function peerWords(peer: Device | undefined): string {
  if (!peer) return 'no other agent’s machine is among the devices of the folder';
  if (peer.behind === null)
    return 'the other machine is not connected: what happens there is unknown until it is';
  return peer.behind === 0
    ? 'the other machine is in step'
    : `the other machine is ${peer.behind} files behind`;
}
