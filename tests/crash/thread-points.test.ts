/** Two mails of one thread: the points that a single mail never passes, on the real processes, with SIGKILL. */
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { until as untilWithin } from '../helpers/until.ts';
import { messageId, type Place, property, takeCensus } from './census.ts';
import type { ProcessName } from './supervisor.ts';
import { openWorld, type World } from './world.ts';

/** Against hanging only. */
const LIMIT_MS = 90_000;
vi.setConfig({ testTimeout: 4 * LIMIT_MS });
const until: typeof untilWithin = (what, look) => untilWithin(what, look, LIMIT_MS);

let world: World;
let failed = false;
beforeAll(async () => {
  world = await openWorld({});
  await world.processes.start('cloud-email-watcher');
});
afterAll(() => world.stop(failed));
afterEach(({ task }) => {
  failed ||= task.result?.state === 'fail';
});

async function deliver(mark: string, root?: string): Promise<void> {
  const thread =
    root === undefined ? [] : [`In-Reply-To: ${messageId(root)}`, `References: ${messageId(root)}`];
  const head = [
    'From: Customer <customer@example.org>',
    'To: Your Office <office@example.net>',
    `Subject: Question ${mark}`,
    `Message-ID: ${messageId(mark)}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    ...thread,
  ];
  const raw = Buffer.from(`${head.join('\r\n')}\r\n\r\nWhen is ${mark} ready?\r\n`);
  await world.dovecot.deliver('office', raw, 'customer@example.org');
}

/** By the property: a newer card shows the older mail too. */
async function placesOf(mark: string): Promise<readonly Place[]> {
  const all = [...(await takeCensus(world.vault)).notes.values()].flat();
  return all.filter((place) => property(place, 'message_id') === messageId(mark));
}

function liesIn(mark: string, folder: string): Promise<Place> {
  return until(`${mark} lies in ${folder}, and only there, world in ${world.dir}`, async () => {
    const places = await placesOf(mark);
    return places.length === 1 && places[0]?.folder === folder ? places[0] : undefined;
  });
}

async function killedAt(name: ProcessName, point: string, meanwhile: () => Promise<void>): Promise<void> {
  await world.processes.replace(name, `${point}@1`);
  await meanwhile();
  await until(`${name} dies at ${point}`, () =>
    world.processes.deaths.some((d) => d.crashAt === `${point}@1` && d.signal === 'SIGKILL' && !d.byUs),
  );
  await world.processes.allReady();
  expect(world.processes.crashAt(name)).toBeNull();
}

function expectFolded(older: Place, newer: Place): void {
  expect(property(older, 'folded_into')).toBe(`[[${newer.name.replace(/\.md$/, '')}]]`);
  expect(property(older, 'reason')).toContain('A newer mail of this thread came');
}

it('killed at watcher:folded, the older card lies in Skipped with its reason, the newer one waits', async () => {
  await deliver('m1001');
  await liesIn('m1001', 'Needs_Action/email');
  await killedAt('cloud-email-watcher', 'watcher:folded', () => deliver('m1002', 'm1001'));
  const newer = await liesIn('m1002', 'Needs_Action/email');
  await until('the older one says why', async () => {
    const [older] = await placesOf('m1001');
    return older?.folder === 'Skipped' && property(older, 'folded_into') !== null;
  });
  expectFolded(await liesIn('m1001', 'Skipped'), newer);
});

it('killed at orchestrator:withdrawn, the older draft lies in Skipped with its reason, the newer one pending', async () => {
  await world.processes.start('draft-replier');
  await deliver('m1003');
  await liesIn('m1003', 'Pending_Approval/email');
  await world.processes.start('orchestrator');
  await killedAt('orchestrator', 'orchestrator:withdrawn', () => deliver('m1004', 'm1003'));
  await until('the older one says why', async () => {
    const [older] = await placesOf('m1003');
    return older?.folder === 'Skipped' && property(older, 'folded_into') !== null;
  });
  expectFolded(await liesIn('m1003', 'Skipped'), await liesIn('m1004', 'Pending_Approval/email'));
  await liesIn('m1002', 'Pending_Approval/email');
});
