/**
 * The way from what a running Syncthing has to what it shall have. Pure: nothing is asked and nothing done.
 * What neither the share file nor `.env` names stays as it is.
 *
 * The order is what keeps `Approved` at home: a folder that is shared before its ignore list exists would
 * publish it. So a new folder is made paused and shared with nobody, gets its list, and only then is shared;
 * of a folder that is there the list is mended before anything else of it.
 */
import { APPROVED_RULE, type IgnoreFault, ignoreFaults } from '../../core/ignore-lists.ts';
import type { DeviceConfig, FolderConfig, SyncthingConfig } from '../syncthing-client.ts';
import {
  isAsWanted,
  type Setting,
  type WantedDevice,
  type WantedFolder,
  type WantedShare,
} from './wanted-share.ts';

export interface Actual {
  readonly myId: string;
  readonly config: SyncthingConfig;
  /** What a new folder or device of this version begins with; also, which settings it knows. */
  readonly defaults: { readonly folder: FolderConfig; readonly device: DeviceConfig };
  /** Lines of the ignore lists of the folders that are there, by folder id. */
  readonly ignores: ReadonlyMap<string, readonly string[]>;
  /** Where the folders lie, links resolved, by folder id. */
  readonly paths: ReadonlyMap<string, string>;
}

/** One line of the difference. */
export interface Change {
  /** `folder handover`, `device ABCDEFG`, `ignore list of handover`. */
  readonly where: string;
  readonly what: string;
  /** '' for a part of something new. */
  readonly before: string;
  readonly after: string;
}

export type Step =
  | { readonly do: 'add-device'; readonly device: DeviceConfig }
  | { readonly do: 'set-device'; readonly id: string; readonly part: Partial<DeviceConfig> }
  /** Paused, and shared with nobody. */
  | { readonly do: 'add-folder'; readonly folder: FolderConfig }
  | { readonly do: 'mend-ignores'; readonly folder: string; readonly wanted: readonly string[] }
  | { readonly do: 'set-folder'; readonly id: string; readonly part: Partial<FolderConfig> };

export interface Plan {
  /** Why nothing may be done at all; sentences. */
  readonly refusals: readonly string[];
  readonly changes: readonly Change[];
  readonly steps: readonly Step[];
  /** What was seen and left alone; sentences. */
  readonly notes: readonly string[];
}

interface Part {
  readonly changes: readonly Change[];
  readonly steps: readonly Step[];
}

export function planShare(wanted: WantedShare, actual: Actual): Plan {
  const refusals = refusalsOf(wanted, actual);
  if (refusals.length > 0) return { refusals, changes: [], steps: [], notes: [] };
  const exists = (folder: WantedFolder): boolean => actual.config.folders.some(({ id }) => id === folder.id);
  const { vault, approved } = wanted;
  const second =
    approved && (approved.devices.length > 0 || exists(approved))
      ? folderPart(approved, wanted, actual)
      : null;
  const parts = [
    ...wanted.devices.map((device) => devicePart(device, actual)),
    // Taking somebody out of `Approved` comes first; a new one lies in the vault and comes after it.
    ...(second && approved && exists(approved) ? [second] : []),
    folderPart(vault, wanted, actual),
    ...(second && approved && !exists(approved) ? [second] : []),
  ];
  return {
    refusals,
    changes: parts.flatMap((part) => part.changes),
    steps: parts.flatMap((part) => part.steps),
    notes: notesOf(wanted, actual),
  };
}

/** Enough of an id to recognise it. */
const shortId = (id: string): string => id.slice(0, 7);

