import { link, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspectShape } from '../../../src/vault/shape.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { testDir } from '../../helpers/testdir.ts';

let root: string;
let outside: string;
const LATER = Date.now() + 60_000;
const look = () => inspectShape(root, LATER).map(({ code, path, stops }) => ({ code, path, stops }));

beforeEach(async () => {
  const base = await testDir();
  root = join(base, 'vault');
  outside = join(base, 'outside');
  await mkdir(root);
  await mkdir(outside);
  await (await Vault.open(root)).ensureFolders();
  await writeFile(join(root, 'Pending_Approval/email/a.md'), 'a');
});

describe('the shape of a vault', () => {
  it('that is sound has nothing to tell', async () => {
    await mkdir(join(root, 'Notes'));
    await mkdir(join(root, 'Done/2026-11'));
    await writeFile(join(root, 'Dashboard.md'), '');
    expect(look()).toEqual([]);
  });

  it.each(['Done', 'Approved', 'In_Progress/local-agent', 'Pending_Approval', 'Needs_Action/email'])(
    'stops effects when %s is a link',
    async (folder) => {
      await rm(join(root, folder), { recursive: true });
      await symlink(outside, join(root, folder));
      expect(look()).toEqual([{ code: 'state-folder-link', path: folder, stops: true }]);
    },
  );

  it('stops effects when a file stands in the place of a state folder', async () => {
    await rm(join(root, 'Rejected'), { recursive: true });
    await writeFile(join(root, 'Rejected'), '');
    expect(look()).toEqual([{ code: 'state-folder-no-folder', path: 'Rejected', stops: true }]);
    await rm(join(root, 'Needs_Action'), { recursive: true });
    await writeFile(join(root, 'Needs_Action'), '');
    expect(look()).toContainEqual({ code: 'state-folder-no-folder', path: 'Needs_Action', stops: true });
  });

  it.each([
    ['Archive', 'Approved'],
    ['Needs_Action/later', '../Approved'],
    ['Done/2026-10', '../Approved'],
    ['Pending_Approval/email/b.md', '/etc/hostname'],
    ['In_Progress/local-agent/c.md', 'nowhere'],
  ])('stops effects when a link lies at %s', async (path, target) => {
    await symlink(target, join(root, path));
    expect(look()).toEqual([{ code: 'link', path, stops: true }]);
  });

  it.each([
    'approved',
    'APPROVED',
    'Approved ',
    'Approved\u200b',
    'Аpproved',
    'Ａｐｐｒｏｖｅｄ',
    'Approve\u0301d',
    'In-Progress',
    'Needs Action',
  ])('reports the look-alike %j, which is no state here', async (name) => {
    await mkdir(join(root, name));
    expect(look()).toEqual([{ code: 'look-alike', path: name, stops: false }]);
  });

  it('takes no file and no other folder for a look-alike', async () => {
    await writeFile(join(root, 'approved'), '');
    for (const name of ['Approvals', 'Donee', 'Rejects', 'Attachments 2']) await mkdir(join(root, name));
    expect(look()).toEqual([]);
  });

  it('stops effects for a look-alike of Approved where the file system folds names', async () => {
    await mkdir(join(root, 'Approved '));
    await mkdir(join(root, 'rejected'));
    const stops = inspectShape(root, LATER, true).filter((finding) => finding.stops);
    expect(stops.map(({ path }) => path)).toEqual(['Approved ']);
  });

  it('reports a note with a second name, once it has it for longer than a create takes', async () => {
    await link(join(root, 'Pending_Approval/email/a.md'), join(outside, 'a.md'));
    expect(inspectShape(root, Date.now())).toEqual([]);
    expect(look()).toEqual([{ code: 'hard-link', path: 'Pending_Approval/email/a.md', stops: false }]);
  });

  it('reads no finished notes', async () => {
    await mkdir(join(root, 'Done/2026-11'));
    await symlink('/etc/hostname', join(root, 'Done/2026-11/x.md'));
    await utimes(join(root, 'Done/2026-11'), 0, 0);
    expect(look()).toEqual([]);
  });
});
