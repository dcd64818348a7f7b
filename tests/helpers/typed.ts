/** `handover` typed in this process: its answers, without the second that a process takes to start. */
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { createVault } from '../../src/cli/create-vault.ts';
import { runCli, type Terminal } from '../../src/cli/run-cli.ts';
import { Vault } from '../../src/vault/vault.ts';
import { PROJECT } from './source-tree.ts';
import { testDir } from './testdir.ts';

export interface Typed {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** @param env of this call alone */
export async function typed(
  args: readonly string[],
  terminal: Partial<Terminal> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Typed> {
  for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value);
  let out = '';
  let err = '';
  try {
    const exit = await runCli(args, {
      cwd: PROJECT,
      out: (text) => (out += text),
      err: (text) => (err += text),
      ...terminal,
    });
    return { exit, out, err };
  } finally {
    vi.unstubAllEnvs();
  }
}

/** A vault and a state folder of the test, and the verbs typed there. */
export async function typedHost(env: Readonly<Record<string, string>> = {}) {
  const dir = await testDir();
  const keys = { VAULT_DIR: join(dir, 'vault'), STATE_DIR: join(dir, 'state'), ...env };
  await createVault({
    templateDir: join(PROJECT, 'vault-template'),
    vaultDir: keys.VAULT_DIR,
    stateDir: keys.STATE_DIR,
  });
  onTestFinished(() => void vi.unstubAllEnvs());
  return {
    dir,
    stateDir: keys.STATE_DIR,
    vault: await Vault.open(keys.VAULT_DIR),
    run: (args: readonly string[], terminal: Partial<Terminal> = {}) =>
      typed(args, { cwd: dir, ...terminal }, keys),
    json: async (...args: string[]) => {
      const { exit, out } = await typed([...args, '--json'], { cwd: dir }, keys);
      return { exit, answer: JSON.parse(out) as Record<string, unknown> };
    },
  };
}
