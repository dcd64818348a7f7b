/** `handover sync apply` on real Syncthings that know nothing. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { checkIgnores } from '../../src/sync/check-ignores.ts';
import { commandLine, setUp } from '../helpers/sync-setup.ts';
import { APPROVED_FOLDER, FOLDER, startNode, SYNCTHINGS, type SyncNode } from '../helpers/syncthing.ts';
import { idle } from '../helpers/syncthing-idle.ts';
import { until } from '../helpers/until.ts';

/** The Syncthing of the tests that run. */
let binary = '';

async function fresh(name: string): Promise<SyncNode> {
  const node = await startNode({ name, binary });
  onTestFinished(() => node.remove());
  return node;
}

const connected = (a: SyncNode, b: SyncNode): Promise<unknown> =>
  until(
    `${a.name} and ${b.name} are connected`,
    async () =>
      (await a.client.connections()).get(b.id)?.connected === true &&
      (await b.client.connections()).get(a.id)?.connected === true,
    60_000,
  );
const text = (node: SyncNode, path: string): Promise<string> => readFile(join(node.vault, path), 'utf8');
const put = (node: SyncNode, path: string, words: string): Promise<void> =>
  writeFile(join(node.vault, path), words);
const folderOf = async (node: SyncNode, id = FOLDER) =>
  (await node.client.config()).folders.find((folder) => folder.id === id);

