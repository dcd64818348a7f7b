import { setTimeout as sleep } from 'node:timers/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProgress } from '../../src/core/states.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { acknowledge } from '../../src/sync/acknowledge.ts';
import { type Claimant, claimant, INBOX } from '../helpers/claimant.ts';
import { mailNote } from '../helpers/replier.ts';
import { FOLDER, startPair, type SyncPair } from '../helpers/syncthing.ts';
import { tree } from '../helpers/vault-tree.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let pair: SyncPair;
let cloud: Claimant;
let laptop: Claimant;

beforeAll(async () => {
  pair = await startPair();
  cloud = await claimant(pair.cloud, pair.laptop, 'cloud-agent');
  laptop = await claimant(pair.laptop, pair.cloud, 'local-agent');
});
afterAll(async () => {
  await cloud.stop();
  await laptop.stop();
  await pair.stop();
});

const OFFERED = 'Pending_Approval/email';
const DRAFTING_MS = 30;
let serial = 0;

/** Notes that both sides have. */
async function notes(count: number): Promise<string[]> {
  const made = Array.from({ length: count }, () => mailNote({ message_id: `<c${++serial}@example.org>` }));
  for (const { name, source } of made) await writeFile(join(pair.cloud.vault, INBOX, name), source);
  await pair.idle();
  return made.map(({ name }) => name);
}

type Outcome = 'lost' | Awaited<ReturnType<Claimant['settle']>>;

/** Claims, and goes on with what is its own, as the drafter does. */
async function contend(who: Claimant, name: string, afterMs: number): Promise<Outcome> {
  await sleep(afterMs);
  if (!(await who.raise(name))) return 'lost';
  return finish(who, name);
}

async function finish(who: Claimant, name: string): Promise<Outcome> {
  const outcome = await who.settle(name);
  if (outcome === 'mine') {
    await sleep(DRAFTING_MS);
    const moved = await who.vault.move({ folder: inProgress(who.agent), name }, OFFERED);
    expect(moved).toBe('moved');
  }
  return outcome;
}

/** Where a task lies, the same on both replicas. */
async function settledPlaces(name: string): Promise<string[]> {
  await pair.idle();
  const [a, b] = await Promise.all([tree(pair.cloud.vault), tree(pair.laptop.vault)]);
  expect(a).toEqual(b);
  const id = name.slice(-22, -3);
  return [...a.keys()].filter((path) => path.includes(id));
}

const mineOf = (outcomes: readonly Outcome[]) => outcomes.filter((o) => o === 'mine').length;

