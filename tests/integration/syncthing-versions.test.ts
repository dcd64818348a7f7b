import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileStatus } from '../../src/sync/syncthing-client.ts';
import { FOLDER, SYNCTHINGS, type SyncPair, startPair } from '../helpers/syncthing.ts';
import { until } from '../helpers/until.ts';

const LONG = 120_000;
/** Each with its own kind, and, where two are here, each with the other. */
const PAIRS = SYNCTHINGS.flatMap((cloud) => SYNCTHINGS.map((laptop) => ({ cloud, laptop })));

describe.each(PAIRS)('what Handover asks of Syncthing: $cloud and $laptop', (binaries) => {
  let pair: SyncPair;
  beforeAll(async () => {
    pair = await startPair({ binary: binaries.cloud, laptopBinary: binaries.laptop });
  }, LONG);
  afterAll(() => pair.stop());
  const cloud = (path: string): string => join(pair.cloud.vault, path);
  const claim = 'In_Progress/cloud-agent/claim.md';
  const status = (): Promise<FileStatus | null> => pair.cloud.client.file(FOLDER, claim);

  it('says who it is and since when', async () => {
    const { myId, startedAt, version } = await pair.cloud.client.system();
    expect(myId).toBe(pair.cloud.id);
    expect(Math.abs(Date.parse(startedAt) - Date.now())).toBeLessThan(3_600_000);
    expect(version).toMatch(/^v\d+\.\d+\.\d+/);
  });

  it('tells a claim that the peer has from one that it cannot have', async () => {
    const { client } = pair.cloud;
    await writeFile(cloud('Needs_Action/email/claim.md'), 'a task');
    await pair.idle();
    await rename(cloud('Needs_Action/email/claim.md'), cloud(claim));
    await client.scan(FOLDER, [claim, 'Needs_Action/email/claim.md']);
    const mine = await until('the peer has it', async () => {
      const now = await status();
      return now?.availability.includes(pair.laptop.id) === true && now;
    });
    expect(mine.local.version).toEqual(mine.global.version);
    expect(mine.local.version.length).toBeGreaterThan(0);
    expect(mine.global).toMatchObject({
      deleted: false,
      type: 'file',
      size: 6,
      modifiedBy: pair.cloud.shortId,
    });
    expect(await client.file(FOLDER, 'Needs_Action/email/claim.md')).toMatchObject({
      global: { deleted: true },
    });

    await pair.disconnect();
    await writeFile(cloud(claim), 'a task and a draft');
    await client.scan(FOLDER, [claim]);
    expect((await status())?.availability).toEqual([]);
    await pair.connect();
    await until('the peer has it again', async () => (await status())?.availability.includes(pair.laptop.id));
    expect(await client.file(FOLDER, 'In_Progress/cloud-agent/never.md')).toBeNull();
    await expect(client.file('no-such-folder', claim)).rejects.toMatchObject({ code: 'refused' });
  });

  it('names folders and links for what they are', async () => {
    await mkdir(cloud('Attachments/sub'));
    await symlink('/etc/hostname', cloud('Attachments/link'));
    await pair.cloud.client.scan(FOLDER, ['Attachments']);
    expect((await pair.cloud.client.file(FOLDER, 'Attachments/sub'))?.local.type).toBe('dir');
    expect((await pair.cloud.client.file(FOLDER, 'Attachments/link'))?.local.type).toBe('symlink');
  });

  it('takes ignore patterns, gives back what is in force, and does not send what they name', async () => {
    const { client } = pair.laptop;
    const before = await client.ignores(FOLDER);
    expect(before.expanded).toContain('(?i)/approved/**');
    expect(before.error).toBeNull();
    await client.setIgnores(FOLDER, [...before.lines, '/Rejected']);
    expect((await client.ignores(FOLDER)).lines).toEqual([...before.lines, '/Rejected']);
    await writeFile(join(pair.laptop.vault, 'Rejected/secret.md'), 'x');
    await pair.idle();
    expect(await pair.cloud.client.file(FOLDER, 'Rejected/secret.md')).toBeNull();
    await client.setIgnores(FOLDER, before.lines);
  });

  it('counts what is there and what is missing', async () => {
    await pair.idle();
    const [mine, theirs] = [
      await pair.cloud.client.folderStatus(FOLDER),
      await pair.laptop.client.folderStatus(FOLDER),
    ];
    expect(mine).toMatchObject({ state: 'idle', needTotalItems: 0, errors: 0 });
    expect(mine.globalFiles).toBeGreaterThan(0);
    expect(theirs.localFiles).toBe(theirs.globalFiles);
    expect(await pair.cloud.client.completion(FOLDER, pair.laptop.id)).toMatchObject({ completion: 100 });
    expect(await pair.cloud.client.folderErrors(FOLDER)).toEqual([]);
  });

  it('knows who is connected and when somebody was last seen', async () => {
    expect((await pair.cloud.client.connections()).get(pair.laptop.id)).toMatchObject({
      connected: true,
      paused: false,
    });
    expect((await pair.cloud.client.deviceStats()).get(pair.laptop.id)?.lastSeen).toBeGreaterThan(0);
  });

  it('keeps its defaults for what a configuration of ours leaves out', async () => {
    const { client } = pair.cloud;
    const path = cloud('Attachments');
    await client.putFolder({ ...(await client.defaultsFolder()), id: 'extra', path, devices: [] });
    await client.patchFolder('extra', { label: 'Extra', fsWatcherDelayS: 1 });
    const extra = (await client.config()).folders.find(({ id }) => id === 'extra');
    expect(extra).toMatchObject({ label: 'Extra', fsWatcherDelayS: 1, maxConflicts: 10 });
    const stranger = pair.laptop.id;
    await client.putDevice({ ...(await client.defaultsDevice()), deviceID: stranger, name: 'My laptop' });
    expect((await client.config()).devices.find(({ deviceID }) => deviceID === stranger)?.name).toBe(
      'My laptop',
    );
    await client.patchOptions({ reconnectionIntervalS: 7 });
    expect((await client.config()).options).toMatchObject({ reconnectionIntervalS: 7 });
    await pair.connect();
  });

  it('tells every change of a file with who found it, numbered without holes', async () => {
    const events = await pair.laptop.client.events({ since: 0, disk: true, timeoutS: 0 });
    expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i + 1));
    const told = events.map(({ type, data }) => ({
      event: type,
      ...(data as { path: string; action: string }),
    }));
    expect(told).toContainEqual(
      expect.objectContaining({
        event: 'RemoteChangeDetected',
        action: 'deleted',
        path: 'Needs_Action/email/claim.md',
      }),
    );
    expect(told).toContainEqual(
      expect.objectContaining({
        event: 'RemoteChangeDetected',
        action: 'modified',
        path: claim,
        folder: FOLDER,
      }),
    );
    expect(told.filter(({ path, event }) => path === claim && event.startsWith('Local'))).toEqual([]);
    const last = await pair.laptop.client.events({ since: 0, disk: true, limit: 1, timeoutS: 0 });
    expect(last).toEqual(events.slice(-1));
  });
});
