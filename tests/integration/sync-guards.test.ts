/** What `sync apply` guards, on real Syncthings: Approved, secrets, and every version. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { approvedFolderLines, ignoreLines } from '../../src/core/ignore-lists.ts';
import { readIgnoreSource } from '../../src/sync/ignore-source.ts';
import { setUp } from '../helpers/sync-setup.ts';
import { APPROVED_FOLDER, FOLDER, startNode, type SyncNode } from '../helpers/syncthing.ts';
import { ruleMatches } from '../helpers/syncthing-glob.ts';
import { idle } from '../helpers/syncthing-idle.ts';
import { until } from '../helpers/until.ts';

async function fresh(name: string): Promise<SyncNode> {
  const node = await startNode({ name });
  onTestFinished(() => node.remove());
  return node;
}

async function put(node: SyncNode, path: string, words: string): Promise<void> {
  await mkdir(dirname(join(node.vault, path)), { recursive: true });
  await writeFile(join(node.vault, path), words);
}

const has = (node: SyncNode, path: string): boolean => existsSync(join(node.vault, path));
const arrives = (node: SyncNode, path: string): Promise<unknown> =>
  until(`${path} is on ${node.name}`, () => has(node, path), 90_000);

/** A cloud in the wrong hands keeps to no list. */
async function hostileCloud(cloud: SyncNode, laptop: SyncNode, trusted: readonly SyncNode[] = []) {
  await (await setUp(cloud, 'cloud', { peer: laptop, trusted })).apply();
  await cloud.ignores([]);
}

/** What `node` knows of a path, whoever has it. */
async function known(node: SyncNode, path: string, folder = FOLDER): Promise<readonly string[] | null> {
  const file = await node.client.file(folder, path);
  return file === null || file.global.deleted || file.global.invalid ? null : file.availability;
}

describe('Approved never reaches the cloud', () => {
  it.each(['cloud first', 'laptop first'])('%s', async (order) => {
    const [cloud, laptop] = [await fresh('cloud'), await fresh('laptop')];
    const share = await setUp(laptop, 'laptop', { peer: cloud });
    await put(laptop, 'Approved/yes.md', 'yes');
    await put(cloud, 'Approved/forged.md', 'forged');
    if (order === 'laptop first') await share.apply();
    await hostileCloud(cloud, laptop);
    if (order === 'cloud first') await share.apply();
    await put(laptop, 'Rejected/last.md', 'last');
    await arrives(cloud, 'Rejected/last.md');
    await idle([cloud, laptop]);
    expect(await readdir(join(cloud.vault, 'Approved'))).not.toContain('yes.md');
    expect(await readdir(join(laptop.vault, 'Approved'))).not.toContain('forged.md');
    expect(await known(cloud, 'Approved/yes.md')).toBeNull();
  });

  it('when applying stops after any step and goes on later', async () => {
    const [cloud, laptop] = [await fresh('cloud'), await fresh('laptop')];
    await put(laptop, 'Approved/yes.md', 'yes');
    await hostileCloud(cloud, laptop);
    const share = await setUp(laptop, 'laptop', { peer: cloud });
    const steps = (await share.plan()).steps.map((step) => step.do);
    expect(steps).toEqual(['add-device', 'add-folder', 'mend-ignores', 'set-folder']);
    for (let done = 0; done < steps.length; done++) {
      const folder = (await laptop.client.config()).folders.find(({ id }) => id === FOLDER);
      if (folder) expect(folder).toMatchObject({ paused: true, devices: [{ deviceID: laptop.id }] });
      await share.apply(1);
    }
    expect((await share.plan()).changes).toEqual([]);
    await put(laptop, 'Rejected/last.md', 'last');
    await arrives(cloud, 'Rejected/last.md');
    await idle([cloud, laptop]);
    expect(has(cloud, 'Approved/yes.md')).toBe(false);
    expect(await known(cloud, 'Approved/yes.md')).toBeNull();
  });

  it('and travels between laptop and phone, until the phone is no longer named', async () => {
    const [cloud, laptop, phone] = [await fresh('cloud'), await fresh('laptop'), await fresh('phone')];
    await hostileCloud(cloud, laptop, [phone]);
    const share = await setUp(laptop, 'laptop', { peer: cloud, trusted: [phone] });
    await share.apply();
    await joinByHand(phone, cloud, laptop);
    await put(phone, 'Approved/from-phone.md', 'yes');
    await put(laptop, 'Approved/from-laptop.md', 'yes');
    await put(cloud, 'Approved/forged.md', 'forged');
    await put(cloud, 'Rejected/last.md', 'last');
    await arrives(laptop, 'Approved/from-phone.md');
    await arrives(phone, 'Approved/from-laptop.md');
    await arrives(phone, 'Rejected/last.md');
    await idle([cloud, laptop, phone]);
    expect(has(cloud, 'Approved/from-phone.md') || has(cloud, 'Approved/from-laptop.md')).toBe(false);
    expect(has(laptop, 'Approved/forged.md') || has(phone, 'Approved/forged.md')).toBe(false);
    expect(await known(laptop, 'from-phone.md', APPROVED_FOLDER)).toEqual([phone.id]);
    expect(has(phone, 'Approved/.keep')).toBe(true);
    expect(await known(laptop, '.keep', APPROVED_FOLDER)).toBeNull();

    // Somebody opened the second folder for the cloud, and the phone was lost.
    const { client } = laptop;
    const everybody = [laptop, phone, cloud].map(({ id }) => ({ deviceID: id }));
    await client.patchFolder(APPROVED_FOLDER, { devices: everybody });
    expect((await share.plan()).changes).toEqual([
      {
        where: `folder ${APPROVED_FOLDER}`,
        what: `shared with ${cloud.shortId}`,
        before: 'yes',
        after: 'no',
      },
    ]);
    const without = await setUp(laptop, 'laptop', { peer: cloud });
    const { notes } = await without.apply();
    const { folders } = await client.config();
    const left = folders.find(({ id }) => id === APPROVED_FOLDER)?.devices.map(({ deviceID }) => deviceID);
    expect(left).toEqual([laptop.id]);
    expect(notes).toEqual([expect.stringContaining(`also shared with ${phone.shortId}`)]);
  });
});

