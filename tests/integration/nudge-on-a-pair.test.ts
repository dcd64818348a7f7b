import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskFolder } from '../../src/core/states.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openSync, type Sync } from '../../src/sync/open-sync.ts';
import { Vault } from '../../src/vault/vault.ts';
import { FOLDER, type SyncNode, type SyncPair, SYNCTHINGS, startPair } from '../helpers/syncthing.ts';
import { until } from '../helpers/until.ts';

// The file watcher of these two waits ten seconds: what is there sooner was nudged.
let pair: SyncPair;
let vault: Vault;
let sync: Sync;

/** Every file of the vault but hidden ones, by folder and name. */
async function tree(node: SyncNode): Promise<string[]> {
  const entries = await readdir(node.vault, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !entry.parentPath.includes('/.st'))
    .map((entry) => join(entry.parentPath, entry.name).slice(node.vault.length + 1))
    .sort();
}
const at = (folder: TaskFolder, name: string): { folder: TaskFolder; name: string } => ({ folder, name });

describe.each(SYNCTHINGS)('%s', (binary) => {
  beforeAll(async () => {
    pair = await startPair({ defaults: true, binary });
    vault = await Vault.open(pair.cloud.vault);
    const config = {
      SYNC: 'syncthing' as const,
      SYNCTHING_URL: pair.cloud.url,
      SYNCTHING_API_KEY: pair.cloud.apiKey,
      SYNCTHING_FOLDER: FOLDER,
      SYNCTHING_PEER_DEVICE: pair.laptop.id,
      SYNCTHING_TRUSTED_DEVICES: [],
    };
    const opened = openSync(config, { vault, clock: systemClock, log: pino({ level: 'silent' }) });
    if (opened === null) throw new Error('no sync');
    sync = opened;
  }, 90_000);
  afterAll(async () => {
    await sync.stop();
    await pair.stop();
  });

  it('what Handover changes is with the peer before what was changed earlier by others', async () => {
    await writeFile(join(pair.cloud.vault, 'Contacts/by-hand.md'), 'nobody is told of this');
    await vault.create(at('Needs_Action/email', 'n.md'), 'a task');
    await until('the task is there', async () =>
      (await tree(pair.laptop)).includes('Needs_Action/email/n.md'),
    );
    await vault.move(at('Needs_Action/email', 'n.md'), 'In_Progress/cloud-agent');
    await until('the claim is there', async () =>
      (await tree(pair.laptop)).includes('In_Progress/cloud-agent/n.md'),
    );
    const there = await tree(pair.laptop);
    expect(there).not.toContain('Needs_Action/email/n.md');
    expect(there).not.toContain('Contacts/by-hand.md');
    await pair.idle();
    expect(await tree(pair.laptop)).toContain('Contacts/by-hand.md');
  });

  it('a note that is drafted and offered is in one folder of the peer, and no conflict copy beside it', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `d${i}.md`);
    const one = async (name: string): Promise<void> => {
      await vault.create(at('Needs_Action/email', name), `a task\n`);
      expect(await vault.move(at('Needs_Action/email', name), 'In_Progress/cloud-agent')).toBe('moved');
      await vault.update(at('In_Progress/cloud-agent', name), `a task\n\nand its draft ${name}\n`);
      expect(await vault.move(at('In_Progress/cloud-agent', name), 'Pending_Approval/email')).toBe('moved');
    };
    // One after the other, and then many at a time.
    for (const name of names.slice(0, 10)) await one(name);
    await Promise.all(names.slice(10).map(one));
    const wanted = names.map((name) => `Pending_Approval/email/${name}`).sort();
    const drafts = async (): Promise<string[]> =>
      (await tree(pair.laptop)).filter((path) => /\/d\d+[.]/.test(path));
    await until('all are offered and nowhere else', async () => {
      const there = await drafts();
      return there.length === wanted.length && there.every((path, i) => path === wanted[i]);
    });
    await pair.idle();
    expect(await drafts()).toEqual(wanted);
    expect((await tree(pair.laptop)).filter((path) => path.includes('sync-conflict'))).toEqual([]);
    expect(await tree(pair.laptop)).toEqual(await tree(pair.cloud));
  });

  it('without an API everything goes on, and travels when Syncthing is back', async () => {
    await pair.cloud.kill9();
    await vault.create(at('Needs_Action/email', 'offline.md'), 'a task');
    expect(await vault.move(at('Needs_Action/email', 'offline.md'), 'In_Progress/cloud-agent')).toBe('moved');
    await vault.update(at('In_Progress/cloud-agent', 'offline.md'), 'a draft');
    expect(await vault.move(at('In_Progress/cloud-agent', 'offline.md'), 'Pending_Approval/email')).toBe(
      'moved',
    );
    await sync.nudger.published('Pending_Approval/email/offline.md');
    await pair.cloud.start();
    await pair.connect();
    await vault.create(at('Needs_Action/email', 'back.md'), 'a task');
    await until('both are there', async () => {
      const there = await tree(pair.laptop);
      return (
        there.includes('Needs_Action/email/back.md') && there.includes('Pending_Approval/email/offline.md')
      );
    });
    await pair.idle();
    expect((await tree(pair.laptop)).filter((path) => path.includes('offline'))).toEqual([
      'Pending_Approval/email/offline.md',
    ]);
  }, 120_000);
});
