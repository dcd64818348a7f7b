import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isTaskFileName } from '../../src/core/filename.ts';
import { OTHER_FOLDERS, STATES } from '../../src/core/states.ts';

const template = join(import.meta.dirname, '../../vault-template');

async function entries() {
  const all = await readdir(template, { withFileTypes: true, recursive: true });
  return all.map((e) => ({ path: relative(template, join(e.parentPath, e.name)), folder: e.isDirectory() }));
}

describe('the vault template', () => {
  it('has exactly the folders of the states table', async () => {
    const expected = new Set<string>(['.obsidian']);
    for (const folder of [...STATES.map((s) => s.folder), ...OTHER_FOLDERS]) {
      const parts = folder.split('/');
      for (let i = 1; i <= parts.length; i++) expected.add(parts.slice(0, i).join('/'));
    }
    const folders = (await entries()).filter((e) => e.folder).map((e) => e.path);
    expect(folders.sort()).toEqual([...expected].sort());
  });

  it('has no file in a state folder that could be taken for a task', async () => {
    const states = STATES.map((s) => s.folder as string);
    const inStates = (await entries()).filter(
      (e) => !e.folder && states.some((s) => e.path.startsWith(`${s}/`)),
    );
    expect(inStates.filter((e) => isTaskFileName(e.path.split('/').at(-1) ?? ''))).toEqual([]);
    expect(inStates).toHaveLength(states.length);
  });

  it('brings settings for Obsidian and no code', async () => {
    const obsidian = (await entries()).filter((e) => e.path.startsWith('.obsidian/')).map((e) => e.path);
    expect(obsidian.sort()).toEqual(['.obsidian/app.json', '.obsidian/types.json']);
    for (const path of obsidian) JSON.parse(await readFile(join(template, path), 'utf8'));
  });

  it('has the sections of the handbook that the drafter reads', async () => {
    const handbook = await readFile(join(template, 'Company_Handbook.md'), 'utf8');
    for (const section of ['## Tone', '## Signature', '## Standing facts'])
      expect(handbook).toContain(`\n${section}\n`);
  });
});
