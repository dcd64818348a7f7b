/**
 * The take-over killed at each point it passes, on a vault of its own: the stage, after which nothing runs, and
 * the orchestrator as a process, with SIGKILL. Then it is opened again on what is on the disk.
 * `named-points.test.ts` does the others, on one machine.
 */
import { existsSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../src/core/crash-points.ts';
import { parseNotice, TAKEOVER_FILE } from '../../src/core/takeover.ts';
import { TakeOverWatch } from '../../src/local/take-over-watch.ts';
import { DraftingMarks } from '../../src/stages/drafting-marks.ts';
import { SyncthingFault } from '../../src/sync/syncthing-client.ts';
import { mailNote, openReplier, type Replier } from '../helpers/replier.ts';
import { exitOf, ready, startMain } from '../helpers/own-process.ts';
import { type SteeredClock, steeredClock } from '../helpers/steered-clock.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

vi.setConfig({ testTimeout: 120_000 });

const INBOX = 'Needs_Action/email';
const MINE = 'In_Progress/local-agent';
const OFFERED = 'Pending_Approval/email';

/** Requests for Odoo are the cloud's alone, so the laptop never passes those: `invoice-points.test.ts` has them. */
const BOOKS = /^replier:(request|books)-/;
const DRAFTING = CRASH_POINTS.filter(
  (point) => /^replier:|^takeover:marked$/.test(point) && !BOOKS.test(point),
);

it('every point of the take-over is killed here', () => {
  const own = CRASH_POINTS.filter((point) => point.startsWith('takeover:'));
  expect(own).toEqual(['takeover:announced', 'takeover:marked']);
});

describe('drafting in the cloud’s place, killed at', () => {
  it.each(DRAFTING)('%s, the note is offered once and no mark is left', async (point) => {
    const replier = await openReplier();
    const marks = new DraftingMarks(await testDir());
    const change = { agent: 'local-agent', replicas: true, marks } as const;
    const names = await waitingMails(replier, 2);
    await replier.killAt(point, change);
    expect(await somewhere(replier)).toHaveLength(2);
    await replier.pass(change);
    expect(await replier.names(OFFERED)).toEqual(names);
    expect(await somewhere(replier)).toEqual(names);
    // The mark of one that was offered goes with the next look.
    await replier.pass(change);
    expect(await marks.list()).toEqual([]);
  });
});

async function somewhere(replier: Replier): Promise<string[]> {
  const folders = [INBOX, MINE, OFFERED, 'Conflicts', 'Quarantine'];
  return (await Promise.all(folders.map((folder) => replier.names(folder)))).flat().sort();
}

describe('the orchestrator, which had taken over, killed at', () => {
  it.each(DRAFTING)('%s with SIGKILL, each note is offered once after its next start', async (point) => {
    const replier = await openReplier();
    const stateDir = await testDir({
      'takeover.json': JSON.stringify({ on: true, since: Date.now(), drafted: 0 }),
      'no.env': '',
    });
    await chmod(join(stateDir, 'no.env'), 0o600);
    const names = await waitingMails(replier, 3);
    const env = {
      PATH: process.env['PATH'] ?? '',
      VAULT_DIR: replier.root,
      STATE_DIR: stateDir,
      ENV_FILE: join(stateDir, 'no.env'),
      MAIL_FROM: 'Mia <mia@example.net>',
      SCAN_SECONDS: '1',
      // Without a key nobody can be asked: apart.
      SYNC: 'syncthing',
    };
    const first = startMain('src/local/orchestrator.main.ts', { ...env, HANDOVER_CRASH_AT: `${point}@2` });
    expect(await exitOf(first)).toBe('SIGKILL');
    const second = startMain('src/local/orchestrator.main.ts', env);
    await ready(second);
    const marks = new DraftingMarks(stateDir);
    await until('all are offered and none is in hand', async () => {
      const offered = await replier.vault.list(OFFERED);
      return names.every((name) => offered.includes(name)) && (await marks.list()).length === 0;
    });
    expect(await somewhere(replier)).toEqual(names);
    second.kill('SIGTERM');
    expect(await exitOf(second)).toBe(0);
  });
});

async function waitingMails(replier: Replier, count: number): Promise<string[]> {
  const notes = Array.from({ length: count }, (_, n) => mailNote({ message_id: `<k${n}@example.org>` }));
  for (const { name, source } of notes) await replier.put(`${INBOX}/${name}`, source);
  return notes.map(({ name }) => name).sort();
}

describe('announcing it, killed at', () => {
  async function laptop() {
    const { vault, root } = await openReplier();
    const stateDir = await testDir();
    const clock = steeredClock();
    const open = (at: (point: CrashPoint) => void, inHand = false) =>
      TakeOverWatch.open({
        vault,
        clock,
        log: pino({ level: 'silent' }),
        stateDir,
        at,
        sync: { client: { folderStatus: noAnswer }, folder: 'handover' },
        peer: () => ({ connected: false }),
        takeoverMs: 5 * 60_000,
        inHand: () => Promise.resolve(inHand),
      });
    const notice = async () => {
      const path = join(root, TAKEOVER_FILE);
      return existsSync(path) ? parseNotice(await readFile(path, 'utf8')) : null;
    };
    return { vault, clock, open, notice, stateDir };
  }

  const noAnswer = () => Promise.reject(new SyncthingFault('unreachable', 'nobody'));

  it('takeover:announced, it goes on after the restart, with the same beginning', async () => {
    const { clock, open, notice } = await laptop();
    const died = new Error('killed');
    const watch = await open((point) => {
      if (point === 'takeover:announced') throw died;
    });
    await expect(silence(watch, clock)).rejects.toBe(died);
    const announced = await notice();
    expect(announced?.on).toBe(true);
    const again = await open(() => undefined);
    await again.tick();
    expect(again.state().on).toBe(true);
    expect(await notice()).toEqual(announced);
  });

  it('takeover:announced, and the notice lost or changed by somebody: it is written again', async () => {
    const { vault, clock, open, notice } = await laptop();
    const watch = await open(() => undefined);
    await silence(watch, clock);
    const announced = await notice();
    for (const forged of ['', '{"on":false,"since":"2026-11-20T08:00:00Z"}', 'x'.repeat(5000)]) {
      await vault.writeOther(TAKEOVER_FILE, forged);
      const again = await open(() => undefined);
      await again.tick();
      expect(again.state().on).toBe(true);
      expect(await notice()).toEqual(announced);
    }
  });

  it('with a draft in hand the end is not announced; without one it is', async () => {
    const { clock, open, notice, vault } = await laptop();
    await silence(await open(() => undefined), clock);
    const back = await open(() => undefined, true);
    for (let second = 0; back.state().on; second += 10) {
      await vault.writeOther('Updates/cloud-agent/draft-replier.json', beatAt(second));
      clock.advance(10_000);
      await back.tick();
    }
    expect((await notice())?.on).toBe(true);
    await (await open(() => undefined, false)).tick();
    expect((await notice())?.on).toBe(false);
  });
});

function beatAt(second: number): string {
  const at = new Date(Date.UTC(2026, 10, 20, 9, 0, second)).toISOString();
  return JSON.stringify({ process: 'draft-replier', at, state: 'ok', since: at });
}

async function silence(watch: TakeOverWatch, clock: SteeredClock): Promise<void> {
  while (!watch.state().on) {
    clock.advance(10_000);
    await watch.tick();
  }
}
