import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncAccess } from '../../src/mcp/status/status-deps.ts';
import { sync } from '../../src/mcp/status/sync.ts';
import { Syncthing } from '../../src/sync/syncthing-client.ts';
import { Vault } from '../../src/vault/vault.ts';
import { statusClient } from '../helpers/status-client.ts';
import { FOLDER, startPair, type SyncNode, type SyncPair } from '../helpers/syncthing.ts';
import { until } from '../helpers/until.ts';

/** What the tool `sync` says of a real pair. */
let pair: SyncPair;

beforeAll(async () => {
  pair = await startPair();
}, 120_000);
afterAll(() => pair.stop());

async function syncOf(node: SyncNode, change: Partial<Extract<SyncAccess, { kind: 'api' }>> = {}) {
  const peer = node === pair.cloud ? pair.laptop : pair.cloud;
  const status = await statusClient({
    vault: await Vault.open(node.vault),
    now: () => Date.now(),
    timeZone: 'UTC',
    host: node === pair.cloud ? 'cloud-agent' : 'local-agent',
    sync: { kind: 'api', client: node.client, folder: FOLDER, peer: peer.id, trusted: [], ...change },
  });
  return status.ask(sync);
}

async function put(node: SyncNode, path: string): Promise<void> {
  await writeFile(join(node.vault, path), `words of ${path}`);
  await node.client.scan(FOLDER, [path]);
}

describe('the sync of a pair', () => {
  it('is in step when it is, and names the last change and where it came from', async () => {
    await put(pair.cloud, 'Needs_Action/email/Anna em-0123456789abcdef.md');
    await pair.idle();
    const here = await syncOf(pair.cloud);
    expect(here).toMatchObject({
      sync: 'known',
      words: 'this machine has everything it knows of; the other machine is in step',
      folder: { id: FOLDER, state: 'idle', behind: 0, errors: 0 },
      devices: [
        { device: pair.laptop.id.slice(0, 7), role: 'peer', connected: true, in_step: true, behind: 0 },
      ],
      last_change: { path: 'Needs_Action/email/Anna em-0123456789abcdef.md', from: 'here' },
    });
    expect(here.syncthing).toMatch(/^v\d+\.\d+/);
    expect(here.folder!.files).toBe((await pair.cloud.client.folderStatus(FOLDER)).localFiles);
    const there = await until('the laptop told of it', async () => {
      const answer = await syncOf(pair.laptop);
      return answer.last_change?.path.startsWith('Needs_Action/email/Anna') === true && answer;
    });
    expect(there).toMatchObject({
      folder: { behind: 0 },
      devices: [{ device: pair.cloud.id.slice(0, 7), role: 'peer', connected: true, in_step: true }],
      last_change: { from: 'another device' },
    });
  });

  it('tells how many files the other one is behind', async () => {
    // A disk that is full or a folder that its user paused: connected, and takes nothing.
    await pair.laptop.client.patchFolder(FOLDER, { paused: true });
    for (const n of [1, 2, 3]) await put(pair.cloud, `Needs_Action/email/n${n}.md`);
    const behind = await until('it is known', async () => {
      const answer = await syncOf(pair.cloud);
      return answer.devices[0]?.behind === 3 && answer;
    });
    expect(behind.devices).toMatchObject([{ connected: true, in_step: false }]);
    expect(behind.words).toContain('the other machine is 3 files behind');
    expect(await syncOf(pair.laptop)).toMatchObject({
      sync: 'known',
      words: expect.stringContaining('paused in Syncthing') as string,
      folder: { state: 'paused', behind: null, files: null },
      devices: [{ connected: true, in_step: null, behind: null }],
    });
    await pair.laptop.client.patchFolder(FOLDER, { paused: false });
    await until('it caught up', async () => (await syncOf(pair.cloud)).devices[0]?.in_step === true);
  });

  it('claims nothing about a machine that is away', async () => {
    await pair.idle();
    await pair.disconnect();
    await put(pair.cloud, 'Needs_Action/email/meanwhile.md');
    for (const node of [pair.cloud, pair.laptop]) {
      const answer = await syncOf(node);
      expect(answer.devices).toMatchObject([{ connected: false, in_step: null, behind: null }]);
      expect(Date.parse(answer.devices[0]!.last_seen!)).toBeLessThanOrEqual(Date.now());
      expect(answer.words).toContain('unknown until it is');
    }
    await pair.connect();
    await pair.idle();
    expect((await syncOf(pair.laptop)).devices).toMatchObject([{ connected: true, in_step: true }]);
  });

  it('is unknown to a wrong key, and a folder that nobody shares is none', async () => {
    const client = new Syncthing({ url: pair.cloud.url, apiKey: 'wrong' });
    const refused = await syncOf(pair.cloud, { client });
    client.close();
    expect(refused).toMatchObject({ sync: 'unknown', folder: null, devices: [] });
    expect(refused.words).toContain('compare SYNCTHING_API_KEY');
    const other = await syncOf(pair.cloud, { folder: 'another' });
    expect(other).toMatchObject({ sync: 'known', folder: null, devices: [], last_change: null });
    expect(other.words).toContain('no folder with the id another');
  });

  it('takes a device that is not ours for what it is', async () => {
    expect((await syncOf(pair.cloud, { peer: null })).devices).toMatchObject([{ role: 'other' }]);
    const trusted = [pair.laptop.id];
    expect((await syncOf(pair.cloud, { peer: null, trusted })).devices).toMatchObject([{ role: 'trusted' }]);
  });

  it('is unknown when Syncthing was stopped', async () => {
    await pair.cloud.stop();
    expect((await syncOf(pair.cloud)).words).toContain('is it running?');
    await pair.cloud.start();
    expect((await syncOf(pair.cloud)).sync).toBe('known');
  });
});
