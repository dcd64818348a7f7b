/** What `handover init` writes: `.env`, vault and STATE_DIR, and the ignore list of a machine that shares the vault. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreLines, mendedIgnores } from '../core/ignore-lists.ts';
import { createDurably, writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { readIgnoreSource } from '../sync/ignore-source.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { createVault, type CreatedVault, InitRefused } from './create-vault.ts';
import { editedEnv, EnvFault, envFor, type MachineRole, type Values } from './env-file.ts';
import { type VerbContext, VerbFault } from './verb.ts';

function envPath(context: VerbContext): string {
  return join(context.cwd, '.env');
}

/** Null: there is none. */
export async function readEnvText(context: VerbContext): Promise<string | null> {
  return readFile(envPath(context), 'utf8').catch((error: unknown) => {
    if (errno(error) === 'ENOENT') return null;
    throw error;
  });
}

export async function readExample(context: VerbContext): Promise<string | null> {
  return readFile(join(context.programDir, '.env.example'), 'utf8').catch((error: unknown) => {
    if (errno(error) === 'ENOENT') return null;
    throw error;
  });
}

/** What `.env` will say. `text`: as it is now. @throws VerbFault when a value cannot be written */
export async function plannedEnv(
  context: VerbContext,
  plan: { readonly role: MachineRole; readonly values: Values; readonly text: string | null },
): Promise<string> {
  try {
    if (plan.text !== null) return editedEnv(plan.text, plan.values);
    const example = await readExample(context);
    if (example === null) {
      throw new VerbFault('no-example', '.env.example is missing: is the program complete?');
    }
    return envFor(example, plan.role, plan.values);
  } catch (error) {
    if (!(error instanceof EnvFault)) throw error;
    throw new VerbFault('env', error.message, EXIT.config);
  }
}

/** 0600 from its first byte: it holds secrets, and a process refuses to read it otherwise. */
export async function writeEnv(
  context: VerbContext,
  before: string | null,
  after: string,
): Promise<'written' | 'changed' | 'kept'> {
  if (before === after) return 'kept';
  if (before !== null) {
    await writeDurably(envPath(context), after, 0o600);
    return 'changed';
  }
  if (await createDurably(envPath(context), after, 0o600)) return 'written';
  throw new VerbFault('env', '.env was made by somebody else just now: run it again');
}

export async function makeVault(
  context: VerbContext,
  folders: { readonly vaultDir: string; readonly stateDir: string; readonly foldersOnly: boolean },
): Promise<CreatedVault> {
  try {
    return await createVault({ templateDir: join(context.programDir, 'vault-template'), ...folders });
  } catch (error) {
    if (!(error instanceof InitRefused)) throw error;
    const exit = error.code === 'state-in-vault' ? EXIT.config : EXIT.failure;
    throw new VerbFault(error.code, error.message, exit);
  }
}

/**
 * `.stignore` before Syncthing hears of the folder, so that `Approved` is never shared, not even for a moment. A list
 * that is there is left to `handover sync apply`, which shows what it changes.
 */
export async function writeIgnores(
  vaultDir: string,
  device: 'cloud' | 'laptop',
): Promise<'written' | 'kept'> {
  const lines = mendedIgnores([], ignoreLines(await readIgnoreSource(), device));
  return (await createDurably(join(vaultDir, '.stignore'), `${lines.join('\n')}\n`, 0o600))
    ? 'written'
    : 'kept';
}
