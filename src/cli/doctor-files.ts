import { constants, type Stats } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { fine, type Finding, found, off } from './doctor-check.ts';
import type { Host } from './doctor-host.ts';

/** Are STATE_DIR and the vault there, this user's, closed to others, and on a disk that keeps them? */
export async function checkFiles(host: Host): Promise<readonly Finding[]> {
  const { STATE_DIR: stateDir, VAULT_DIR: vaultDir } = host.config;
  const state = await stat(stateDir).catch(() => null);
  const stateFindings =
    state?.isDirectory() === true
      ? await stateFaults(stateDir, state)
      : [found('state-missing', `there is no folder ${stateDir}`)];
  const findings = [...stateFindings, ...(await vaultFaults(host, vaultDir))];
  return findings.length > 0 ? findings : [fine('files', 'the vault and STATE_DIR are there, and yours')];
}

async function stateFaults(path: string, { mode, uid }: Stats): Promise<readonly Finding[]> {
  const out: Finding[] = [];
  if ((mode & 0o077) !== 0) {
    const words = `STATE_DIR can be read by other users of this machine (mode ${(mode & 0o777).toString(8)})`;
    out.push(found('state-open', words, `run: chmod 700 ${path}`));
  }
  if (isForeign(uid)) out.push(found('state-foreign', `STATE_DIR belongs to ${otherUser(uid)}`));
  if (!(await isWritable(path))) out.push(found('state-read-only', 'STATE_DIR cannot be written to'));
  return [...out, ...(await diskKind(path))];
}

async function vaultFaults({ vault }: Host, path: string): Promise<readonly Finding[]> {
  const folder = vault === null ? null : await stat(join(vault.root, 'Needs_Action')).catch(() => null);
  if (vault === null || folder === null) {
    return [
      found('vault-missing', vault === null ? `there is no folder ${path}` : `${path} is no vault yet`),
    ];
  }
  const { uid } = await stat(vault.root);
  const out: Finding[] = [];
  if (isForeign(uid)) out.push(found('vault-foreign', `the vault belongs to ${otherUser(uid)}`));
  const writable = await Promise.all([vault.root, join(vault.root, 'Needs_Action')].map(isWritable));
  if (writable.includes(false)) out.push(found('vault-read-only', 'the vault cannot be written to'));
  return out;
}

/** What root makes in there later nobody else could change. */
function isForeign(uid: number): boolean {
  const own = process.getuid?.();
  return own !== undefined && uid !== own;
}

function otherUser(uid: number): string {
  return `another user (${uid}) than the one who runs this (${process.getuid?.() ?? ''})`;
}

function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** statfs(2), linux/magic.h; other systems have other numbers, and are not judged. */
const VOLATILE = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);
const REMOTE = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
]);

async function diskKind(path: string): Promise<readonly Finding[]> {
  if (process.platform !== 'linux') return [];
  const { type } = await statfs(path);
  // Some come as negative numbers of 32 bits.
  const magic = type >>> 0;
  const memory = VOLATILE.get(magic);
  if (memory !== undefined) {
    const words = `STATE_DIR lies in memory (${memory}): after a restart of the machine nobody knows what was sent`;
    return [found('state-volatile', words)];
  }
  const remote = REMOTE.get(magic);
  if (remote === undefined) return [];
  const words = `STATE_DIR lies on ${remote}, which does not promise that what was recorded is on disk`;
  return [found('state-remote', words)];
}

export interface DiskFacts {
  /** Bytes that this user can still write. */
  readonly bytes: number;
  /** Files that can still be made; null: this file system has no such limit. */
  readonly files: number | null;
}

const MIB = 1024 * 1024;
/** Below this a mail with attachments may no longer be sealed. */
const FULL_BYTES = 100 * MIB;
const LOW_BYTES = 1024 * MIB;
const LOW_FILES = 10_000;

/** @param read for tests of a full disk */
export async function checkDisk(
  host: Host,
  read: (path: string) => Promise<DiskFacts> = diskFacts,
): Promise<readonly Finding[]> {
  const places = [
    ['the vault', host.config.VAULT_DIR],
    ['STATE_DIR', host.config.STATE_DIR],
  ] as const;
  const all = await Promise.all(
    places.map(async ([name, path]) => {
      const facts = await read(path).catch(() => null);
      return facts === null ? [off('disk', `${name}: cannot be looked at`)] : diskFindings(name, facts);
    }),
  );
  return all.flat();
}

function diskFindings(name: string, { bytes, files }: DiskFacts): readonly Finding[] {
  const room = `${Math.floor(bytes / MIB)} MB`;
  const out: Finding[] = [];
  if (bytes < FULL_BYTES) out.push(found('disk-full', `the disk of ${name} is full: ${room} left`));
  else if (bytes < LOW_BYTES) out.push(found('disk-low', `the disk of ${name} is nearly full: ${room} left`));
  if (files !== null && files < LOW_FILES) {
    out.push(found('inodes-low', `the disk of ${name} has room for ${files} more files`));
  }
  return out.length > 0 ? out : [fine('disk', `${name}: ${room} free`)];
}

async function diskFacts(path: string): Promise<DiskFacts> {
  const { bavail, bsize, files, ffree } = await statfs(path);
  return { bytes: bavail * bsize, files: files === 0 ? null : ffree };
}
