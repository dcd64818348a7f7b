import { copyFile, mkdtemp, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Command } from 'commander';
import { isInside } from '../files/inside.ts';
import { STAGING_PREFIX } from '../files/durable.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { ArchiveFault, MANIFEST, type Manifest, pack } from './backup-archive.ts';
import { NeverQuiet, snapshot } from './snapshot.ts';
import { openVault, type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/** `handover backup <file>`: vault and STATE_DIR as they stood at one instant, while everything runs. */
export function backupVerb(context: VerbContext): Command {
  const summary = 'write the vault and the state folder into a file, while the processes run';
  return verb(context, { name: 'backup', arguments: '<file>', summary }, ([file], options) =>
    backup(context, file, options['secrets']),
  ).option(
    '--secrets <.env>',
    'with this .env, the accounts it names, and logins: who has the file can then read and send your mail',
  );
}

async function backup(context: VerbContext, wish: string | undefined, env: unknown): Promise<Outcome> {
  const secrets = typeof env === 'string' && env !== '';
  const vault = await openVault(context);
  const stateDir = await realpath(context.config().STATE_DIR);
  const file = resolve(context.cwd, wish ?? '');
  const folder = await realpath(dirname(file)).catch(() => {
    throw new VerbFault('no-folder', `${dirname(file)} is not there`);
  });
  if ([vault.root, stateDir].some((dir) => isInside(dir, folder)))
    throw new VerbFault('inside', 'a backup does not belong into the vault or the state folder', EXIT.usage);
  const stage = await mkdtemp(join(folder, `${STAGING_PREFIX}backup-`));
  try {
    const takenAt = new Date(context.now()).toISOString();
    context.doing('the vault and the state folder ...');
    const [vaultFiles = 0, stateFiles = 0] = await snapshot([
      { from: vault.root, to: join(stage, 'vault'), leaveOut: isNoNote, links: false },
      {
        from: stateDir,
        to: join(stage, 'state'),
        leaveOut: (path) => isOfThisRun(path) || (!secrets && isLogin(path)),
        links: true,
      },
    ]);
    if (secrets) await copySettings(resolve(context.cwd, env), join(stage, 'settings'));
    const manifest: Manifest = { format: 1, takenAt, vaultFiles, stateFiles, secrets };
    await writeFile(join(stage, MANIFEST), `${JSON.stringify(manifest)}\n`, { mode: 0o600 });
    context.doing('the file ...');
    await pack(stage, file);
    return {
      exit: EXIT.ok,
      json: { file, ...manifest },
      text: [
        `${file}: ${vaultFiles} files of the vault, ${stateFiles} of the state folder`,
        secrets
          ? 'with passwords and logins: keep it as you keep those'
          : 'without .env and logins (--secrets <.env> takes them along)',
      ].join('\n'),
    };
  } catch (error) {
    if (error instanceof ArchiveFault) throw new VerbFault(error.code, error.message);
    if (error instanceof NeverQuiet)
      throw new VerbFault('never-quiet', `${error.message}; try again, or stop the processes meanwhile`);
    throw error;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** What Syncthing and Obsidian keep for themselves: versions, markers, halves, the bin. */
function isNoNote(path: string): boolean {
  return /^\.(?:stversions|stfolder|trash)(?:\/|$)|(?:^|\/)(?:\.syncthing\.|~syncthing~)/.test(path);
}

/** Locks, signs of life, places in lists that Syncthing keeps: of no use to another run. */
function isOfThisRun(path: string): boolean {
  return /^(?:[^/]+\.lock|alive|sync)(?:\/|$)/.test(path);
}

function isLogin(path: string): boolean {
  return /^tokens(?:\/|$)/.test(path);
}

/** `.env`, and the file of accounts that it names. */
async function copySettings(path: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  await copyFile(path, join(to, '.env'));
  const accounts = parseEnv(await readFile(path, 'utf8'))['ACCOUNTS_FILE'] ?? '';
  if (accounts !== '')
    await copyFile(
      isAbsolute(accounts) ? accounts : join(dirname(path), accounts),
      join(to, 'accounts.toml'),
    );
}
