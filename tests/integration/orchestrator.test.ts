import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { createVault } from '../../src/cli/create-vault.ts';
import { taskIdFromMessage } from '../../src/core/task-id.ts';
import { Vault } from '../../src/vault/vault.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

const root = join(import.meta.dirname, '../..');
const ID = taskIdFromMessage('user@example.org', '<1@example.com>');
const NAME = `Anna - Offer ${ID}.md`;
const card = (extra = '') =>
  `---\nid: ${ID}\ndrafted_at: 2026-11-18T09:00:00\n${extra}---\n## Reply\n\nYes.\n`;

async function host() {
  const dir = await testDir();
  const vaultDir = join(dir, 'vault');
  const stateDir = join(dir, 'state');
  await createVault({ templateDir: join(root, 'vault-template'), vaultDir, stateDir });
  // An empty file: a developer's own .env must not reach the process.
  await writeFile(join(dir, 'none.env'), '', { mode: 0o600 });
  const vault = await Vault.open(vaultDir);
  const page = () => readFile(join(vaultDir, 'Dashboard.md'), 'utf8');
  const shows = (words: string) =>
    until(`the dashboard shows ${words}`, async () => (await page()).includes(words));
  return { dir, vaultDir, stateDir, vault, page, shows };
}

async function start(
  h: { vaultDir: string; stateDir: string; dir: string },
  env: Record<string, string> = {},
) {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'src/local/orchestrator.main.ts')], {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      ENV_FILE: join(h.dir, 'none.env'),
      VAULT_DIR: h.vaultDir,
      STATE_DIR: h.stateDir,
      SCAN_SECONDS: '1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const gone = once(child, 'exit');
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await gone;
  });
  let ready = false;
  child.on('message', (message) => (ready ||= message === 'ready'));
  await until(`ready: ${output}`, () => {
    if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${output}`);
    return ready;
  });
  return { child, gone, output: () => output };
}

async function stop({ child, gone }: { child: ChildProcess; gone: Promise<unknown[]> }) {
  child.kill('SIGTERM');
  const [code] = await gone;
  return code;
}

describe('the orchestrator', () => {
  it('shows on the dashboard what comes and goes, and stops when asked', async () => {
    const h = await host();
    const running = await start(h, { DRY_RUN: 'false' });
    await h.shows('## Waits for you\n\nNothing.');
    await h.vault.create({ folder: 'Pending_Approval/email', name: NAME }, card());
    await h.shows(`## Waits for you (1)\n\n- [[Anna - Offer ${ID}|Anna - Offer]] · since 2026-11-18 09:00`);
    await h.vault.move({ folder: 'Pending_Approval/email', name: NAME }, 'Approved');
    await h.shows('· approved, since');
    await writeFile(join(h.vaultDir, 'PAUSE.md'), '');
    await h.shows('[!warning] Paused');
    await rm(join(h.vaultDir, 'PAUSE.md'));
    const log = await AuditLog.open({
      dir: await h.vault.logFolder('local-agent'),
      process: 'approval-handler',
      now: () => Date.parse('2026-11-20T10:00:00Z'),
    });
    await log.append({ action: 'mail.sent', task: ID, result: 'sent' });
    await h.vault.move({ folder: 'Approved', name: NAME }, 'Done/2026-11');
    await h.shows(`## Sent lately\n\n- [[Anna - Offer ${ID}|Anna - Offer]] · 2026-11-20 10:00`);
    await h.shows('| orchestrator | local-agent | running |');
    expect(await h.page()).not.toContain('Paused');
    expect(await stop(running)).toBe(0);
  });

  it('marks cards that came back or are in doubt, and dry runs', async () => {
    const h = await host();
    await h.vault.create({ folder: 'Pending_Approval/email', name: NAME }, card('outcome: in_doubt\n'));
    const running = await start(h);
    await h.shows('**in doubt: was it sent?**');
    await h.shows('[!info] Dry run');
    expect(await stop(running)).toBe(0);
  });

  it('takes conflict copies out of the state folders and keeps them', async () => {
    const h = await host();
    const copy = NAME.replace('.md', '.sync-conflict-20261120-120000-ABCDEFG.md');
    await h.vault.create({ folder: 'Approved', name: copy }, card());
    const running = await start(h);
    await h.shows('in `Conflicts`');
    expect(await readdir(join(h.vaultDir, 'Approved'))).toEqual(['.keep']);
    expect(await readFile(join(h.vaultDir, 'Conflicts', copy), 'utf8')).toBe(card());
    const dir = await h.vault.logFolder('local-agent');
    const verified = await verifyAudit({ dir, headDir: join(h.stateDir, 'audit') });
    expect(verified).toMatchObject({
      chains: [{ actor: 'local-agent/orchestrator', lines: 1 }],
      findings: [],
    });
    expect(await stop(running)).toBe(0);
  });

  it('makes missing folders again and goes on when one is replaced by a link', async () => {
    const h = await host();
    const running = await start(h);
    await h.shows('Nothing.');
    const elsewhere = join(h.dir, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, NAME), card());
    await rm(join(h.vaultDir, 'Approved'), { recursive: true });
    await symlink(elsewhere, join(h.vaultDir, 'Approved'));
    await h.shows('is a link and not a folder');
    await h.vault.create({ folder: 'Pending_Approval/email', name: NAME }, card());
    await h.shows('Waits for you (1)');
    expect(await readdir(elsewhere)).toEqual([NAME]);
    await rm(join(h.vaultDir, 'Approved'));
    await until('the folder is back', async () => (await readdir(h.vaultDir)).includes('Approved'));
    await until('the fault is gone', async () => !(await h.page()).includes('is a link'));
    expect(await stop(running)).toBe(0);
  });

  it('removes unfinished files of ours that a crash left long ago, and no other', async () => {
    const h = await host();
    const folder = join(h.vaultDir, 'Needs_Action/email');
    for (const name of ['.handover-1-old.tmp', '.handover-2-new.tmp', '.hidden-old'])
      await writeFile(join(folder, name), 'x');
    const old = new Date(Date.now() - 37 * 3_600_000);
    await utimes(join(folder, '.handover-1-old.tmp'), old, old);
    await utimes(join(folder, '.hidden-old'), old, old);
    const running = await start(h);
    await until('swept', async () => !(await readdir(folder)).includes('.handover-1-old.tmp'));
    expect((await readdir(folder)).sort()).toEqual(['.handover-2-new.tmp', '.hidden-old', '.keep']);
    expect(await stop(running)).toBe(0);
  });

  it('leaves an edit of the dashboard alone until there is news', async () => {
    const h = await host();
    const running = await start(h);
    await h.shows('| orchestrator | local-agent | running |');
    const page = join(h.vaultDir, 'Dashboard.md');
    await writeFile(page, 'my own words');
    // While they are being written nothing is; see the tests of write-dashboard.
    const before = new Date(Date.now() - 60_000);
    await utimes(page, before, before);
    await writeFile(join(h.vaultDir, 'Approved/PAUSE.md'), '');
    await h.shows('Nothing is sent while `Approved/PAUSE.md` is there');
    expect(await h.page()).not.toContain('my own words');
    expect(await stop(running)).toBe(0);
  });

  it('does not start twice with one STATE_DIR', async () => {
    const h = await host();
    const running = await start(h);
    await expect(start(h)).rejects.toThrow('exited with 1');
    expect(await stop(running)).toBe(0);
  });
});
