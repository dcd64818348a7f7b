import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Topology } from '../../src/core/topology.ts';
import { lookAt, topologyWatch } from '../../src/sync/topology.ts';
import { Syncthing } from '../../src/sync/syncthing-client.ts';
import { APPROVED_FOLDER, FOLDER, startTrio, type SyncTrio } from '../helpers/syncthing.ts';
import { until } from '../helpers/until.ts';

/** The laptop of a real trio, misconfigured in every way that a person or a menu can. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let trio: SyncTrio;
beforeAll(async () => {
  trio = await startTrio();
});
afterAll(() => trio.stop());

const look = (over: Partial<Parameters<typeof lookAt>[0]> = {}): Promise<Topology> =>
  lookAt({
    client: trio.laptop.client,
    folder: FOLDER,
    peer: trio.cloud.id,
    trusted: [trio.phone.id],
    vaultRoot: trio.laptop.vault,
    ...over,
  });
const refusals = async (over = {}) =>
  (await look(over)).findings.filter((f) => f.refuses).map((finding) => finding.code);

/** Syncthing takes the marker of the path away with the folder, whosever it is. */
async function removeFolder(id: string): Promise<void> {
  const headers = { 'x-api-key': trio.laptop.apiKey };
  await fetch(`${trio.laptop.url}/rest/config/folders/${id}`, { method: 'DELETE', headers });
  await mkdir(join(trio.laptop.vault, '.stfolder'), { recursive: true });
}

/** Does something to the laptop's Syncthing, expects these refusals, and undoes it. */
async function whileTrue(act: () => Promise<unknown>, undo: () => Promise<unknown>, codes: string[]) {
  await act();
  try {
    expect(await refusals()).toEqual(codes);
  } finally {
    await undo();
  }
  expect(await refusals()).toEqual([]);
}