describe.each(SYNCTHINGS)('handover sync apply, %s', (program) => {
  beforeAll(() => {
    binary = program;
  });

  it('makes a pair of two that know nothing, says what it will do first, and has nothing to do again', async () => {
    const [cloud, laptop] = [await fresh('cloud'), await fresh('laptop')];

    // The cloud comes first, and there is no laptop yet.
    const alone = await commandLine(cloud, 'cloud', {});
    const first = await alone.run(['apply', '--config', alone.file, '--yes']);
    expect(first).toMatchObject({ exit: 0, err: '' });
    expect(first.out).toContain(`Put this device's id, ${cloud.id}, into SYNCTHING_PEER_DEVICE`);
    expect((await folderOf(cloud))?.devices.map(({ deviceID }) => deviceID)).toEqual([cloud.id]);

    // Nobody agreed: the difference, exit 1, nothing done.
    const onLaptop = await commandLine(laptop, 'laptop', { peer: cloud });
    const asked = await onLaptop.run(['apply', '--role', 'laptop', '--config', onLaptop.file]);
    expect(asked.exit).toBe(1);
    expect(asked.out).toContain('watcher delay: 1 s');
    expect(asked.out).toContain('add --yes');
    expect((await laptop.client.config()).folders).toEqual([]);

    await rm(join(laptop.vault, 'Rejected/.keep'));
    const done = await onLaptop.run(['apply', '--config', onLaptop.file, '--yes']);
    expect(done).toMatchObject({ exit: 0, err: '' });
    expect(existsSync(join(laptop.vault, 'Rejected/.keep'))).toBe(true);
    const onCloud = await commandLine(cloud, 'cloud', { peer: laptop });
    const json = await onCloud.run(['apply', '--config', onCloud.file, '--yes', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, applied: true, device: cloud.id });

    await connected(cloud, laptop);
    await put(cloud, 'Pending_Approval/email/a.md', 'a');
    await put(laptop, 'Rejected/b.md', 'b');
    await idle([cloud, laptop]);
    expect(await text(laptop, 'Pending_Approval/email/a.md')).toBe('a');
    expect(await text(cloud, 'Rejected/b.md')).toBe('b');

    for (const [command, role] of [
      [onCloud, 'cloud'],
      [onLaptop, 'laptop'],
    ] as const) {
      const again = await command.run(['apply', '--config', command.file]);
      expect(again.exit).toBe(0);
      // With what the topology says of the laptop: nothing.
      expect(again.out.split('\n').slice(1)).toEqual(['nothing to do']);
      expect(again.out).toContain(`${role}: device `);
    }
  });

  it('asks whoever sits at a terminal, after the difference was shown', async () => {
    const laptop = await fresh('laptop');
    const { file, env } = await commandLine(laptop, 'laptop', {});
    for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const answered = async (word: string): Promise<{ exit: number; shown: string }> => {
      let shown = '';
      const out = (words: string): void => void (shown += words);
      const ask = (question: string): Promise<string> => {
        out(question);
        return Promise.resolve(word);
      };
      const exit = await runCli(['sync', 'apply', '--config', file], {
        cwd: laptop.vault,
        out,
        err: out,
        ask,
      });
      return { exit, shown };
    };
    const no = await answered('');
    expect(no.exit).toBe(1);
    expect(no.shown).toMatch(
      /folder: not there -> made, in [^]*Do it \(\d+ changes\)\?[^]*nothing was changed/,
    );
    expect((await laptop.client.config()).folders).toEqual([]);
    const yes = await answered('y');
    expect(yes.exit).toBe(0);
    expect(yes.shown).toMatch(/done: \d+ changes/);
    expect(await folderOf(laptop)).toMatchObject({ path: laptop.vault, paused: false });
  });

  it('says which file, which key and which role it lacks', async () => {
    const node = await fresh('laptop');
    const { run, file } = await commandLine(node, 'laptop', {});
    expect(await run(['apply'])).toMatchObject({ exit: 2 });
    expect(await run(['apply', '--role', 'server'])).toMatchObject({ exit: 2 });
    const crossed = await run(['apply', '--role', 'cloud', '--config', file]);
    expect(crossed.exit).toBe(2);
    expect(crossed.err).toContain('is for the laptop');
    expect(await run(['apply', '--config', 'nowhere.toml'])).toMatchObject({ exit: 78 });
    expect((await run(['apply', '--role', 'laptop'], { SYNCTHING_API_KEY: '' })).err).toContain(
      'SYNCTHING_API_KEY is empty',
    );
    const wrong = await run(['apply', '--role', 'laptop'], { SYNCTHING_API_KEY: 'wrong' });
    expect(wrong).toMatchObject({ exit: 1 });
    expect(wrong.err).toContain('does not accept SYNCTHING_API_KEY');
    await writeFile(file, 'role = "laptop"\nfolder = 1\n');
    const bad = await run(['apply', '--config', file]);
    expect(bad.exit).toBe(78);
    expect(bad.err).toMatch(/vault is missing[^]*peer is missing[^]*folder is unknown/);
    const home = await run(['apply', '--role', 'laptop', '--yes'], { VAULT_DIR: join(node.vault, '..') });
    expect(home.exit).toBe(78);
    expect(home.err).toContain('handover init');
    expect((await node.client.config()).folders).toEqual([]);
    await node.stop();
    const down = await run(['apply', '--role', 'laptop']);
    expect(down).toMatchObject({ exit: 1 });
    expect(down.err).toContain('does not answer');
  });

  it('prints the list that a phone needs', async () => {
    const node = await fresh('laptop');
    const { run } = await commandLine(node, 'laptop', {});
    const { exit, out } = await run(['ignores', '--device', 'phone']);
    expect(exit).toBe(0);
    const rules = out.split('\n').filter((line) => !line.startsWith('//'));
    expect(rules[0]).toBe('(?i)/Approved');
    expect(rules).toContain('/Updates');
    expect((await run(['ignores', '--device', 'phone', '--approved'])).out).not.toContain('/Approved');
    expect(await run(['ignores', '--device', 'cloud', '--approved'])).toMatchObject({ exit: 2 });
    expect(await run(['ignores'])).toMatchObject({ exit: 2 });
  });
});

