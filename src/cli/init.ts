import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { errno } from '../files/errno.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { createVault, InitRefused } from './create-vault.ts';
import { type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/** `handover init`: `.env`, vault and STATE_DIR. May be run again; nothing that is there is changed. */
export function initVerb(context: VerbContext): Command {
  return verb(
    context,
    { name: 'init', summary: 'make .env, the vault and STATE_DIR; leaves alone what is there' },
    (_args, options) =>
      init(context, {
        vault: options['vault'],
        state: options['state'],
        foldersOnly: options['foldersOnly'] === true,
      }),
  )
    .option('--vault <folder>', 'the vault; else VAULT_DIR of the configuration')
    .option('--state <folder>', 'the state folder; else STATE_DIR of the configuration')
    .option('--folders-only', 'no notes: for a machine that gets them from another one by sync');
}

async function init(
  context: VerbContext,
  asked: { vault: unknown; state: unknown; foldersOnly: boolean },
): Promise<Outcome> {
  const dirs = { VAULT_DIR: asPath(context, asked.vault), STATE_DIR: asPath(context, asked.state) };
  const wrote = await writeEnv(context, dirs);
  // Both given: the rest of the configuration may still be empty.
  const config = dirs.VAULT_DIR !== null && dirs.STATE_DIR !== null ? null : context.config();
  const vaultDir = dirs.VAULT_DIR ?? config?.VAULT_DIR ?? '';
  const stateDir = dirs.STATE_DIR ?? config?.STATE_DIR ?? '';
  try {
    const made = await createVault({
      templateDir: join(context.programDir, 'vault-template'),
      vaultDir,
      stateDir,
      foldersOnly: asked.foldersOnly,
    });
    return {
      exit: EXIT.ok,
      json: { ...made, env: wrote },
      text: [
        `vault   ${made.vaultDir} (${made.created.length} files made, ${made.kept.length} left as they were)`,
        `state   ${made.stateDir}`,
        wrote === 'written'
          ? '.env    written, readable by you alone: fill in your mailbox'
          : `.env    ${wrote === 'kept' ? 'left as it was' : 'not written: .env.example is missing'}`,
      ].join('\n'),
    };
  } catch (error) {
    if (!(error instanceof InitRefused)) throw error;
    throw new VerbFault(
      error.code,
      error.message,
      error.code === 'state-in-vault' ? EXIT.config : EXIT.failure,
    );
  }
}

function asPath(context: VerbContext, value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? resolve(context.cwd, value) : null;
}

async function writeEnv(
  context: VerbContext,
  dirs: Readonly<Record<'VAULT_DIR' | 'STATE_DIR', string | null>>,
): Promise<'written' | 'kept' | 'no-example'> {
  let example: string;
  try {
    example = await readFile(join(context.programDir, '.env.example'), 'utf8');
  } catch (error) {
    if (errno(error) === 'ENOENT') return 'no-example';
    throw error;
  }
  for (const [key, value] of Object.entries(dirs)) {
    if (value !== null)
      example = example.replace(new RegExp(`^#? ?${key}=.*$`, 'm'), () => `${key}="${value}"`);
  }
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    // 0600 from its first byte: it will hold secrets, and a process refuses to read it otherwise.
    const file = await open(join(context.cwd, '.env'), flags, 0o600);
    await file.writeFile(example).finally(() => file.close());
    return 'written';
  } catch (error) {
    if (errno(error) === 'EEXIST') return 'kept';
    throw error;
  }
}
