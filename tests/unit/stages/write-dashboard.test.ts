import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dashboardWriter } from '../../../src/stages/write-dashboard.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { testDir } from '../../helpers/testdir.ts';

it('remembers every card it names before the page is there', async () => {
  const vault = await Vault.open(join(await testDir({ 'vault/.keep': '' }), 'vault'));
  await vault.ensureFolders();
  const ref = { folder: 'Pending_Approval/email', name: 'Question em-0000000000000001.md' } as const;
  await vault.create(ref, '---\nid: em-0000000000000001\n---\n');
  const page = () => readFile(join(vault.root, 'Dashboard.md'), 'utf8').catch(() => '');
  const seen: unknown[] = [];
  const writer = dashboardWriter({
    ...{ vault, timeZone: 'UTC', dryRun: false, now: () => 5, sentRecords: () => Promise.resolve([]) },
    remember: async (shown, at) => {
      seen.push({ shown, at, page: await page() });
    },
  });
  await writer.write([]);
  expect(seen).toEqual([{ shown: [ref], at: 5, page: '' }]);
  expect(await page()).toContain('em-0000000000000001');
});
