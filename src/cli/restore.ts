import { copyFile, cp, mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { errno } from '../files/errno.ts';
import { isInside } from '../files/inside.ts';
import { STAGING_PREFIX, syncFolder } from '../files/durable.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { ArchiveFault, unpack } from './backup-archive.ts';
import { type Harmless, makeHarmless } from './make-harmless.ts';
import { type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/** `handover restore <file>`: a backup into folders that are empty or not there. Nothing of it can leave without a new yes. */
export function restoreVerb(context: VerbContext): Command {
  const summary = 'unpack a backup into empty folders; what was approved then waits for a new yes';
  return verb(context, { name: 'restore', arguments: '<file>', summary }, ([file], options) =>
    restore(context, file, {
      vault: options['vault'],
      state: options['state'],
      settings: options['settings'],
    }),
  )
    .option('--vault <folder>', 'where the vault goes; else VAULT_DIR of the configuration')
    .option('--state <folder>', 'where the state folder goes; else STATE_DIR of the configuration')
    .option(
      '--settings <folder>',
      'where a backup with secrets puts .env, if none is there; else the current folder',
    );
}

async function restore(
  context: VerbContext,
  wish: string | undefined,
  asked: { readonly vault: unknown; readonly state: unknown; readonly settings: unknown },
): Promise<Outcome> {
  const file = resolve(context.cwd, wish ?? '');
  const path = (value: unknown, key: 'VAULT_DIR' | 'STATE_DIR'): string =>
    typeof value === 'string' && value !== '' ? resolve(context.cwd, value) : context.config()[key];
  const vaultDir = path(asked.vault, 'VAULT_DIR');
  const stateDir = path(asked.state, 'STATE_DIR');
  if (isInside(vaultDir, stateDir))
    throw new VerbFault('state-in-vault', 'the state folder does not belong into the vault', EXIT.usage);
  for (const dir of [vaultDir, stateDir]) await mustBeEmpty(dir);
  await mkdir(dirname(stateDir), { recursive: true, mode: 0o700 });
  await mkdir(dirname(vaultDir), { recursive: true });
  const stage = await mkdtemp(join(dirname(stateDir), `${STAGING_PREFIX}restore-`));
  try {
    context.doing('the file ...');
    const manifest = await unpack(file, stage);
    context.doing('what was approved then ...');
    const harmless = await makeHarmless({
      vaultDir: join(stage, 'vault'),
      stateDir: join(stage, 'state'),
      takenAt: manifest.takenAt,
      now: context.now,
    });
    // The journal first: a vault without it would know nothing of what was sent.
    await putInPlace(join(stage, 'state'), stateDir);
    await putInPlace(join(stage, 'vault'), vaultDir);
    const settings = manifest.secrets
      ? await putSettings(
          resolve(context.cwd, typeof asked.settings === 'string' ? asked.settings : ''),
          join(stage, 'settings'),
        )
      : [];
    return {
      exit: EXIT.ok,
      json: { vault: vaultDir, state: stateDir, ...manifest, ...harmless, settings },
      text: words(manifest.takenAt, vaultDir, stateDir, harmless, settings),
    };
  } catch (error) {
    if (error instanceof ArchiveFault) throw new VerbFault(error.code, error.message);
    throw error;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function mustBeEmpty(dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  });
  if (names.length > 0)
    throw new VerbFault('not-empty', `${dir} is not empty: move it away first, or give another folder`);
}

async function putInPlace(from: string, to: string): Promise<void> {
  await rmdir(to).catch(() => undefined);
  try {
    await rename(from, to);
  } catch (error) {
    if (errno(error) !== 'EXDEV') throw error;
    const near = `${to}.${process.pid}.part`;
    await cp(from, near, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    await rename(near, to);
  }
  await syncFolder(dirname(to));
}

/** Only where none are: those of this machine are newer. */
async function putSettings(folder: string, from: string): Promise<readonly string[]> {
  const written: string[] = [];
  for (const name of ['.env', 'accounts.toml']) {
    const to = join(folder, name);
    try {
      await copyFile(join(from, name), to, constants.COPYFILE_EXCL);
      written.push(to);
    } catch (error) {
      if (errno(error) !== 'EEXIST' && errno(error) !== 'ENOENT') throw error;
    }
  }
  return written;
}

function words(
  takenAt: string,
  vault: string,
  state: string,
  harmless: Harmless,
  settings: readonly string[],
): string {
  const cards = (n: number) => `${n} ${n === 1 ? 'card' : 'cards'}`;
  return [
    `restored, as it was on ${takenAt.slice(0, 16).replace('T', ' ')} UTC`,
    `vault   ${vault}`,
    `state   ${state}`,
    ...settings.map((path) => `wrote   ${path}`),
    `${cards(harmless.taken)} that you had approved then, and ${cards(harmless.waiting)} that waited, say that they may have been sent since.`,
    'Nothing of it is sent without a new yes. Mails that came since are read again where IMAP_BACKFILL_DAYS reaches.',
  ].join('\n');
}