/** What a person does in the app of a phone: two folders, two lists, both devices. */
async function joinByHand(phone: SyncNode, cloud: SyncNode, laptop: SyncNode): Promise<void> {
  const { client } = phone;
  for (const peer of [cloud, laptop])
    await client.putDevice({
      ...(await client.defaultsDevice()),
      deviceID: peer.id,
      addresses: [peer.address],
    });
  const base = { ...(await client.defaultsFolder()), fsWatcherDelayS: 1, paused: true };
  const ids = (...nodes: SyncNode[]) => nodes.map(({ id }) => ({ deviceID: id }));
  await client.putFolder({ ...base, id: FOLDER, path: phone.vault, devices: ids(phone, cloud, laptop) });
  const approved = join(phone.vault, 'Approved');
  await client.putFolder({ ...base, id: APPROVED_FOLDER, path: approved, devices: ids(phone, laptop) });
  const source = await readIgnoreSource();
  await client.setIgnores(FOLDER, ignoreLines(source, 'phone'));
  await client.setIgnores(APPROVED_FOLDER, approvedFolderLines(source));
  for (const id of [FOLDER, APPROVED_FOLDER]) await client.patchFolder(id, { paused: false });
}

describe('what must not travel', () => {
  const SECRETS = ['.env', 'Notes/.env.production', 'Templates/server.key', 'Contacts/api-token.json'];
  const PATHS = [
    ...SECRETS,
    'token',
    'Credentials.json',
    'Notes/ID_RSA',
    'Notes/my.PEM',
    'state/journal/em-0123456789abcdef/g1/sealed.json',
    'Done/.handover-1-ab.tmp',
    'Done/x.tmp',
    'Done/x~',
    'Notes/.git/config',
    '.obsidian/app.json',
    '.obsidian/backlink.json',
    '.obsidian/themes/x/theme.css',
    '.obsidian/plugins/x/main.js',
    '.OBSIDIAN/workspace.json',
    // These do.
    '.obsidian/types.json',
    '.obsidian/bookmarks.json',
    'Journal/2026-11-20.md',
    'State/a.md',
    'Needs_Action/email/Credentials Team em-0123456789abcdef.md',
    'Done/x.sync-conflict-20261120-081500-ABCDEFG.md',
    'Logs/local-agent/2026-11-20.orchestrator.jsonl',
    'Updates/local-agent/orchestrator.json',
    'Attachments/em-0123456789abcdef a [1].pdf',
  ];

  it('stays on either side, and what our tests take for excluded is what Syncthing excludes', async () => {
    const [cloud, laptop] = [await fresh('cloud'), await fresh('laptop')];
    await (await setUp(cloud, 'cloud', { peer: laptop })).apply();
    await (await setUp(laptop, 'laptop', { peer: cloud })).apply();
    await arrives(cloud, '.stfolder');
    for (const path of PATHS) await put(laptop, path, 'x');
    for (const path of SECRETS) await put(cloud, `cloud/${path}`, 'x');
    await put(cloud, 'cloud/last.md', 'x');
    await arrives(cloud, 'Journal/2026-11-20.md');
    await arrives(laptop, 'cloud/last.md');
    await idle([cloud, laptop]);
    const rules = ignoreLines(await readIgnoreSource(), 'laptop');
    const travelled = PATHS.filter((path) => has(cloud, path));
    expect(travelled).toEqual(PATHS.filter((path) => !rules.some((rule) => ruleMatches(rule, path))));
    expect(travelled).toEqual(PATHS.slice(PATHS.indexOf('.obsidian/types.json')));
    expect(SECRETS.filter((path) => has(laptop, `cloud/${path}`))).toEqual([]);
  });
});

