import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFiles, readFileBytes, sameName } from '../../../src/vault/vault-files.ts';
import { testDir } from '../../helpers/testdir.ts';

const find = (root: string, name: string, limits?: Parameters<typeof findFiles>[2]) =>
  findFiles(root, new Set([sameName(name)]), limits)?.get(sameName(name)) ?? [];

describe('a file that a link names', () => {
  it('is found wherever it lies, without regard to case, and every other one of its name too', async () => {
    const root = await testDir({
      'Attachments/Offer.pdf': '1',
      'Projects/Roof/offer.PDF': '2',
      'offer.pdf.txt': '3',
      'Attachments/Angebot Müller.pdf': '4',
    });
    expect(find(root, 'offer.pdf')).toEqual(['Attachments/Offer.pdf', 'Projects/Roof/offer.PDF']);
    expect(find(root, 'Angebot Mu\u0308ller.pdf')).toEqual(['Attachments/Angebot Müller.pdf']);
    expect(find(root, 'else.pdf')).toEqual([]);
  });

  it('is not found in hidden folders, logs, finished tasks, or behind a link', async () => {
    const outside = await testDir({ 'a.pdf': 'secret' });
    const root = await testDir({
      '.obsidian/a.pdf': '',
      '.trash/a.pdf': '',
      '~x/a.pdf': '',
      'Logs/local-agent/a.pdf': '',
      'Updates/cloud-agent/a.pdf': '',
      'Done/2026-11/a.pdf': '',
      'Rejected/a.pdf': '',
      'Approved/a.pdf': 'here',
    });
    await symlink(outside, join(root, 'Linked'));
    await symlink(join(outside, 'a.pdf'), join(root, 'a.pdf'));
    await mkdir(join(root, 'Folder', 'a.pdf'), { recursive: true });
    expect(find(root, 'a.pdf')).toEqual(['Approved/a.pdf']);
  });

  it('is not looked for without end', async () => {
    const root = await testDir({ 'a/b/c/d.pdf': '', 'e.pdf': '' });
    expect(findFiles(root, new Set(['d.pdf']), { entries: 100, depth: 3 })?.size).toBe(1);
    expect(findFiles(root, new Set(['d.pdf']), { entries: 100, depth: 2 })).toBeNull();
    expect(findFiles(root, new Set(['d.pdf']), { entries: 4, depth: 20 })).toBeNull();
  });
});

describe('the bytes of a file', () => {
  it('are read from inside the vault only, and never through a link', async () => {
    const outside = await testDir({ 'a.pdf': 'secret' });
    const root = await testDir({ 'Attachments/a.pdf': 'here' });
    await symlink(outside, join(root, 'Linked'));
    await symlink(join(outside, 'a.pdf'), join(root, 'Attachments', 'b.pdf'));
    await writeFile(join(root, 'c.pdf'), 'root');
    const read = async (path: string, max = 10) => {
      const result = await readFileBytes(root, path, max);
      return result.ok ? Buffer.from(result.bytes).toString() : result.why;
    };
    expect(await read('Attachments/a.pdf')).toBe('here');
    expect(await read('c.pdf')).toBe('root');
    expect(await read('Attachments/b.pdf')).toBe('not-a-file');
    expect(await read('Linked/a.pdf')).toBe('not-a-file');
    expect(await read('Attachments')).toBe('not-a-file');
    expect(await read('Attachments/../../x')).toBe('not-a-file');
    expect(await read('Attachments/none.pdf')).toBe('gone');
    expect(await read('None/a.pdf')).toBe('gone');
    expect(await read('Attachments/a.pdf', 3)).toBe('too-large');
  });
});