describe('two agents that claim the same note on two machines', () => {
  it('36 times, 0 to 600 ms apart, either first: never both, never neither, one owner on both replicas', async () => {
    const names = await notes(36);
    const seen = new Map<string, number>();
    for (const [i, name] of names.entries()) {
      const offset = [0, 0, 2, 5, 10, 20, 50, 100, 150, 200, 300, 600][i % 12]!;
      const first = i % 2 === 0 ? cloud : laptop;
      const second = first === cloud ? laptop : cloud;
      const outcomes = await Promise.all([contend(first, name, 0), contend(second, name, offset)]);
      expect([name, mineOf(outcomes)]).toEqual([name, 1]);
      const key = [...outcomes].sort().join(' and ');
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    // Both flags were up in some; else nothing was tried here.
    expect(seen.get('mine and withdrawn') ?? 0).toBeGreaterThan(5);
    await pair.idle();
    const a = await tree(pair.cloud.vault);
    expect(await tree(pair.laptop.vault)).toEqual(a);
    for (const name of names) {
      const places = [...a.keys()].filter((path) => path.endsWith(name) && !path.startsWith('Conflicts/'));
      expect(places).toEqual([`${OFFERED}/${name}`]);
    }
    console.log([...seen].map(([key, n]) => `${n} times ${key}`).join(', '));
  });

  it('many notes at once: never both, never neither', async () => {
    const names = await notes(24);
    const results = await Promise.all(
      names.map(async (name, i) =>
        Promise.all([contend(cloud, name, (i % 4) * 10), contend(laptop, name, (i % 3) * 15)]),
      ),
    );
    expect(results.map(mineOf)).toEqual(names.map(() => 1));
  });

  it('cut in the middle: apart both may go on, and a rival that is seen is never worked beside', async () => {
    for (const cutAfter of [0, 5, 30]) {
      const [name] = (await notes(1)) as [string];
      const running = Promise.all([contend(cloud, name, 0), contend(laptop, name, 0)]);
      await sleep(cutAfter);
      await pair.disconnect();
      const connected = sleep(500).then(() => pair.connect());
      const outcomes = await running;
      await connected;
      // Both have it only if at least one of them could not ask.
      expect(mineOf(outcomes)).toBeLessThan(2);
      expect(outcomes.some((o) => o === 'mine' || o === 'apart')).toBe(true);
      const places = await settledPlaces(name);
      expect(places.some((path) => /^(In_Progress|Pending_Approval)\//.test(path))).toBe(true);
    }
  });

  it('one dies between its flag and the answer: the other waits or goes, and after the restart one has it', async () => {
    for (const dying of ['cloud-agent', 'local-agent'] as const) {
      const [name] = (await notes(1)) as [string];
      const [dead, alive] = dying === 'cloud-agent' ? [cloud, laptop] : [laptop, cloud];
      expect(await dead.raise(name)).toBe(true);
      // Nothing of the dead process runs on; its Syncthing does.
      const raised = await alive.raise(name);
      const others = raised ? finish(alive, name) : Promise.resolve('lost' as const);
      await sleep(300);
      const outcomes = await Promise.all([others, finish(dead, name)]);
      expect([dying, mineOf(outcomes)]).toEqual([dying, 1]);
    }
  });

  it('the Syncthing of one is killed between flag and answer: the other is apart and does not wait for ever', async () => {
    const [name] = (await notes(1)) as [string];
    await pair.cloud.kill9();
    expect(await laptop.raise(name)).toBe(true);
    expect(await laptop.settle(name)).toBe('apart');
    // The cloud's agent has nobody to ask either.
    expect(await cloud.raise(name)).toBe(true);
    expect(await cloud.settle(name)).toBe('apart');
    await pair.cloud.start();
    await pair.connect();
    const both = await settledPlaces(name);
    expect(both.filter((path) => path.startsWith('In_Progress/'))).toHaveLength(2);
    // Seen now: the lower rank goes, the higher waited for it.
    expect(await Promise.all([cloud.settle(name), laptop.settle(name)])).toEqual(['withdrawn', 'mine']);
    const places = await settledPlaces(name);
    expect(places.filter((path) => path.startsWith('In_Progress/'))).toEqual([
      `In_Progress/local-agent/${name}`,
    ]);
    expect(places.filter((path) => path.startsWith('Conflicts/'))).toHaveLength(1);
  });
});

describe('the acknowledgement', () => {
  const ask = (path: string, timeoutMs: number) =>
    acknowledge(
      { client: pair.laptop.client, folder: FOLDER, peer: pair.cloud.id, clock: systemClock, timeoutMs },
      path,
    );

  it('comes for what the peer has, in the version it has', async () => {
    const path = `${INBOX}/a person’s note.md`;
    await writeFile(join(pair.laptop.vault, path), 'one');
    expect(await ask(path, 30_000)).toBe('acknowledged');
    await writeFile(join(pair.laptop.vault, path), 'two, longer');
    expect(await ask(path, 30_000)).toBe('acknowledged');
  });

  it('is none of a file that is not there', async () => {
    expect(await ask(`${INBOX}/never.md`, 1_000)).toBe('gone');
  });

  it('waits for a peer that is connected and does not take the file, as long as asked', async () => {
    await pair.cloud.ignores(['/Needs_Action/email/held.md']);
    const path = `${INBOX}/held.md`;
    await writeFile(join(pair.laptop.vault, path), 'held');
    expect(await ask(path, 1_500)).toBe('timeout');
    await pair.cloud.ignores([]);
  });

  it('says apart without the peer, and without our own Syncthing', async () => {
    const path = `${INBOX}/alone.md`;
    await writeFile(join(pair.laptop.vault, path), 'alone');
    await pair.disconnect();
    expect(await ask(path, 30_000)).toBe('apart');
    await pair.connect();
    expect(await ask(path, 30_000)).toBe('acknowledged');
    await pair.laptop.stop();
    expect(await ask(path, 30_000)).toBe('apart');
    await pair.laptop.start();
    await pair.connect();
  });
});
