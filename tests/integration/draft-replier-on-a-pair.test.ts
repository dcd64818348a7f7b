import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { renderNotice, TAKEOVER_FILE } from '../../src/core/takeover.ts';
import { type Claimant, claimant, INBOX } from '../helpers/claimant.ts';
import { mailNote } from '../helpers/replier.ts';
import { exitOf, ready, startReplier } from '../helpers/own-process.ts';
import { FOLDER, startPair, type SyncPair } from '../helpers/syncthing.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';
import { tree } from '../helpers/vault-tree.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const MINE = 'In_Progress/cloud-agent';
const OFFERED = 'Pending_Approval/email';

let pair: SyncPair;
/** What the watcher on the cloud and the orchestrator on the laptop do here. */
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

async function environment(): Promise<Record<string, string>> {
  const dir = await testDir({ 'no.env': '' });
  await chmod(join(dir, 'no.env'), 0o600);
  return {
    PATH: process.env['PATH'] ?? '',
    VAULT_DIR: pair.cloud.vault,
    STATE_DIR: join(dir, 'state'),
    ENV_FILE: join(dir, 'no.env'),
    MAIL_FROM: 'Mia Muster <mia@example.net>',
    SCAN_SECONDS: '1',
    SYNC: 'syncthing',
    SYNCTHING_URL: pair.cloud.url,
    SYNCTHING_API_KEY: pair.cloud.apiKey,
    SYNCTHING_FOLDER: FOLDER,
    SYNCTHING_PEER_DEVICE: pair.laptop.id,
  };
}

let serial = 0;
async function arrive(): Promise<string> {
  const { name, source } = mailNote({ message_id: `<p${++serial}@example.org>` });
  await cloud.vault.create({ folder: INBOX, name }, source);
  return name;
}

async function notice(text: string): Promise<void> {
  await laptop.vault.writeOther(TAKEOVER_FILE, text);
  await pair.idle();
}

const ON = renderNotice({ on: true, since: '2026-11-20T08:00:00.000Z' });
const OFF = renderNotice({ on: false, since: '2026-11-20T09:00:00.000Z' });
const offeredOn = (who: Claimant, name: string) =>
  until('the card', () => who.vault.exists({ folder: OFFERED, name }));

/** Apart; then each sees the other's claim. */
async function claimedByBoth(name: string): Promise<void> {
  await pair.idle();
  await pair.disconnect();
  expect(await cloud.raise(name)).toBe(true);
  expect(await laptop.raise(name)).toBe(true);
  await pair.connect();
  await pair.idle();
}

describe('the draft-replier beside a laptop', () => {
  it('offers what arrived on both machines, and leaves the record of it to the laptop', async () => {
    const env = await environment();
    const child = startReplier(env);
    await ready(child);
    const name = await arrive();
    await offeredOn(laptop, name);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
    expect(await readdir(env['STATE_DIR']!)).not.toContain('offers');
  });

  it('during a take-over gives up a claim that the laptop has too, and drafts what is its own', async () => {
    await notice(ON);
    const [both, own] = [await arrive(), await arrive()];
    await claimedByBoth(both);
    const child = startReplier(await environment());
    await ready(child);
    await offeredOn(laptop, own);
    await until('its claim is withdrawn', () => cloud.vault.exists({ folder: 'Conflicts', name: both }));
    expect(await laptop.settle(both)).toBe('mine');
    const all = await tree(pair.cloud.vault);
    expect([...all.keys()].filter((path) => path.endsWith(both)).sort()).toEqual([
      `Conflicts/${both}`,
      `In_Progress/local-agent/${both}`,
    ]);
  });

  it('during a take-over by a laptop that is off waits for nobody', async () => {
    await notice(ON);
    await pair.disconnect();
    const child = startReplier(await environment());
    await ready(child);
    const name = await arrive();
    await offeredOn(cloud, name);
    await pair.connect();
    await offeredOn(laptop, name);
  });

  it('killed after its claim was settled goes on after the restart', async () => {
    await notice(ON);
    const env = await environment();
    const name = await arrive();
    const first = startReplier({ ...env, HANDOVER_CRASH_AT: 'replier:settled' });
    expect(await exitOf(first)).toBe('SIGKILL');
    expect(await cloud.vault.exists({ folder: MINE, name })).toBe(true);
    const second = startReplier(env);
    await ready(second);
    await offeredOn(laptop, name);
  });

  it.each(['{"on":true}', '{"on":1,"since":"2026-11-20T08:00:00Z"}', '', `${ON}${' '.repeat(2000)}`, OFF])(
    'takes a notice that says %s for none',
    async (text) => {
      await notice(text);
      const name = await arrive();
      await claimedByBoth(name);
      await ready(startReplier(await environment()));
      // By static ownership it asks nobody; with a notice the same claim is given up (above).
      await offeredOn(cloud, name);
    },
  );
});