describe('every version that the cloud deletes, replaces or moves is kept on the laptop', () => {
  const versions = async (laptop: SyncNode): Promise<string[]> => {
    const dir = join(laptop.vault, '.stversions');
    const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name));
    const found = await Promise.all(
      files.map(async (file) => [
        file.slice(dir.length + 1).replace(/~\d{8}-\d{6}(-\d+)?(?=\.md$)/, '~'),
        await readFile(file, 'utf8'),
      ]),
    );
    return found.map(([name, words]) => `${name}=${words}`).sort();
  };

  it('several of one second, too, and the name says which came first', async () => {
    const [cloud, laptop] = [await fresh('cloud'), await fresh('laptop')];
    await (await setUp(cloud, 'cloud', { peer: laptop })).apply();
    await (await setUp(laptop, 'laptop', { peer: cloud })).apply();
    const send = async (path: string, words: string): Promise<void> => {
      await put(cloud, path, words);
      await cloud.client.scan(FOLDER, [path]);
      await until(
        `${path} is ${words}`,
        () =>
          readFile(join(laptop.vault, path), 'utf8').then(
            (t) => t === words,
            () => false,
          ),
        90_000,
      );
    };
    const gone = async (path: string): Promise<void> => {
      await cloud.client.scan(FOLDER, [path]);
      await until(`${path} is gone`, () => !has(laptop, path));
    };
    await send('Pending_Approval/email/a.md', 'original');
    for (const words of ['junk 1', 'junk 2', 'junk 3']) await send('Pending_Approval/email/a.md', words);
    await rm(join(cloud.vault, 'Pending_Approval/email/a.md'));
    await gone('Pending_Approval/email/a.md');

    await send('Rejected/moved.md', 'moved');
    await rename(join(cloud.vault, 'Rejected/moved.md'), join(cloud.vault, 'Skipped/moved.md'));
    await cloud.client.scan(FOLDER, ['Skipped/moved.md', 'Rejected/moved.md']);
    await arrives(laptop, 'Skipped/moved.md');
    await until('the old place is empty', () => !has(laptop, 'Rejected/moved.md'));

    const odd = `Notes/-$(touch x) "q" ';\n${'y'.repeat(215)}.md`;
    await send(odd, 'odd');
    await rm(join(cloud.vault, 'Notes'), { recursive: true });
    await gone('Notes');

    expect(await versions(laptop)).toEqual([
      // Its name was too long to be made longer.
      `Notes/${odd.slice('Notes/'.length).slice(0, 200)}~.md=odd`,
      'Pending_Approval/email/a~.md=junk 1',
      'Pending_Approval/email/a~.md=junk 2',
      'Pending_Approval/email/a~.md=junk 3',
      'Pending_Approval/email/a~.md=original',
      'Rejected/moved~.md=moved',
    ]);
    const names = await readdir(join(laptop.vault, '.stversions/Pending_Approval/email'));
    const texts = await Promise.all(
      names
        .sort((a, b) => order(a).localeCompare(order(b)))
        .map((name) => readFile(join(laptop.vault, '.stversions/Pending_Approval/email', name), 'utf8')),
    );
    expect(texts).toEqual(['original', 'junk 1', 'junk 2', 'junk 3']);
    expect(has(cloud, '.stversions')).toBe(false);
  });

  it('and without the program that keeps them nothing is deleted', async () => {
    const [cloud, laptop] = [await fresh('cloud'), await fresh('laptop')];
    await (await setUp(cloud, 'cloud', { peer: laptop })).apply();
    const share = await setUp(laptop, 'laptop', { peer: cloud });
    await share.apply();
    await put(cloud, 'Rejected/a.md', 'a');
    await arrives(laptop, 'Rejected/a.md');
    await laptop.client.patchFolder(FOLDER, {
      versioning: {
        type: 'external',
        params: { command: "/bin/sh '/nowhere/keep-version.sh' %FOLDER_PATH% %FILE_PATH% 90" },
      },
    });
    await rm(join(cloud.vault, 'Rejected/a.md'));
    await cloud.client.scan(FOLDER, ['Rejected/a.md']);
    await until('Syncthing reports it', async () =>
      (await laptop.client.folderErrors(FOLDER)).some(({ path }) => path === 'Rejected/a.md'),
    );
    expect(await readFile(join(laptop.vault, 'Rejected/a.md'), 'utf8')).toBe('a');
    await share.apply();
    await until('it went into the versions', () => !has(laptop, 'Rejected/a.md'), 90_000);
    expect(await versions(laptop)).toEqual(['Rejected/a~.md=a']);
  });
});

/** `a~20261120-081500-2.md` -> its place among the versions of `a.md`. */
function order(name: string): string {
  const [, stamp = '', n = '0'] = /~(\d{8}-\d{6})(?:-(\d+))?\.md$/.exec(name) ?? [];
  return `${stamp}-${n.padStart(5, '0')}`;
}
