import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConfigFault,
  type Environment,
  isConfigured,
  type Key,
  loadConfig,
} from '../../../src/runtime/config.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'config-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const base = { VAULT_DIR: '/v', STATE_DIR: '/s', ENV_FILE: undefined };
function faults(keys: readonly Key[], env: Environment): readonly string[] {
  try {
    loadConfig(keys, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults;
    throw error;
  }
}
async function envFile(content: string, mode = 0o600): Promise<string> {
  const path = join(dir, '.env');
  await writeFile(path, content, { mode });
  return path;
}

describe('configuration', () => {
  it('names every fault at once and shows no value', () => {
    const found = faults(['IMAP_HOST', 'IMAP_PORT', 'MAIL_FROM', 'DRY_RUN'], {
      STATE_DIR: '/s',
      IMAP_PORT: 'secret-99',
      MAIL_FROM: 'secret nobody',
      DRY_RUN: 'secret-maybe',
      TIMEZONE: 'secret/Zone',
    });
    expect(found.map((f) => f.split(' ')[0])).toEqual([
      'VAULT_DIR',
      'TIMEZONE',
      'IMAP_HOST',
      'IMAP_PORT',
      'MAIL_FROM',
      'DRY_RUN',
    ]);
    expect(found.join('\n')).not.toContain('secret');
  });

  it('takes the environment before the file, and an empty value as absent', async () => {
    const ENV_FILE = await envFile('VAULT_DIR=/file\nSTATE_DIR=/s\nUNDO_SECONDS=3\nIMAP_PORT=\n');
    const config = loadConfig(['UNDO_SECONDS', 'IMAP_PORT'], { ENV_FILE, VAULT_DIR: '/env' });
    expect(config).toMatchObject({ VAULT_DIR: '/env', UNDO_SECONDS: 3, IMAP_PORT: 993 });
  });

  it('refuses a file with secrets that others can read', async () => {
    const ENV_FILE = await envFile('VAULT_DIR=/v\nSTATE_DIR=/s\n', 0o644);
    expect(faults([], { ENV_FILE })[0]).toMatch(/^ENV_FILE can be read by other users/);
  });

  it('says so when the named file is not there', () => {
    expect(faults([], { ...base, ENV_FILE: join(dir, 'nope') })[0]).toMatch(/^ENV_FILE .* cannot be read$/);
  });

  it.each(['/v', '/v/state', '/v/a/../state'])('refuses a STATE_DIR inside the vault: %s', (STATE_DIR) => {
    expect(faults([], { ...base, STATE_DIR }).join()).toContain('STATE_DIR lies inside VAULT_DIR');
  });

  it('accepts a STATE_DIR whose name only begins like the vault’s', () => {
    expect(faults([], { ...base, STATE_DIR: '/v-state' })).toEqual([]);
  });

  it('refuses plain text to another machine and allows it on loopback', () => {
    const env = { ...base, IMAP_HOST: 'imap.example.org', IMAP_SECURE: 'false' };
    expect(faults(['IMAP_HOST', 'IMAP_SECURE'], env).join()).toContain('IMAP_SECURE');
    expect(faults(['IMAP_HOST', 'IMAP_SECURE'], { ...env, IMAP_HOST: '127.0.0.1' })).toEqual([]);
    expect(faults(['IMAP_HOST', 'IMAP_SECURE'], { ...env, IMAP_HOST: '127.0.0.1.evil.example' })).not.toEqual(
      [],
    );
  });

  it('keeps DRY_RUN on until the user sets it', () => {
    expect(loadConfig(['DRY_RUN'], base).DRY_RUN).toBe(true);
    expect(loadConfig(['DRY_RUN'], { ...base, DRY_RUN: 'false' }).DRY_RUN).toBe(false);
  });

  it('knows an edge that is off', () => {
    expect(isConfigured(['IMAP_HOST'], base)).toBe(false);
    expect(isConfigured(['IMAP_HOST'], { ...base, IMAP_HOST: 'x' })).toBe(true);
  });
});
