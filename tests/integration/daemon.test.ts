import { execFile } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testDir } from '../helpers/testdir.ts';

/** The skeleton every process shares, tried on the smallest one. */
async function start(env: Record<string, string>): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const main = join(import.meta.dirname, '../../dist/local/orchestrator.main.js');
    const child = execFile(
      process.execPath,
      [main],
      { env: { PATH: process.env['PATH'], ...env }, timeout: 20_000 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

describe('a process', () => {
  it('refuses a STATE_DIR that lies in the vault through a link, and writes nothing there', async () => {
    const dir = await testDir();
    const vault = join(dir, 'vault');
    await mkdir(join(vault, 'hidden'), { recursive: true });
    await symlink(join(vault, 'hidden'), join(dir, 'state'));
    const { code, output } = await start({ VAULT_DIR: vault, STATE_DIR: join(dir, 'state') });
    expect(code).toBe(78);
    expect(output).toContain('STATE_DIR lies inside VAULT_DIR');
    expect(await readdir(join(vault, 'hidden'))).toEqual([]);
    expect(await readdir(vault)).toEqual(['hidden']);
  });

  it('never invents a vault: a missing folder is said and not made', async () => {
    const dir = await testDir();
    await writeFile(join(dir, 'not-a-vault'), '');
    const gone = await start({ VAULT_DIR: join(dir, 'gone'), STATE_DIR: join(dir, 'state') });
    expect(gone.code).toBe(1);
    expect(gone.output).toContain('no-vault');
    expect(await readdir(dir)).toEqual(['not-a-vault', 'state']);
  });
});
