/** The file of a backup: a gzipped tar of `handover-backup.json`, `vault/`, `state/` and, when asked for, `settings/`. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { link, open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { errno } from '../files/errno.ts';

export const MANIFEST = 'handover-backup.json';

const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** RFC 3339, UTC. */
  takenAt: z.iso.datetime(),
  vaultFiles: z.int().min(0),
  stateFiles: z.int().min(0),
  secrets: z.boolean(),
});
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;

export class ArchiveFault extends Error {
  readonly code: 'taken' | 'tar' | 'not-a-backup' | 'incomplete';

  constructor(code: ArchiveFault['code'], message: string) {
    super(message);
    this.name = 'ArchiveFault';
    this.code = code;
  }
}

/** Packs `stage` into `file`, mode 0600, which appears as a whole or not at all. @throws ArchiveFault */
export async function pack(stage: string, file: string): Promise<void> {
  const near = `${file}.${process.pid}.part`;
  try {
    const tar = spawn('tar', ['-C', stage, '-czf', '-', '.'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = exitOf(tar);
    await Promise.all([pipeline(tar.stdout, createWriteStream(near, { flags: 'wx', mode: 0o600 })), ended]);
    const handle = await open(near, 'r');
    await handle.sync().finally(() => handle.close());
    // link(2) refuses a name that is taken.
    await link(near, file);
  } catch (error) {
    if (errno(error) === 'EEXIST') throw new ArchiveFault('taken', `${file} is there already`);
    throw error;
  } finally {
    await unlink(near).catch(() => undefined);
  }
}

/** @throws ArchiveFault when it is no backup of ours, or not all of it is there */
export async function unpack(file: string, into: string): Promise<Manifest> {
  // Modes as they were, but of nobody else; GNU tar and bsdtar both refuse paths that lead out of the folder.
  const tar = spawn('tar', ['-C', into, '--no-same-owner', '-xpzf', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await exitOf(tar);
  const text = await readFile(join(into, MANIFEST), 'utf8').catch(() => '');
  const manifest = manifestSchema.safeParse(parsed(text));
  if (!manifest.success)
    throw new ArchiveFault('not-a-backup', `${file} is no backup that this version knows`);
  const { vaultFiles, stateFiles } = manifest.data;
  const vault = await count(join(into, 'vault'), false);
  const state = await count(join(into, 'state'), true);
  if (vault !== vaultFiles || state !== stateFiles) {
    throw new ArchiveFault(
      'incomplete',
      `${file} should hold ${vaultFiles} files of the vault and ${stateFiles} of the state folder, and holds ${vault} and ${state}`,
    );
  }
  return manifest.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function count(folder: string, links: boolean): Promise<number> {
  const top = await stat(folder).catch(() => null);
  if (!top?.isDirectory()) return -1;
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  // No link of the vault is ever packed: one that is there was put there by somebody else.
  if (!links && entries.some((entry) => entry.isSymbolicLink())) return -1;
  return entries.filter((entry) => !entry.isDirectory()).length;
}

function exitOf(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (said = (said + part).slice(-500)));
    child.once('error', (error) => reject(new ArchiveFault('tar', `tar does not start: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new ArchiveFault('tar', `tar failed: ${said.trim()}`));
    });
  });
}
