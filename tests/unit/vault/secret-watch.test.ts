import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { secretWatch } from '../../../src/vault/secret-watch.ts';
import { testDir } from '../../helpers/testdir.ts';

it('says which secrets lie in the vault, in every folder but those of other programs', async () => {
  const root = await testDir({ 'Needs_Action/email/note.md': '', 'Contacts/deep/er/my.kdbx': '' });
  await mkdir(join(root, '.git'));
  await writeFile(join(root, '.git', 'credentials'), '');
  let now = 0;
  const watch = secretWatch({ root, now: () => now });
  expect(await watch.words()).toContain(': Contacts/deep/er/my.kdbx. ');
  await writeFile(join(root, '.env'), 'X=1');
  expect(await watch.words()).not.toContain('.env');
  now += 10_000;
  expect(await watch.words()).toContain(': .env, Contacts/deep/er/my.kdbx. ');
  await rm(join(root, '.env'));
  await rm(join(root, 'Contacts'), { recursive: true });
  now += 10_000;
  expect(await watch.words()).toBeNull();
});

it('looks into the large folders now and then, and follows no link', async () => {
  const outside = await testDir({ 'a.pem': '' });
  const root = await testDir({ 'Done/2026-11/note.md': '' });
  await symlink(outside, join(root, 'Templates'));
  let now = 0;
  const watch = secretWatch({ root, now: () => now });
  expect(await watch.words()).toBeNull();
  await writeFile(join(root, 'Done/2026-11/a.pem'), '');
  now += 10_000;
  expect(await watch.words()).toBeNull();
  now += 3_600_000;
  expect(await watch.words()).toContain('Done/2026-11/a.pem');
  await rm(root, { recursive: true });
  now += 3_600_000;
  expect(await watch.words()).toBeNull();
});