function refusalsOf(wanted: WantedShare, actual: Actual): string[] {
  const { peer, trusted } = wanted;
  const out: string[] = [];
  if (peer === actual.myId) {
    out.push('SYNCTHING_PEER_DEVICE is the id of this very device; it must be that of the other machine.');
  }
  if (trusted.includes(actual.myId)) {
    out.push('SYNCTHING_TRUSTED_DEVICES holds the id of this very device; take it out.');
  }
  if (peer !== null && trusted.includes(peer)) {
    out.push(
      'SYNCTHING_TRUSTED_DEVICES holds SYNCTHING_PEER_DEVICE: the other machine is never trusted; take it out.',
    );
  }
  for (const folder of [wanted.vault, ...(wanted.approved ? [wanted.approved] : [])]) {
    const there = actual.paths.get(folder.id);
    if (there !== undefined && there !== folder.path) {
      out.push(
        `Syncthing's folder ${folder.id} lies in ${there} and not in ${folder.path}. A folder cannot be moved: mend VAULT_DIR or SYNCTHING_FOLDER, or remove that folder in Syncthing (its files stay).`,
      );
    }
    for (const [id, path] of actual.paths) {
      if (path !== folder.path || id === folder.id) continue;
      out.push(
        `Syncthing has ${folder.path} already, as its folder ${id}. Remove that folder in Syncthing (its files stay), or set SYNCTHING_FOLDER.`,
      );
    }
  }
  return out;
}

function devicePart(wanted: WantedDevice, actual: Actual): Part {
  const where = `device ${shortId(wanted.id)}`;
  const there = actual.config.devices.find(({ deviceID }) => deviceID === wanted.id);
  if (there) {
    const { part, changes } = settingsPart(where, wanted.settings, there, there);
    return { changes, steps: changes.length === 0 ? [] : [{ do: 'set-device', id: wanted.id, part }] };
  }
  const known = wanted.settings.filter(({ key }) => key in actual.defaults.device);
  const device: DeviceConfig = {
    ...actual.defaults.device,
    deviceID: wanted.id,
    name: wanted.name,
    addresses: [...wanted.addresses],
    paused: false,
    ...values(known),
  };
  const after = `added as "${wanted.name}", ${wanted.addresses.join(', ')}`;
  return {
    changes: [{ where, what: 'device', before: 'not known', after }],
    steps: [{ do: 'add-device', device }],
  };
}

function folderPart(wanted: WantedFolder, share: WantedShare, actual: Actual): Part {
  const there = actual.config.folders.find(({ id }) => id === wanted.id);
  return there ? existingFolder(wanted, there, share, actual) : newFolder(wanted, actual);
}

function newFolder(wanted: WantedFolder, actual: Actual): Part {
  const where = `folder ${wanted.id}`;
  const base = actual.defaults.folder;
  const known = wanted.settings.filter(({ key }) => key in base);
  const self = { deviceID: actual.myId };
  const folder: FolderConfig = {
    ...base,
    ...values(known),
    id: wanted.id,
    path: wanted.path,
    devices: [self],
    paused: true,
  };
  const others = wanted.devices.map((deviceID) => ({ deviceID }));
  return {
    changes: [
      { where, what: 'folder', before: 'not there', after: `made, in ${wanted.path}` },
      ...known.map(({ name, value, show }) => ({ where, what: name, before: '', after: show(value) })),
      { where: `ignore list of ${wanted.id}`, what: 'lines', before: '', after: `${wanted.ignores.length}` },
      ...wanted.devices.map((id) => shared(where, id, true)),
    ],
    steps: [
      { do: 'add-folder', folder },
      { do: 'mend-ignores', folder: wanted.id, wanted: wanted.ignores },
      { do: 'set-folder', id: wanted.id, part: { devices: [self, ...others], paused: false } },
    ],
  };
}

function existingFolder(wanted: WantedFolder, there: FolderConfig, share: WantedShare, actual: Actual): Part {
  const where = `folder ${wanted.id}`;
  const faults = ignoreFaults(actual.ignores.get(wanted.id) ?? [], wanted.ignores);
  const { part, changes: set } = settingsPart(where, wanted.settings, there, actual.defaults.folder);
  const present = there.devices.map(({ deviceID }) => deviceID);
  const missing = wanted.devices.filter((id) => !present.includes(id));
  const surplus = wanted.exclusive
    ? present.filter((id) => id !== actual.myId && !wanted.devices.includes(id))
    : [];
  // What `sync apply` itself left behind when it was stopped half way. Any other pause is the user's.
  const halfMade = there.paused === true && present.every((id) => id === actual.myId || surplus.includes(id));
  const changes = [
    ...ignoreChanges(`ignore list of ${wanted.id}`, faults),
    ...set,
    ...surplus.map((id) => shared(where, id, false)),
    ...missing.map((id) => shared(where, id, true)),
    ...(halfMade ? [{ where, what: 'paused', before: 'yes', after: 'no' }] : []),
  ];
  const devices = [
    ...there.devices.filter(({ deviceID }) => !surplus.includes(deviceID)),
    ...missing.map((deviceID) => ({ deviceID })),
  ];
  const whole = {
    ...part,
    ...(missing.length + surplus.length > 0 ? { devices } : {}),
    ...(halfMade ? { paused: false } : {}),
  };
  const steps: Step[] = [];
  if (faults.length > 0) steps.push({ do: 'mend-ignores', folder: wanted.id, wanted: wanted.ignores });
  if (Object.keys(whole).length > 0) steps.push({ do: 'set-folder', id: wanted.id, part: whole });
  return { changes, steps };
}

