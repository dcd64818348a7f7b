/** What Syncthing shall hold on this machine: the share file, the ids of `.env` and the ignore lists together. */
import { approvedFolderLines, ignoreLines } from '../../core/ignore-lists.ts';
import type { DeviceWish, ShareFile, ShareRole } from './read-share.ts';

/** One setting of a folder or device: the key in Syncthing's configuration, and how it is said to people. */
export interface Setting {
  readonly key: string;
  readonly name: string;
  readonly value: unknown;
  /** A value of Syncthing's, in words. */
  readonly show: (value: unknown) => string;
}

export interface WantedDevice {
  readonly id: string;
  /** Given to a new device only: a name the user chose in Syncthing stays. */
  readonly name: string;
  /** Given to a new device when `settings` say nothing of addresses. */
  readonly addresses: readonly string[];
  readonly settings: readonly Setting[];
}

export interface WantedFolder {
  readonly id: string;
  readonly path: string;
  /** With whom, this device not among them. */
  readonly devices: readonly string[];
  /** With nobody else: who is not named is taken out. */
  readonly exclusive: boolean;
  readonly settings: readonly Setting[];
  readonly ignores: readonly string[];
}

export interface WantedShare {
  readonly role: ShareRole;
  /** Configured ids; null: there is no other machine yet. */
  readonly peer: string | null;
  readonly trusted: readonly string[];
  readonly devices: readonly WantedDevice[];
  readonly vault: WantedFolder;
  readonly approved: WantedFolder | null;
}

export interface ShareSources {
  readonly share: ShareFile;
  /** The vault with links resolved. */
  readonly vaultDir: string;
  readonly folder: string;
  readonly peer: string | null;
  readonly trusted: readonly string[];
  /** Text of `.gitignore-sync`. */
  readonly ignoreSource: string;
  /** Absolute path of `keep-version.sh`. */
  readonly keepScript: string;
  /** Does the vault's disk take `a.md` and `A.md` for two files? */
  readonly tellsCase: boolean;
}

function approvedFolderId(folder: string): string {
  return `${folder}-approved`;
}

export function wantedShare(sources: ShareSources): WantedShare {
  const { share, peer } = sources;
  // Without a section for them they are nobody's business here.
  const trusted = share.trusted ? sources.trusted : [];
  const path = share.vault.path ?? sources.vaultDir;
  const vault: WantedFolder = {
    id: sources.folder,
    path,
    devices: [...(peer === null ? [] : [peer]), ...trusted],
    exclusive: false,
    settings: folderSettings(sources, share.vault.label),
    ignores: ignoreLines(sources.ignoreSource, share.role),
  };
  const approved = share.role === 'laptop' ? share.approved : undefined;
  return {
    role: share.role,
    peer,
    trusted,
    devices: [
      ...(peer === null ? [] : [wantedDevice(peer, share.peer, 0)]),
      ...(share.trusted ? trusted.map((id, at) => wantedDevice(id, share.trusted ?? share.peer, at)) : []),
    ],
    vault,
    approved: approved
      ? {
          id: approvedFolderId(sources.folder),
          path: `${path}/Approved`,
          devices: trusted,
          exclusive: true,
          settings: folderSettings(sources, approved.label),
          ignores: approvedFolderLines(sources.ignoreSource),
        }
      : null,
  };
}

function wantedDevice(id: string, wish: DeviceWish, at: number): WantedDevice {
  return {
    id,
    name: at === 0 ? wish.name : `${wish.name} ${at + 1}`,
    addresses: wish.addresses ?? ['dynamic'],
    settings: [
      flag('introducer', 'may bring in other devices', wish.introducer),
      flag('autoAcceptFolders', 'folders it offers are taken unseen', wish.auto_accept_folders),
      // Syncthing's word for a device that gets everything encrypted; our agents there could read nothing.
      flag('untrusted', 'gets everything encrypted', false),
      ...(wish.addresses ? [{ key: 'addresses', name: 'addresses', value: wish.addresses, show: list }] : []),
    ],
  };
}

function folderSettings(sources: ShareSources, label: string): readonly Setting[] {
  const wish = sources.share.vault;
  return [
    { key: 'label', name: 'label', value: label, show: text },
    { key: 'type', name: 'type', value: wish.type, show: text },
    flag('fsWatcherEnabled', 'watches for changes', true),
    { key: 'fsWatcherDelayS', name: 'watcher delay', value: wish.watcher_delay_seconds, show: seconds },
    {
      key: 'rescanIntervalS',
      name: 'looks through everything every',
      value: wish.rescan_seconds,
      show: seconds,
    },
    flag('ignorePerms', 'ignores modes of files', wish.ignore_permissions),
    flag('ignoreDelete', 'ignores deletions', false),
    // Unless it knows that, Syncthing looks through the whole folder for each file that comes: 10,000 notes took
    // 214 s instead of 23 (measured).
    flag('caseSensitiveFS', 'the disk tells a.md from A.md', sources.tellsCase),
    { key: 'maxConflicts', name: 'conflict copies per file', value: wish.max_conflicts, show: copies },
    { key: 'pullerDelayS', name: 'waits before fetching', value: wish.puller_delay_seconds, show: seconds },
    ...(wish.versions ? [versioning(sources.keepScript, wish.versions.keep_days)] : []),
  ];
}

/**
 * Syncthing splits the command as a shell would, and puts the paths in afterwards. `/bin/sh` in front, so that
 * the file needs no mode; no other word may hold blanks or quotes (2.x refuses them beside a placeholder).
 */
export function keepCommand(script: string, days: number): string {
  return `/bin/sh '${script.replaceAll("'", `'\\''`)}' %FOLDER_PATH% %FILE_PATH% ${days}`;
}

function versioning(script: string, days: number): Setting {
  return {
    key: 'versioning',
    name: 'what others delete or replace',
    value: { type: 'external', params: { command: keepCommand(script, days) } },
    show: (value) => {
      const { type, command } = versioningParts(value);
      if (type === '') return 'not kept';
      const kept = /keep-version\.sh' %FOLDER_PATH% %FILE_PATH% (\d+)$/.exec(command)?.[1];
      if (type === 'external' && kept !== undefined) return `each version kept ${kept} days`;
      return type === 'external' ? 'given to another program' : `kept by "${type}", which loses some`;
    },
  };
}

function versioningParts(value: unknown): { type: string; command: string } {
  if (typeof value !== 'object' || value === null) return { type: '', command: '' };
  const { type, params } = value as { type?: unknown; params?: unknown };
  const command =
    typeof params === 'object' && params !== null ? (params as { command?: unknown }).command : '';
  return { type: typeof type === 'string' ? type : '', command: typeof command === 'string' ? command : '' };
}

/** Is this setting as wanted? Of versioning only what we set counts; Syncthing adds more to it. */
export function isAsWanted(setting: Setting, actual: unknown): boolean {
  if (setting.key !== 'versioning') return JSON.stringify(actual) === JSON.stringify(setting.value);
  const [is, shall] = [versioningParts(actual), versioningParts(setting.value)];
  return is.type === shall.type && is.command === shall.command;
}

function flag(key: string, name: string, value: boolean): Setting {
  return { key, name, value, show: (v) => (v === true ? 'yes' : 'no') };
}

const text = (value: unknown): string => (typeof value === 'string' && value !== '' ? value : 'none');
const seconds = (value: unknown): string => (typeof value === 'number' ? `${value} s` : 'none');
const copies = (value: unknown): string => (value === -1 ? 'all' : String(value));
const list = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : 'none');
