import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { oddConflictCopies } from '../../../src/vault/odd-copies.ts';
import { testDir } from '../../helpers/testdir.ts';

const STAMP = '.sync-conflict-20261120-093100-ABCDEFG';

it('conflict copies of what is no task: in the large folder they are found in a whole look, and forgotten when they are gone', async () => {
  const [page, file] = [`Dashboard${STAMP}.md`, `Attachments/em-0123456789abcdef order${STAMP}.pdf`];
  const root = await testDir({ [page]: '', [file]: '', 'Attachments/order.pdf': '' });
  const copies = oddConflictCopies(root);
  expect(await copies(false)).toEqual([page]);
  expect(await copies(true)).toEqual([file, page]);
  expect(await copies(false)).toEqual([file, page]);
  await rm(join(root, file));
  expect(await copies(false)).toEqual([page]);
});
