/**
 * A new vault from the template, or what is missing of an old one. Nothing that is there is overwritten,
 * so it may be run again at any time, also over a vault that Obsidian has used for years.
 */
import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { OTHER_FOLDERS, STATES } from '../core/states.ts';
import { errno } from '../files/errno.ts';
import { isInside } from '../files/inside.ts';

export class InitRefused extends Error {
  readonly code: 'state-in-vault' | 'in-the-way' | 'no-template';

  constructor(code: InitRefused['code'], message: string) {
    super(message);
    this.name = 'InitRefused';
    this.code = code;
  }
}

export interface CreatedVault {
  /** With links resolved: what `VAULT_DIR` means from now on. */
  readonly vaultDir: string;
  readonly stateDir: string;
  /** Relative paths, `/` separated. */
  readonly created: readonly string[];
  readonly kept: readonly string[];
}

const APPEARANCE = join('.obsidian', 'appearance.json');

/** @throws InitRefused */
export async function createVault(deps: {
  readonly templateDir: string;
  readonly vaultDir: string;
  readonly stateDir: string;
  /** No note and no setting: they come from another machine, and a newer copy of the template would win. */
  readonly foldersOnly?: boolean;
}): Promise<CreatedVault> {
  const vaultDir = await resolved(resolve(deps.vaultDir));
  const stateDir = await resolved(resolve(deps.stateDir));
  if (isInside(vaultDir, stateDir)) {
    throw new InitRefused(
      'state-in-vault',
      'STATE_DIR lies inside VAULT_DIR: it holds the effect journal and must not travel with the vault',
    );
  }
  await folder(vaultDir, 'VAULT_DIR', 0o755);
  await folder(stateDir, 'STATE_DIR', 0o700);
  await chmod(stateDir, 0o700);
  const created: string[] = [];
  const kept: string[] = [];
  const opened = (await lstat(join(vaultDir, '.obsidian')).catch(() => null)) !== null;
  for (const path of [...STATES.map((s) => s.folder), ...OTHER_FOLDERS]) {
    let at = vaultDir;
    for (const part of path.split('/')) {
      at = join(at, part);
      await folder(at, path, 0o755);
    }
  }
  for (const path of await templateFiles(deps.templateDir)) {
    if (deps.foldersOnly === true && basename(path) !== '.keep') continue;
    // How their Obsidian looks is theirs: the snippet lies ready there, and is not switched on.
    if (opened && path === APPEARANCE) continue;
    await folder(dirname(join(vaultDir, path)), dirname(path), 0o755);
    ((await copyNew(join(deps.templateDir, path), join(vaultDir, path))) ? created : kept).push(path);
  }
  return { vaultDir, stateDir, created, kept };
}

/** Makes one folder. A link in the place of a state folder would lead the agents out of the vault. */
async function folder(path: string, name: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode }).catch((error: unknown) => {
    if (errno(error) !== 'EEXIST' && errno(error) !== 'ENOTDIR') throw error;
  });
  const stat = await lstat(path).catch(() => null);
  if (!stat?.isDirectory()) throw new InitRefused('in-the-way', `${name}: a link or a file is in the way`);
}

async function copyNew(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    throw error;
  }
}

async function templateFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => {
    throw new InitRefused('no-template', `the template ${dir} is missing: is the program complete?`);
  });
  return entries
    .filter((e) => e.isFile())
    .map((e) => relative(dir, join(e.parentPath, e.name)))
    .sort();
}

/** realpath of the longest part that exists: STATE_DIR may reach into the vault through a link. */
async function resolved(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (errno(error) !== 'ENOENT' || parent === path) throw error;
    return join(await resolved(parent), relative(parent, path));
  }
}
