/**
 * Who writes what. One writer per path: a local write that meets an incoming one can be lost without a
 * conflict copy (measured), and a file of ours that another device changes is a mistake or a forgery.
 */

/** `local`: only processes of this laptop. `shared`: agents, user and phone, by the rules of the states. */
export type Writer = 'local' | 'cloud' | 'shared' | 'nobody';

const LOCAL = [
  'In_Progress/local-agent',
  'Done',
  'Logs/local-agent',
  'Updates/local-agent',
  'Approved',
] as const;
const CLOUD = ['In_Progress/cloud-agent', 'Logs/cloud-agent', 'Updates/cloud-agent'] as const;

/** @param path relative to the vault's root, `/` separated, as Syncthing gives it. */
export function writerOf(path: string): Writer {
  if (isConflictCopy(path)) return 'nobody';
  if (path === 'Dashboard.md' || isUnder(path, LOCAL)) return 'local';
  return isUnder(path, CLOUD) ? 'cloud' : 'shared';
}

function isUnder(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

/** Syncthing makes them on whichever side notices; that the other side did is no sign of anything. */
function isConflictCopy(path: string): boolean {
  return /\.sync-conflict-/.test(path.slice(path.lastIndexOf('/') + 1));
}

/** One change that came from another device. */
export interface RemoteChange {
  readonly path: string;
  readonly action: string;
  readonly type: string;
}

export type ForeignKind =
  /** A link can replace a file or a whole state folder; nothing of ours makes one. */
  | 'link'
  | 'dashboard'
  | 'log'
  | 'done'
  | 'claim'
  | 'answer'
  | 'heartbeat'
  /** The user's no; without a phone only this laptop's user says it. */
  | 'rejected'
  /** Agents put files there, nobody takes them away but the user. */
  | 'kept_version_deleted';

/** Null when another device may do that. `phone`: there are devices the user trusts. */
export function foreignKind(change: RemoteChange, phone: boolean): ForeignKind | null {
  const { path } = change;
  if (change.type === 'symlink' && change.action !== 'deleted') return 'link';
  if (path.startsWith('Conflicts/') && change.action === 'deleted') return 'kept_version_deleted';
  if (path.startsWith('Rejected/') && change.action !== 'deleted' && writerOf(path) !== 'nobody') {
    return phone ? null : 'rejected';
  }
  if (writerOf(path) !== 'local' || isMonthFolder(change)) return null;
  if (path === 'Dashboard.md') return 'dashboard';
  if (path.startsWith('Logs/')) return 'log';
  if (path.startsWith('Done')) return 'done';
  if (path.startsWith('Updates/')) return 'heartbeat';
  return path.startsWith('Approved') ? 'answer' : 'claim';
}

/** Both sides make their folders when they start, and one of them is first. */
function isMonthFolder(change: RemoteChange): boolean {
  return change.type === 'dir' && change.action !== 'deleted';
}
