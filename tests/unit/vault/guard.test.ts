import { access, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { STATES } from '../../../src/core/states.ts';
import { guardFolders } from '../../../src/vault/guard.ts';
import { testDir } from '../../helpers/testdir.ts';

let root: string;
beforeEach(async () => {
  root = join(await testDir(), 'vault');
  await mkdir(root);
});

it('puts a guard into every state folder and the ones above, makes missing ones, and may be repeated', async () => {
  await guardFolders(root);
  await rm(join(root, 'Done'), { recursive: true });
  await guardFolders(root);
  for (const { folder } of STATES) await access(join(root, folder, '.keep'));
  for (const folder of ['In_Progress', 'Updates', 'Logs/local-agent']) {
    expect(await readdir(join(root, folder))).toContain('.keep');
  }
});

it('changes no guard that is there and goes through no link', async () => {
  await guardFolders(root);
  await writeFile(join(root, 'Done/.keep'), 'mine');
  await guardFolders(root);
  expect(await readFile(join(root, 'Done/.keep'), 'utf8')).toBe('mine');
  const outside = join(root, '..', 'outside');
  await mkdir(outside);
  await rm(join(root, 'Rejected'), { recursive: true });
  await symlink(outside, join(root, 'Rejected'));
  await expect(guardFolders(root)).rejects.toThrow(/folder-is-link/);
  expect(await readdir(outside)).toEqual([]);
});
