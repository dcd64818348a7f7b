import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { openSync, type SyncConfig } from '../../../src/sync/open-sync.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { scriptedApi } from '../../helpers/scripted-api.ts';
import { testDir } from '../../helpers/testdir.ts';

const OFF: SyncConfig = {
  SYNC: 'none',
  SYNCTHING_URL: 'http://127.0.0.1:1',
  SYNCTHING_API_KEY: 'key',
  SYNCTHING_FOLDER: 'handover',
  SYNCTHING_PEER_DEVICE: '',
  SYNCTHING_TRUSTED_DEVICES: [],
};
const ON: SyncConfig = { ...OFF, SYNC: 'syncthing' };

async function parts(): Promise<{ vault: Vault; lines: string[]; deps: Parameters<typeof openSync>[1] }> {
  const dir = await testDir();
  await mkdir(join(dir, 'vault'));
  const vault = await Vault.open(join(dir, 'vault'));
  const lines: string[] = [];
  const log = pino({}, { write: (line) => void lines.push(line) });
  return { vault, lines, deps: { vault, clock: systemClock, log } };
}

it('is nothing without SYNC, and nothing but a word in the log without a key', async () => {
  const { deps, lines } = await parts();
  expect(openSync(OFF, deps)).toBeNull();
  expect(lines).toEqual([]);
  expect(openSync({ ...ON, SYNCTHING_API_KEY: '' }, deps)).toBeNull();
  expect(lines.join()).toContain('SYNCTHING_API_KEY');
});

it('has every change of the vault told to the folder, with the key, and lets go at the end', async () => {
  const api = await scriptedApi();
  onTestFinished(() => api.close());
  const { deps, vault } = await parts();
  let key: string | string[] | undefined;
  api.on('/rest/db/scan', {
    write: (response) => void ((key = response.req.headers['x-api-key']), response.end()),
  });
  const peer = 'AAAAAAA-BBBBBBB-CCCCCCC-DDDDDDD-EEEEEEE-FFFFFFF-GGGGGGG-HHHHHHH';
  const sync = openSync({ ...ON, SYNCTHING_URL: api.url, SYNCTHING_PEER_DEVICE: peer }, deps);
  expect(sync).toMatchObject({ folder: 'handover', peer, trusted: [] });
  await vault.create({ folder: 'Needs_Action/email', name: 'a.md' }, 'a');
  await sync?.stop();
  expect(api.calls).toEqual(['POST /rest/db/scan?folder=handover&sub=Needs_Action%2Femail%2Fa.md']);
  expect(key).toBe('key');
  await vault.create({ folder: 'Needs_Action/email', name: 'b.md' }, 'b');
  expect(api.calls).toHaveLength(1);
});

it('does not wait for a Syncthing that is not there', async () => {
  const { deps, vault, lines } = await parts();
  const sync = openSync(ON, deps);
  expect(sync?.peer).toBeNull();
  await vault.create({ folder: 'Needs_Action/email', name: 'a.md' }, 'a');
  expect(await vault.move({ folder: 'Needs_Action/email', name: 'a.md' }, 'In_Progress/cloud-agent')).toBe(
    'moved',
  );
  await sync?.stop();
  expect(lines).toHaveLength(1);
});
