import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Vault } from '../../../src/vault/vault.ts';

const ref = { folder: 'Needs_Action/email', name: 'A em-0123456789abcdef.md' } as const;
let base: string;
let root: string;
let vault: Vault;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'vault-'));
  root = join(base, 'vault');
  await mkdir(root);
  vault = await Vault.open(root);
  await vault.ensureFolders();
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('the vault', () => {
  it('creates a note once and never clobbers', async () => {
    expect(await vault.create(ref, 'one')).toBe('created');
    expect(await vault.create(ref, 'two')).toBe('exists');
    expect(await vault.read(ref)).toMatchObject({ ok: true, text: 'one' });
    expect((await readdir(join(root, ref.folder))).sort()).toEqual(['.keep', ref.name]);
  });

  it('lets exactly one of many racing claims win', async () => {
    for (let round = 0; round < 50; round++) {
      await vault.create(ref, 'x');
      const claims = await Promise.all(
        [...Array(8).keys()].map((n) =>
          vault.move(ref, n % 2 ? 'In_Progress/cloud-agent' : 'In_Progress/local-agent', `${n}.md`),
        ),
      );
      expect(claims.filter((c) => c === 'moved')).toHaveLength(1);
      expect(claims.filter((c) => c === 'lost')).toHaveLength(7);
      for (const folder of ['In_Progress/cloud-agent', 'In_Progress/local-agent'] as const)
        for (const name of await vault.list(folder)) await rm(join(root, folder, name));
    }
  });

  it('guards each folder with a file that no device syncs, and puts a lost one back', async () => {
    await rm(join(root, 'Done/.keep'));
    await vault.ensureFolders();
    for (const folder of ['Done', 'Approved', 'Needs_Action/email', 'Updates/cloud-agent'])
      expect(await readdir(join(root, folder))).toEqual(['.keep']);
  });

  it('tells who asked of every change, and waits for the sync before a note that was changed moves on', async () => {
    const told: string[] = [];
    vault.observe({
      changed: (paths) => void told.push(`changed ${paths.join(' ')}`),
      published: async (path) => {
        told.push(`asked ${path}`);
        expect(await vault.exists(ref)).toBe(true);
      },
    });
    await vault.create(ref, 'one');
    await vault.update(ref, 'two');
    await vault.move(ref, 'In_Progress/cloud-agent');
    await vault.writeOther('Dashboard.md', '# Dashboard');
    await vault.saveAttachment('em-0123456789abcdef', 'a.pdf', Buffer.from('x'));
    expect(told).toEqual([
      `changed ${ref.folder}/${ref.name}`,
      `changed ${ref.folder}/${ref.name}`,
      `asked ${ref.folder}/${ref.name}`,
      `changed In_Progress/cloud-agent/${ref.name} ${ref.folder}/${ref.name}`,
      'changed Dashboard.md',
      'changed Attachments/em-0123456789abcdef a.pdf',
    ]);
  });

  it('never moves a note over another', async () => {
    await vault.create(ref, 'new');
    await vault.create({ ...ref, folder: 'Done/2026-11' }, 'old');
    expect(await vault.move(ref, 'Done/2026-11')).toBe('exists');
    expect((await vault.moveToFreeName(ref, 'Done/2026-11')).name).toBe('A em-0123456789abcdef (2).md');
    expect(await vault.read({ ...ref, folder: 'Done/2026-11' })).toMatchObject({ text: 'old' });
  });

  it('refuses a state folder that was replaced by a link before anything is read or written through it', async () => {
    const outside = join(base, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, ref.name), 'secret');
    await rm(join(root, 'Needs_Action/email'), { recursive: true });
    await symlink(outside, join(root, 'Needs_Action/email'));
    for (const act of [
      () => vault.list(ref.folder),
      () => vault.read(ref),
      () => vault.create({ ...ref, name: 'new.md' }, 'x'),
      () => vault.move(ref, 'Done/2026-11'),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'folder-is-link' });
    }
    expect(await readdir(outside)).toEqual([ref.name]);
  });

  it('refuses a link in the place of a parent folder, too', async () => {
    await rm(join(root, 'In_Progress'), { recursive: true });
    await symlink(base, join(root, 'In_Progress'));
    await expect(vault.list('In_Progress/local-agent')).rejects.toMatchObject({ code: 'folder-is-link' });
  });

  it('reads no link, no folder and no pipe as a note, and does not list them', async () => {
    await writeFile(join(base, 'secret'), 'secret');
    await symlink(join(base, 'secret'), join(root, ref.folder, ref.name));
    await mkdir(join(root, ref.folder, 'b.md'));
    expect(await vault.list(ref.folder)).toEqual([]);
    expect(await vault.read(ref)).toEqual({ ok: false, why: 'not-a-file' });
    expect((await vault.listStrays(ref.folder)).map((s) => s.why)).toEqual(['not-a-file', 'not-a-file']);
    expect(await vault.move(ref, 'In_Progress/cloud-agent')).toBe('lost');
  });

  it.each(['../x.md', '', '..', 'a/b.md', 'a\0.md'])('refuses the name %j', async (name) => {
    await expect(vault.create({ folder: ref.folder, name }, 'x')).rejects.toMatchObject({ code: 'bad-name' });
  });

  it('writes nothing but the dashboard and updates outside the state folders', async () => {
    for (const path of [
      '../x',
      'Company_Handbook.md',
      '.obsidian/app.json',
      'Updates/other/x.json',
      'Logs/local-agent/x',
    ])
      await expect(vault.writeOther(path, 'x')).rejects.toMatchObject({ code: 'outside' });
    await vault.writeOther('Dashboard.md', 'x');
    expect(await readFile(join(root, 'Dashboard.md'), 'utf8')).toBe('x');
  });

  it('puts a note it cannot handle aside unchanged, with the reason beside it', async () => {
    await vault.create(ref, '---js\nevil\n---\n');
    await vault.quarantine(ref, 'not\nreadable');
    expect(await vault.read({ folder: 'Quarantine', name: ref.name })).toMatchObject({
      text: '---js\nevil\n---\n',
    });
    const why = await readFile(join(root, 'Quarantine', 'A em-0123456789abcdef (why).md'), 'utf8');
    expect(why).toContain('> not readable');
    expect(await vault.list('Quarantine')).toEqual([ref.name]);
  });

  it('gives the reason for a note whose name fills all 255 bytes, too', async () => {
    const long = { folder: ref.folder, name: `${'ü'.repeat(126)}.md` } as const;
    await vault.create(long, 'x');
    await vault.create({ ...long, folder: 'Quarantine' }, 'older');
    await vault.quarantine(long, 'because');
    const names = (await readdir(join(root, 'Quarantine'))).filter((name) => name !== '.keep');
    expect(names).toHaveLength(3);
    const why = names.find((name) => name.endsWith(' (why).md')) ?? '';
    expect(await readFile(join(root, 'Quarantine', why), 'utf8')).toContain('because');
  });

  it('knows PAUSE.md in the root and in Approved, as a link too', async () => {
    expect(await vault.paused()).toBe(false);
    await symlink('/nowhere', join(root, 'PAUSE.md'));
    expect(await vault.paused()).toBe(true);
    await rm(join(root, 'PAUSE.md'));
    await writeFile(join(root, 'Approved', 'PAUSE.md'), '');
    expect(await vault.paused()).toBe(true);
    await rm(join(root, 'Approved', 'PAUSE.md'));
    await writeFile(join(root, 'Pause.md'), '');
    expect(await vault.pauseNotes()).toEqual(['Pause.md']);
    await rm(join(root, 'Pause.md'));
    await writeFile(join(root, 'Pause for lunch.md'), '');
    expect(await vault.paused()).toBe(false);
  });

  it('hints when something happens in a watched folder', async () => {
    let hints = 0;
    const seen = new Promise<void>((resolve) => {
      void vault
        .watch(['Approved'], () => {
          hints++;
          resolve();
        })
        .then(async (w) => {
          await vault.create({ folder: 'Approved', name: 'a.md' }, 'x');
          await seen;
          await w.close();
        });
    });
    await seen;
    expect(hints).toBeGreaterThan(0);
  });

  it('is never invented: a missing folder is a fault', async () => {
    await expect(Vault.open(join(base, 'nowhere'))).rejects.toMatchObject({ code: 'no-vault' });
  });
});
