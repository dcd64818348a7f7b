import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FOLDER, startNode, startPair, startTrio } from '../helpers/syncthing.ts';
import { until } from '../helpers/until.ts';

const names = (vault: string, folder: string): Promise<string[]> =>
  readdir(join(vault, folder)).then((all) => all.filter((name) => !name.startsWith('.')).sort());

it('a pair brings a file over, apart it does not, and connected again it does', async () => {
  const pair = await startPair();
  onTestFinished(() => pair.stop());
  const { cloud, laptop } = pair;
  await writeFile(join(cloud.vault, 'Needs_Action/email/a.md'), 'a');
  await pair.idle();
  expect(await names(laptop.vault, 'Needs_Action/email')).toEqual(['a.md']);

  await pair.disconnect();
  await rename(
    join(cloud.vault, 'Needs_Action/email/a.md'),
    join(cloud.vault, 'In_Progress/cloud-agent/a.md'),
  );
  await rename(
    join(laptop.vault, 'Needs_Action/email/a.md'),
    join(laptop.vault, 'In_Progress/local-agent/a.md'),
  );
  await pair.idle();
  expect(await names(laptop.vault, 'In_Progress/cloud-agent')).toEqual([]);

  await pair.connect();
  await pair.idle();
  for (const { vault } of [cloud, laptop]) {
    expect(await names(vault, 'In_Progress/cloud-agent')).toEqual(['a.md']);
    expect(await names(vault, 'In_Progress/local-agent')).toEqual(['a.md']);
    expect(await names(vault, 'Needs_Action/email')).toEqual([]);
  }
});

it('a killed node comes back as the same device with the same files', async () => {
  const pair = await startPair();
  onTestFinished(() => pair.stop());
  const { cloud, laptop } = pair;
  const { myId } = await laptop.client.system();
  const { pid } = laptop;
  await laptop.kill9();
  await writeFile(join(cloud.vault, 'Needs_Action/email/b.md'), 'b');
  await pair.idle();
  await laptop.start();
  expect(laptop.pid).not.toBe(pid);
  expect((await laptop.client.system()).myId).toBe(myId);
  await pair.connect();
  await pair.idle();
  expect(await names(laptop.vault, 'Needs_Action/email')).toEqual(['b.md']);
});

it('what is approved on the phone reaches the laptop and never the cloud', async () => {
  const trio = await startTrio();
  onTestFinished(() => trio.stop());
  await writeFile(join(trio.phone.vault, 'Approved/c.md'), 'c');
  await writeFile(join(trio.phone.vault, 'Rejected/d.md'), 'd');
  await trio.idle();
  expect(await names(trio.laptop.vault, 'Approved')).toEqual(['c.md']);
  expect(await names(trio.cloud.vault, 'Approved')).toEqual([]);
  for (const { vault } of [trio.laptop, trio.cloud]) expect(await names(vault, 'Rejected')).toEqual(['d.md']);
});

it('a lonely node has no folder and no peer', async () => {
  const node = await startNode();
  onTestFinished(() => node.remove());
  const { folders, devices } = await node.client.config();
  expect(folders).toEqual([]);
  expect(devices.map(({ deviceID }) => deviceID)).toEqual([node.id]);
  expect(node.shortId).toBe(node.id.slice(0, 7));
  await mkdir(join(node.vault, 'x'));
  await expect(node.client.scan(FOLDER, [])).rejects.toMatchObject({ code: 'refused' });
  await until('its log is there', async () => (await node.log()).includes('INFO'));
});
