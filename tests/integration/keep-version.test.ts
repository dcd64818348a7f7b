/** deployment/local/keep-version.sh, called as Syncthing calls it. */
import { chmod, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { testDir } from '../helpers/testdir.ts';

const SCRIPT = join(import.meta.dirname, '../../deployment/local/keep-version.sh');

/** `programs` stand before those of the system. */
async function share(programs: Readonly<Record<string, string>> = {}) {
  const dir = await testDir({ 'vault/.stfolder/x': '' });
  const vault = join(dir, 'vault');
  for (const [name, body] of Object.entries(programs)) {
    await mkdir(join(dir, 'bin'), { recursive: true });
    await writeFile(join(dir, 'bin', name), `#!/bin/sh\n${body}\n`);
    await chmod(join(dir, 'bin', name), 0o755);
  }
  return {
    vault,
    keep: async (path: string, words: string, days = '90') => {
      await mkdir(dirname(join(vault, path)), { recursive: true });
      await writeFile(join(vault, path), words);
      const env = { PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}` };
      const result = await execa('/bin/sh', [SCRIPT, vault, path, days], { reject: false, env });
      return result.exitCode;
    },
    versions: async (folder: string): Promise<Record<string, string>> => {
      const found: Record<string, string> = {};
      for (const name of (await readdir(join(vault, '.stversions', folder))).sort())
        found[name] = await readFile(join(vault, '.stversions', folder, name), 'utf8');
      return found;
    },
  };
}

const at = (stamp: string) => ({ date: `echo ${stamp}` });

describe('keep-version.sh', () => {
  it('moves a file into the versions under its time, and replaces none of the same second', async () => {
    const { vault, keep, versions } = await share(at('20261120-081501'));
    for (const words of ['one', 'two', 'three']) expect(await keep('Done/2026-11/a b.md', words)).toBe(0);
    expect(await readdir(join(vault, 'Done/2026-11'))).toEqual([]);
    expect(await versions('Done/2026-11')).toEqual({
      'a b~20261120-081501.md': 'one',
      'a b~20261120-081501-1.md': 'two',
      'a b~20261120-081501-2.md': 'three',
    });
  });

  it('takes any name, in the root as well', async () => {
    const { keep, versions } = await share(at('20261120-081501'));
    for (const name of ['-n', '.hidden', 'no extension', `$(x)'"\n.md`, 'a.b.c.md', `${'ä'.repeat(124)}.md`])
      expect(await keep(name, name), name).toBe(0);
    const found = await versions('');
    expect(Object.values(found).sort()).toEqual(
      ['-n', '.hidden', 'no extension', `$(x)'"\n.md`, 'a.b.c.md', `${'ä'.repeat(124)}.md`].sort(),
    );
    expect(found).toMatchObject({
      '.hidden~20261120-081501': '.hidden',
      'a.b.c~20261120-081501.md': 'a.b.c.md',
    });
  });

  it('leaves the file where it is, and says so, when it cannot keep it', async () => {
    const { vault, keep } = await share();
    await writeFile(join(vault, '.stversions'), 'in the way');
    expect(await keep('Rejected/a.md', 'a')).not.toBe(0);
    expect(await readFile(join(vault, 'Rejected/a.md'), 'utf8')).toBe('a');
  });

  it('works on a disk without hard links', async () => {
    const { keep, versions } = await share({ ...at('20261120-081501'), ln: 'exit 1' });
    expect(await keep('a.md', 'one')).toBe(0);
    expect(await keep('a.md', 'two')).toBe(0);
    expect(await versions('')).toEqual({ 'a~20261120-081501.md': 'one', 'a~20261120-081501-1.md': 'two' });
  });

  it('drops what came here long ago, and goes by no time stamp of a peer', async () => {
    const { vault, keep, versions } = await share(at('20261120-081500'));
    await keep('a.md', 'one');
    await utimes(join(vault, '.stversions/a~20261120-081500.md'), 0, 0);
    await keep('b.md', 'two');
    expect(Object.values(await versions(''))).toEqual(['one', 'two']);
    // Older than minus one day is everything that was there before.
    expect(await keep('c.md', 'three', '-1')).toBe(0);
    expect(Object.values(await versions(''))).toEqual(['three']);
  });
});