describe.each(SYNCTHINGS)('a share that is there, %s', (program) => {
  beforeAll(() => {
    binary = program;
  });

  it('is mended where it drifted, and only there', async () => {
    const [cloud, laptop] = [await fresh('cloud'), await fresh('laptop')];
    await (await setUp(cloud, 'cloud', { peer: laptop })).apply();
    const share = await setUp(laptop, 'laptop', { peer: cloud });
    await share.apply();
    await put(laptop, 'Approved/yes.md', 'yes');

    const { client } = laptop;
    await client.patchDevice(cloud.id, { name: 'my own name', introducer: true });
    await client.patchFolder(FOLDER, { fsWatcherDelayS: 10, maxConflicts: 0, order: 'alphabetic' });
    await client.patchFolder(FOLDER, { versioning: { type: 'simple', params: { keep: '5' } } });
    await client.setIgnores(FOLDER, ['(?d)foo', '*.iso']);
    expect((await checkIgnores(client, FOLDER, 'laptop')).map(({ code }) => code)).toEqual([
      'open',
      'wrong',
      'incomplete',
    ]);

    const { changes } = await share.plan();
    expect(changes.map(({ where, what, before, after }) => [where, what, before, after])).toEqual([
      [`device ${cloud.shortId}`, 'may bring in other devices', 'yes', 'no'],
      [`ignore list of ${FOLDER}`, '(?i)/Approved', 'missing', 'first line'],
      [`ignore list of ${FOLDER}`, '(?d)foo', 'before (?i)/Approved', 'below our lines'],
      [`ignore list of ${FOLDER}`, '(?d)foo', 'in force', 'taken out, kept as a comment'],
      [`ignore list of ${FOLDER}`, expect.stringMatching(/^\d+ lines$/), 'missing', 'added'],
      [`folder ${FOLDER}`, 'watcher delay', '10 s', '1 s'],
      [`folder ${FOLDER}`, 'conflict copies per file', '0', 'all'],
      [
        `folder ${FOLDER}`,
        'what others delete or replace',
        'kept by "simple", which loses some',
        'each version kept 90 days',
      ],
    ]);
    await share.apply();
    expect((await share.plan()).changes).toEqual([]);
    expect(await checkIgnores(client, FOLDER, 'laptop')).toEqual([]);
    const { lines } = await client.ignores(FOLDER);
    expect(lines.slice(-2)).toEqual(['// Taken out by `handover sync apply`: (?d)foo', '*.iso']);
    const { devices } = await client.config();
    expect(devices.find(({ deviceID }) => deviceID === cloud.id)?.name).toBe('my own name');
    expect((await folderOf(laptop))?.['order']).toBe('alphabetic');
  });

  it('with folders, devices and pauses of the user is left so, and they are named', async () => {
    const [laptop, cloud, stranger] = [await fresh('laptop'), await fresh('cloud'), await fresh('stranger')];
    const { client } = laptop;
    const share = await setUp(laptop, 'laptop', { peer: cloud });
    await share.apply();
    const own = join(laptop.vault, '..', 'photos');
    await client.putDevice({ deviceID: stranger.id, addresses: ['dynamic'], autoAcceptFolders: true });
    await client.putFolder({ ...(await client.defaultsFolder()), id: 'photos', path: own });
    const parent = join(laptop.vault, '..');
    const all = [{ deviceID: laptop.id }, { deviceID: stranger.id }];
    await client.putFolder({
      ...(await client.defaultsFolder()),
      id: 'all',
      path: parent,
      devices: all,
      paused: true,
    });
    await client.patchFolder(FOLDER, {
      paused: true,
      devices: [{ deviceID: laptop.id }, { deviceID: cloud.id }, { deviceID: stranger.id }],
    });
    const before = await client.config();
    const { changes, notes } = await share.apply();
    expect(changes).toEqual([]);
    expect(await client.config()).toEqual(before);
    expect(notes).toEqual([
      `The folder ${FOLDER} is paused, and stays so.`,
      expect.stringContaining(`also shared with ${stranger.shortId}`),
    ]);

    // The command adds what keeps the laptop from sending.
    const { run, file } = await commandLine(laptop, 'laptop', { peer: cloud });
    const { exit, out } = await run(['apply', '--config', file]);
    expect(exit).toBe(0);
    expect(out).toContain('nothing to do');
    expect(out).toMatch(/^note: Nothing is sent: .*accepted unseen/m);
    expect(out).toMatch(/^note: Nothing is sent: .*folder all /m);
  });

  it('that lies elsewhere, or under another id, is not touched', async () => {
    const laptop = await fresh('laptop');
    const { client } = laptop;
    const base = await client.defaultsFolder();
    const share = await setUp(laptop, 'laptop', {});
    expect(await checkIgnores(client, FOLDER, 'laptop')).toMatchObject([{ code: 'no-folder' }]);
    await client.putFolder({ ...base, id: 'mine', path: `${laptop.vault}/` });
    const taken = await share.apply();
    expect(taken.steps).toEqual([]);
    expect(taken.refusals).toEqual([expect.stringContaining('as its folder mine')]);
    await client.putFolder({ ...base, id: FOLDER, path: join(laptop.vault, '..', 'old') });
    expect((await share.plan()).refusals[0]).toContain('A folder cannot be moved');
    expect(await folderOf(laptop, APPROVED_FOLDER)).toBeUndefined();
    expect(existsSync(join(laptop.vault, '.stignore'))).toBe(false);
  });
});
