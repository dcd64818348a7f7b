import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { localTime } from '../../src/core/local-time.ts';
import { mailNote } from '../helpers/replier.ts';
import { FOLDER, startPair, type SyncPair } from '../helpers/syncthing.ts';
import { type TempDir, tempDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

/** The real process beside a real Syncthing: what the user reads when other devices do something here. */

const root = join(import.meta.dirname, '../..');
const HOUR = 3_600_000;

let pair: SyncPair;
let dir: TempDir;
let running: { child: ChildProcess; gone: Promise<unknown[]> } | null = null;

beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair.stop());
beforeEach(async () => {
  dir = await tempDir();
  await writeFile(join(dir.path, 'none.env'), '', { mode: 0o600 });
  return async () => {
    if (running) running.child.kill('SIGKILL');
    await running?.gone;
    running = null;
    await dir.remove();
  };
});

const stateDir = () => join(dir.path, 'state');
const here = (path: string) => join(pair.laptop.vault, path);
const there = (path: string) => join(pair.cloud.vault, path);
const page = () => readFile(here('Dashboard.md'), 'utf8').catch(() => '');
const shows = (words: string | RegExp) =>
  until(`the page shows ${words.toString()}`, async () => {
    const now = await page();
    return typeof words === 'string' ? now.includes(words) : words.test(now);
  }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await page()}`);
  });

async function start(env: Record<string, string> = {}): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'src/local/orchestrator.main.ts')], {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      ENV_FILE: join(dir.path, 'none.env'),
      VAULT_DIR: pair.laptop.vault,
      STATE_DIR: stateDir(),
      SCAN_SECONDS: '1',
      DRY_RUN: 'false',
      MAIL_FROM: 'Mia <mia@example.net>',
      SYNC: 'syncthing',
      SYNCTHING_URL: pair.laptop.url,
      SYNCTHING_API_KEY: pair.laptop.apiKey,
      SYNCTHING_FOLDER: FOLDER,
      SYNCTHING_PEER_DEVICE: pair.cloud.id,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let ready = false;
  child.on('message', (message) => (ready ||= message === 'ready'));
  running = { child, gone: once(child, 'exit') };
  await until('ready', () => {
    if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${output}`);
    return ready;
  });
}

async function stop(): Promise<unknown> {
  running?.child.kill('SIGTERM');
  const code = (await running?.gone)?.[0];
  running = null;
  return code;
}

/** Not the page of the process before, and nothing of ours is about to be written: two writers are a conflict. */
async function settledPage(): Promise<void> {
  let before = '';
  await until('the page is settled', async () => {
    await pair.idle();
    const now = await page();
    const same = now === before && now === (await readFile(there('Dashboard.md'), 'utf8').catch(() => ''));
    before = now;
    return same && now.includes('- Cloud: connected') && !now.includes('The laptop is off');
  });
}

