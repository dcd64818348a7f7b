import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { DiskChanges } from '../../src/sync/disk-changes.ts';
import { type PeerState, Presence } from '../../src/sync/presence.ts';
import { FOLDER, SYNCTHINGS, type SyncPair, startPair } from '../helpers/syncthing.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

const log = pino({ level: 'silent' });
const LONG = 120_000;
let pair: SyncPair;

interface Follower {
  readonly told: string[];
  readonly follow: DiskChanges;
}

/** Follows the laptop; what was told is `<origin> <action> <path>`, or GAP. */
function follower(cursorFile: string): Follower {
  const told: string[] = [];
  const follow = DiskChanges.start({
    client: pair.laptop.client,
    folder: FOLDER,
    cursorFile,
    clock: systemClock,
    log,
    onChange: ({ path, action, type, origin }) => {
      if (type !== 'dir') told.push(`${origin} ${action} ${path}`);
    },
    onGap: () => void told.push('GAP'),
  });
  onTestFinished(() => follow.stop());
  return { told, follow };
}

const cloud = (path: string): string => join(pair.cloud.vault, path);
const laptop = (path: string): string => join(pair.laptop.vault, path);

describe.each(SYNCTHINGS)('%s', (binary) => {
  beforeAll(async () => {
    pair = await startPair({ binary });
  }, LONG);
  afterAll(() => pair.stop());

  describe('the changes of files', () => {
    let cursorFile = '';
    beforeEach(async () => {
      cursorFile = join(await testDir(), 'sync/orchestrator.events.json');
    });
    const since = (told: readonly string[]): string[] => told.slice(told.lastIndexOf('GAP') + 1);

    it('are told with who made them, in order, over a time apart', async () => {
      const { told, follow } = follower(cursorFile);
      await follow.flush();
      told.length = 0;
      await writeFile(cloud('Needs_Action/email/f1.md'), '1');
      await pair.idle();
      await pair.disconnect();
      await rename(cloud('Needs_Action/email/f1.md'), cloud('In_Progress/cloud-agent/f1.md'));
      await writeFile(laptop('Rejected/f2.md'), '2');
      await writeFile(laptop('Approved/f3.md'), 'no business of this folder');
      await pair.idle();
      await pair.connect();
      await pair.idle();
      await follow.flush();
      expect(told.slice(0, 2)).toEqual([
        'remote modified Needs_Action/email/f1.md',
        'local modified Rejected/f2.md',
      ]);
      expect(told.slice(2).sort()).toEqual([
        'remote deleted Needs_Action/email/f1.md',
        'remote modified In_Progress/cloud-agent/f1.md',
      ]);
      expect(follow.continuous).toBe(true);
    });

    it('go on where they were after a restart of the follower', async () => {
      const first = follower(cursorFile);
      await first.follow.flush();
      await first.follow.stop();
      await writeFile(cloud('Needs_Action/email/g1.md'), '1');
      await pair.idle();
      const second = follower(cursorFile);
      await second.follow.flush();
      expect(second.told).toEqual(['remote modified Needs_Action/email/g1.md']);
    });

    it.each(['stop', 'kill9'] as const)(
      'have a gap after %s of Syncthing, and go on after it',
      async (how) => {
        const { told, follow } = follower(cursorFile);
        await follow.flush();
        told.length = 0;
        await pair.laptop[how]();
        await writeFile(laptop(`Rejected/h-${how}.md`), 'while nobody looked');
        await until('it was noticed', () => !follow.continuous);
        await expect(follow.flush()).rejects.toMatchObject({ code: 'unreachable' });
        await pair.laptop.start();
        await pair.connect();
        await pair.idle();
        await writeFile(cloud(`Needs_Action/email/h-${how}.md`), 'later');
        await pair.idle();
        await until('it is followed again', () => follow.continuous);
        await follow.flush();
        expect(told.filter((one) => one === 'GAP')).toHaveLength(1);
        expect(since(told)).toContain(`local modified Rejected/h-${how}.md`);
        expect(since(told)).toContain(`remote modified Needs_Action/email/h-${how}.md`);
      },
      LONG,
    );

    it(
      'have a gap when more happened than Syncthing remembers',
      async () => {
        const first = follower(cursorFile);
        await first.follow.flush();
        await first.follow.stop();
        for (let i = 0; i < 1_100; i++) await writeFile(laptop(`Skipped/i${i}.md`), `${i}`);
        await pair.laptop.client.scan(FOLDER, ['Skipped']);
        const second = follower(cursorFile);
        await second.follow.flush();
        expect(second.told[0]).toBe('GAP');
        expect(second.told.length).toBe(1_001);
        for (let i = 0; i < 1_100; i++) await rm(laptop(`Skipped/i${i}.md`));
        await pair.idle();
      },
      LONG,
    );
  });

  describe('who is connected', () => {
    it(
      'is told over a pause, the death of the peer and the death of our own Syncthing',
      async () => {
        const seen: PeerState[] = [];
        const presence = Presence.start({
          client: pair.laptop.client,
          devices: [pair.cloud.id],
          clock: systemClock,
          log,
          onChange: (_, state) => void seen.push(state),
        });
        onTestFinished(() => presence.stop());
        const cloudIs = (wanted: Partial<PeerState>): Promise<unknown> =>
          until(
            JSON.stringify(wanted),
            () => {
              const now = presence.peer(pair.cloud.id);
              return now.known === (wanted.known ?? true) && now.connected === (wanted.connected ?? false);
            },
            LONG,
          );
        expect(presence.peer(pair.cloud.id)).toEqual({ connected: false, since: null, known: false });
        await cloudIs({ connected: true });
        expect(presence.peer(pair.cloud.id).since).toBeLessThanOrEqual(Date.now());

        await pair.disconnect();
        await cloudIs({ connected: false });
        await pair.connect();
        await cloudIs({ connected: true });

        await pair.cloud.kill9();
        await cloudIs({ connected: false });
        await pair.cloud.start();
        await pair.connect();
        await cloudIs({ connected: true });

        await pair.laptop.kill9();
        await cloudIs({ known: false });
        expect(presence.peer(pair.cloud.id).connected).toBe(false);
        await pair.laptop.start();
        await pair.connect();
        await cloudIs({ connected: true });

        const same = (a: PeerState, b: PeerState | undefined): boolean =>
          a.connected === b?.connected && a.known === b.known;
        expect(seen.filter((state, i) => same(state, seen[i - 1]))).toEqual([]);
      },
      LONG,
    );

    it(
      'has the last time a peer was seen, which is away when we begin to look',
      async () => {
        await pair.disconnect();
        const presence = Presence.start({
          client: pair.laptop.client,
          devices: [pair.cloud.id, 'never-heard-of'],
          clock: systemClock,
          log,
        });
        onTestFinished(() => presence.stop());
        await until('Syncthing answered', () => presence.peer(pair.cloud.id).known);
        const { connected, since } = presence.peer(pair.cloud.id);
        expect(connected).toBe(false);
        expect(Math.abs((since ?? 0) - Date.now())).toBeLessThan(3_600_000);
        expect(presence.peer('never-heard-of')).toEqual({ connected: false, since: null, known: true });
        expect(presence.peer('not asked for').known).toBe(false);
        await pair.connect();
      },
      LONG,
    );
  });
});