describe('the topology of a real trio', () => {
  it('is allowed as the product sets it up; the harness keeps no versions, which is told', async () => {
    expect(await look()).toMatchObject({ effects: 'allowed', findings: [{ code: 'no-versions' }] });
  });

  it('is refused without an API, without a key, with a wrong one', async () => {
    expect(await refusals({ client: null })).toEqual(['no-key']);
    const wrong = new Syncthing({ url: trio.laptop.url, apiKey: 'wrong' });
    expect(await refusals({ client: wrong })).toEqual(['forbidden']);
    wrong.close();
    const nobody = new Syncthing({ url: 'http://127.0.0.1:9', apiKey: 'x' });
    expect(await refusals({ client: nobody })).toEqual(['no-answer']);
    nobody.close();
  });

  it.each([
    ['ignore-missing', []],
    ['ignore-missing', ['/Approved', '.keep']],
    ['ignore-missing', ['(?d)(?i)/Approved', '.keep']],
    ['ignore-not-first', ['!/Approved/a.md', '(?i)/Approved', '.keep']],
  ])('is refused by the list of exclusions: %s', async (code, lines) => {
    const before = (await trio.laptop.client.ignores(FOLDER)).lines;
    // Nobody may receive what the wrong list would publish.
    await trio.disconnect();
    const undo = () => trio.laptop.ignores(before);
    await whileTrue(() => trio.laptop.ignores(lines), undo, [code]);
    await trio.connect();
  });

  it('is refused while the folder is paused', async () => {
    const pause = (paused: boolean) => () => trio.laptop.client.patchFolder(FOLDER, { paused });
    await whileTrue(pause(true), pause(false), ['folder-paused']);
  });

  it('is refused by an include and by a list that Syncthing cannot read', async () => {
    const before = (await trio.laptop.client.ignores(FOLDER)).lines;
    const ignore = join(trio.laptop.vault, '.stignore');
    await writeFile(join(trio.laptop.vault, 'more.md'), '!/Approved\n');
    const undo = () => trio.laptop.ignores(before);
    await whileTrue(() => writeFile(ignore, '(?i)/Approved\n#include more.md\n.keep\n'), undo, [
      'ignore-include',
    ]);
    await whileTrue(() => writeFile(ignore, '(?i)/Approved\n.keep\n[\n'), undo, ['ignore-error']);
    await rm(join(trio.laptop.vault, 'more.md'));
  });

  it.each([
    ["the vault's parent", (vault: string) => join(vault, '..')],
    ['Approved', (vault: string) => join(vault, 'Approved')],
    ['a folder in Approved that is not there yet', (vault: string) => join(vault, 'Approved/new/deep')],
    ['a link to the vault', (vault: string) => join(vault, '../other-name')],
    ['another state folder', (vault: string) => `${vault}/Pending_Approval/../Pending_Approval`],
  ])('is refused while a second folder is %s and the cloud shares it', async (_what, where) => {
    await symlink(trio.laptop.vault, join(trio.laptop.vault, '../other-name')).catch(() => undefined);
    const folder = await trio.laptop.client.defaultsFolder();
    const devices = [trio.laptop.id, trio.cloud.id].map((deviceID) => ({ deviceID }));
    const second = {
      ...folder,
      id: 'second',
      label: 'x',
      path: where(trio.laptop.vault),
      devices,
      paused: true,
    };
    await whileTrue(
      () => trio.laptop.client.putFolder(second),
      () => removeFolder('second'),
      ['overlap'],
    );
  });

  it("is refused while the phone's folder is shared with the cloud", async () => {
    const { folders } = await trio.laptop.client.config();
    const devices = folders.find((f) => f.id === APPROVED_FOLDER)?.devices ?? [];
    await whileTrue(
      () =>
        trio.laptop.client.patchFolder(APPROVED_FOLDER, {
          devices: [...devices, { deviceID: trio.cloud.id }],
        }),
      () => trio.laptop.client.patchFolder(APPROVED_FOLDER, { devices }),
      ['approved-shared'],
    );
  });

  it('is refused while the cloud may introduce devices or have folders accepted', async () => {
    const patch = (part: object) => () => trio.laptop.client.patchDevice(trio.cloud.id, part);
    await whileTrue(patch({ introducer: true }), patch({ introducer: false }), ['introducer']);
    await whileTrue(patch({ autoAcceptFolders: true }), patch({ autoAcceptFolders: false }), ['auto-accept']);
  });

  it('is refused while the configuration takes the cloud for a device of the user, or itself for the cloud', async () => {
    expect(await refusals({ trusted: [trio.phone.id, trio.cloud.id] })).toEqual(['peer-trusted']);
    expect(await refusals({ peer: trio.laptop.id })).toEqual(['own-id-as-peer']);
    expect(await refusals({ trusted: [] })).toEqual(['approved-shared']);
  });

  it("is refused when the vault is another folder than Syncthing's", async () => {
    const other = join(trio.laptop.vault, '../second-vault');
    await mkdir(join(other, 'Approved'), { recursive: true });
    expect(await refusals({ vaultRoot: other })).toEqual(['other-path']);
    expect(await refusals({ folder: 'nope' })).toContain('no-folder');
  });

  it('is refused while a link of the cloud lies anywhere in the vault, deep down too', async () => {
    await mkdir(join(trio.cloud.vault, 'Contacts/old/older'), { recursive: true });
    await symlink('../../../Approved', join(trio.cloud.vault, 'Contacts/old/older/archive'));
    await trio.idle();
    expect(await refusals()).toEqual(['links']);
    await rm(join(trio.cloud.vault, 'Contacts/old'), { recursive: true });
    await trio.idle();
    expect(await refusals()).toEqual([]);
  });

  it('is refused while the phone carries Approved in the folder that the cloud shares', async () => {
    const before = (await trio.phone.client.ignores(FOLDER)).lines;
    await writeFile(join(trio.phone.vault, 'Approved/x.md'), 'x');
    await trio.phone.ignores(before.filter((line) => line !== '(?i)/Approved'));
    await trio.phone.client.scan(FOLDER, []);
    await until('the laptop knows', async () => (await refusals()).includes('trusted-device-leaks'));
    await trio.phone.ignores(before);
    await trio.phone.client.scan(FOLDER, []);
    await until('the phone mended', async () => (await refusals()).length === 0);
  });

  it('sees a change at the next look that is no longer fresh', async () => {
    let now = 0;
    const watch = topologyWatch({
      client: trio.laptop.client,
      folder: FOLDER,
      peer: trio.cloud.id,
      trusted: [trio.phone.id],
      vaultRoot: trio.laptop.vault,
      clock: { now: () => now },
    });
    expect((await watch.look()).effects).toBe('allowed');
    await trio.laptop.client.patchDevice(trio.cloud.id, { introducer: true });
    now = 2_000;
    expect((await watch.look()).effects).toBe('refused');
    await trio.laptop.client.patchDevice(trio.cloud.id, { introducer: false });
    expect((await watch.look()).effects).toBe('refused');
    now = 2_001;
    expect((await watch.look(2_001)).effects).toBe('allowed');
  });

  it('is refused when Approved is replaced', async () => {
    const approved = join(trio.laptop.vault, 'Approved');
    await rename(approved, `${approved}.gone`);
    await mkdir(join(trio.laptop.vault, '../shared-approved'), { recursive: true });
    await symlink(join(trio.laptop.vault, '../shared-approved'), approved);
    const folder = await trio.laptop.client.defaultsFolder();
    const devices = [trio.laptop.id, trio.cloud.id].map((deviceID) => ({ deviceID }));
    const path = join(trio.laptop.vault, '../shared-approved');
    await trio.laptop.client.putFolder({ ...folder, id: 'third', path, devices, paused: true });
    expect(await refusals()).toContain('overlap');
  });
});