describe('the orchestrator beside a real Syncthing', () => {
  it('says how the handover stands: connected, apart, Syncthing gone', async () => {
    await start();
    await shows('## Handover\n\n- Cloud: connected, its drafter was not seen yet\n- Sync: in step');
    await pair.disconnect();
    await shows(/- Cloud: \*\*not connected since \d{4}-\d\d-\d\d \d\d:\d\d\*\*/);
    await shows('- Sync: waits for the connection');
    await pair.connect();
    await shows('- Cloud: connected');
    await pair.laptop.stop();
    await shows('**Syncthing on this laptop does not answer**');
    await pair.laptop.start();
    await shows('- Sync: in step');
    expect(await stop()).toBe(0);
    expect(await page()).toContain('**The laptop is off since');
  });

  it('tells what other devices do to the files of this laptop, and writes its page again', async () => {
    const month = `Done/${localTime(Date.now(), 'UTC').slice(0, 7)}`;
    const oldLog = 'Logs/local-agent/2026-01-01.approval-handler.jsonl';
    await writeFile(here(oldLog), '');
    await start();
    await settledPage();
    await writeFile(there('Dashboard.md'), '# Nothing to see here\n');
    await mkdir(there(month), { recursive: true });
    await writeFile(there(`${month}/Forged em-0123456789abcdef.md`), 'sent, really');
    await symlink('/etc/passwd', there('Rejected/link.md'));
    await writeFile(there('In_Progress/local-agent/Forged em-fedcba9876543210.md'), 'approved, really');
    await rm(there(oldLog));
    await pair.idle();
    await shows('Dashboard.md was changed by another device; it was written again');
    await shows('says that something was done, but this laptop did nothing for it');
    await shows('Rejected\\/link.md is a link that came from another device');
    await shows(/was changed by another device in the folder of this laptop's agent/);
    await shows(/a log of this laptop, was deleted by another device/);
    expect(await page()).not.toContain('Nothing to see here');
    expect(await stop()).toBe(0);
    const logs = here('Logs/local-agent');
    await rm(here(oldLog), { force: true });
    const verified = await verifyAudit({ dir: logs, headDir: join(stateDir(), 'audit') });
    expect(verified.findings).toEqual([]);
    const lines = await readFile(
      join(logs, `${localTime(Date.now(), 'UTC').slice(0, 10)}.orchestrator.jsonl`),
      'utf8',
    );
    const kinds = lines.split('\n').filter((line) => line.includes('vault.foreign_change'));
    for (const kind of ['dashboard', 'done', 'link', 'claim', 'log'])
      expect(kinds.some((line) => line.includes(`"kind":"${kind}"`))).toBe(true);
    // A restart does not make an alarm go away; mending it does.
    await start();
    await shows('Rejected\\/link.md is a link that came from another device');
    for (const path of [`${month}/Forged em-0123456789abcdef.md`, 'Rejected/link.md'])
      await rm(here(path), { force: true });
    await until(
      'what is mended is not told any more',
      async () => !/link\.md|Forged em\\-0123/.test(await page()),
    );
    await shows('Dashboard.md was changed by another device');
    expect(await stop()).toBe(0);
    await rm(here('In_Progress/local-agent/Forged em-fedcba9876543210.md'), { force: true });
  });

  it('says what came while this laptop was away', async () => {
    const now = Date.now();
    await mkdir(join(stateDir(), 'orchestrator'), { recursive: true });
    await writeFile(
      join(stateDir(), 'orchestrator/awake.json'),
      JSON.stringify({ at: now - HOUR, last: null }),
    );
    const created = localTime(now - HOUR / 2, 'UTC');
    const drafted = mailNote({ message_id: '<night1@example.org>', created });
    const waiting = mailNote({ message_id: '<night2@example.org>', created });
    const older = mailNote({ message_id: '<day@example.org>', created: localTime(now - 3 * HOUR, 'UTC') });
    await writeFile(there(`Pending_Approval/email/${drafted.name}`), drafted.source);
    await writeFile(there(`Needs_Action/email/${waiting.name}`), waiting.source);
    await writeFile(there(`Needs_Action/email/${older.name}`), older.source);
    await pair.idle();
    await start();
    await shows(/- This laptop was away from [\d :-]+ to [\d :-]+; meanwhile 2 mails came, 1 drafted\n/);
    expect(await stop()).toBe(0);
  });

  it('tells of a secret in the vault and of two versions of a template, and leaves both', async () => {
    await writeFile(here('.env'), 'SMTP_PASSWORD=not-for-others\n');
    const copy = 'Templates/Default.sync-conflict-20261120-120000-ABCDEFG.md';
    await writeFile(here(copy), 'the other version');
    await start();
    await shows(/secret seems to lie in the vault\\: \.env/);
    await shows('two devices changed this file');
    expect(await readFile(here(copy), 'utf8')).toBe('the other version');
    await pair.idle();
    await expect(readFile(there('.env'), 'utf8')).rejects.toThrow('ENOENT');
    expect(await stop()).toBe(0);
    await rm(here('.env'));
    await rm(here(copy));
  });

  it('tells that its list of exclusions is not the whole one', async () => {
    const { lines } = await pair.laptop.client.ignores(FOLDER);
    await pair.laptop.ignores(lines.filter((line) => !line.includes('.pem')));
    await start();
    await shows('such files would travel, secrets among them');
    expect(await stop()).toBe(0);
    await pair.laptop.ignores(lines);
  });

  it('counts a flood and does not write a line for each', async () => {
    await start();
    await settledPage();
    const month = `Done/${localTime(Date.now(), 'UTC').slice(0, 7)}`;
    await mkdir(there(month), { recursive: true });
    for (let n = 0; n < 120; n++)
      await appendFile(there(`${month}/Flood ${n} em-${n.toString(16).padStart(16, '0')}.md`), 'x');
    await pair.idle();
    // The tests before left some of this kind.
    await shows(/one of 12\d such changes/);
    expect(await stop()).toBe(0);
    const day = localTime(Date.now(), 'UTC').slice(0, 10);
    const log = await readFile(here(`Logs/local-agent/${day}.orchestrator.jsonl`), 'utf8');
    const flood = log.split('\n').filter((line) => line.includes('Flood '));
    expect(flood.length).toBeLessThanOrEqual(20);
    expect(log).toContain('"result":"counted"');
  });
});