/** `knows`: an object of this version of Syncthing that has every key it understands. */
function settingsPart(
  where: string,
  settings: readonly Setting[],
  there: Readonly<Record<string, unknown>>,
  knows: Readonly<Record<string, unknown>>,
): { part: Record<string, unknown>; changes: Change[] } {
  const wrong = settings.filter(
    (setting) => (setting.key in there || setting.key in knows) && !isAsWanted(setting, there[setting.key]),
  );
  return {
    part: values(wrong),
    changes: wrong.map(({ key, name, value, show }) => ({
      where,
      what: name,
      before: show(there[key]),
      after: show(value),
    })),
  };
}

function values(settings: readonly Setting[]): Record<string, unknown> {
  return Object.fromEntries(settings.map(({ key, value }) => [key, value]));
}

function shared(where: string, id: string, after: boolean): Change {
  const [yes, no] = ['yes', 'no'];
  return { where, what: `shared with ${shortId(id)}`, before: after ? no : yes, after: after ? yes : no };
}

function ignoreChanges(where: string, faults: readonly IgnoreFault[]): Change[] {
  const missing = faults.filter(({ code, line }) => code === 'missing' && line !== APPROVED_RULE);
  const open = faults.some(({ code, line }) => code === 'missing' && line === APPROVED_RULE);
  return [
    ...(open ? [{ where, what: APPROVED_RULE, before: 'missing', after: 'first line' }] : []),
    ...faults
      .filter(({ code }) => code !== 'missing')
      .map(({ code, line }) => ({
        where,
        what: line,
        before: code === 'not-first' ? `before ${APPROVED_RULE}` : 'in force',
        after: code === 'not-first' ? 'below our lines' : 'taken out, kept as a comment',
      })),
    ...(missing.length > 0
      ? [{ where, what: `${missing.length} lines`, before: 'missing', after: 'added' }]
      : []),
  ];
}

/** What is open to a stranger by another way is judged by core/topology.ts. */
function notesOf(wanted: WantedShare, actual: Actual): string[] {
  const named = [actual.myId, ...wanted.vault.devices];
  const nameOf = (id: string): string => {
    const name = actual.config.devices.find(({ deviceID }) => deviceID === id)?.name ?? '';
    return name === '' ? shortId(id) : `${shortId(id)} (${name})`;
  };
  const folders = [wanted.vault.id, ...(wanted.approved ? [wanted.approved.id] : [])];
  const notes: string[] = [];
  for (const folder of actual.config.folders.filter(({ id }) => folders.includes(id))) {
    const others = folder.devices.map(({ deviceID }) => deviceID).filter((id) => id !== actual.myId);
    if (folder.paused === true && others.length > 0)
      notes.push(`The folder ${folder.id} is paused, and stays so.`);
    const strangers = others.filter((id) => !named.includes(id));
    if (folder.id === wanted.vault.id && strangers.length > 0) {
      notes.push(
        `The vault is also shared with ${strangers.map(nameOf).join(', ')}, which .env does not name. If that is no device of yours, stop sharing it in Syncthing.`,
      );
    }
  }
  for (const { deviceID, paused } of actual.config.devices) {
    if (paused === true && deviceID !== actual.myId && named.includes(deviceID))
      notes.push(`Device ${nameOf(deviceID)} is paused, and stays so.`);
  }
  return notes;
}
