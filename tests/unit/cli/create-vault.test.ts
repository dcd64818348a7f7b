import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createVault } from '../../../src/cli/create-vault.ts';
import { STATES } from '../../../src/core/states.ts';
import { sweepVault } from '../../../src/stages/sweep-vault.ts';
import { checkVault } from '../../../src/vault/check/check-vault.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { testDir } from '../../helpers/testdir.ts';

const templateDir = join(import.meta.dirname, '../../../vault-template');

async function dirs(files: Record<string, string> = {}) {
  const root = await testDir(files);
  return { root, templateDir, vaultDir: join(root, 'vault'), stateDir: join(root, 'state') };
}

async function checked(vault: Vault) {
  const report = await checkVault({ root: vault.root, now: Date.now(), evidence: null });
  return report.findings;
}

const sweepDeps = {
  now: Date.now,
  timeZone: 'UTC',
  audit: { append: () => Promise.resolve() },
  conflictCopies: 'set_aside',
} as const;

describe('a new vault', () => {
  it('has every state folder, the handbook and a dashboard, and state that only its owner can read', async () => {
    const d = await dirs();
    const made = await createVault(d);
    const vault = await Vault.open(d.vaultDir);
    for (const { folder } of STATES) {
      expect((await stat(join(d.vaultDir, folder))).isDirectory()).toBe(true);
      expect(await vault.list(folder)).toEqual([]);
      expect(await vault.listStrays(folder)).toEqual([]);
    }
    expect(made.created).toContain('Company_Handbook.md');
    expect((await stat(d.stateDir)).mode & 0o777).toBe(0o700);
  });

  it('has folders and their guards alone where the notes come by sync', async () => {
    const d = await dirs();
    const made = await createVault({ ...d, foldersOnly: true });
    expect(made.created.every((path) => path.endsWith('/.keep'))).toBe(true);
    expect(made.created.length).toBeGreaterThanOrEqual(STATES.length);
  });

  it('leaves everything alone that is there already', async () => {
    const d = await dirs({ 'vault/Company_Handbook.md': 'mine', 'vault/Approved/note em-1.md': 'a note' });
    const made = await createVault(d);
    expect(made.kept).toEqual(['Company_Handbook.md']);
    expect(await readFile(join(d.vaultDir, 'Company_Handbook.md'), 'utf8')).toBe('mine');
    expect(await readFile(join(d.vaultDir, 'Approved/note em-1.md'), 'utf8')).toBe('a note');
    expect((await createVault(d)).created).toEqual([]);
  });

  it('switches its snippet on in a new vault alone: one that Obsidian has opened keeps its looks', async () => {
    const fresh = await dirs();
    expect((await createVault(fresh)).created).toContain('.obsidian/appearance.json');
    const used = await dirs({ 'vault/.obsidian/app.json': '{}' });
    const made = await createVault(used);
    expect(made.created).toContain('.obsidian/snippets/handover.css');
    expect(made.created).not.toContain('.obsidian/appearance.json');
    expect(await readFile(join(used.vaultDir, '.obsidian/app.json'), 'utf8')).toBe('{}');
  });

  it('has pages that explain its folders, and no process and no check takes one for a task', async () => {
    const d = await dirs();
    const made = await createVault(d);
    const pages = made.created.filter((path) => path.endsWith('README.md'));
    expect(pages).toContain('Pending_Approval/README.md');
    const vault = await Vault.open(d.vaultDir);
    expect(await vault.listOther('Contacts')).toEqual([]);
    expect(await checked(vault)).toEqual([]);
    // A page that strays into a queue, dragged along with the cards, stays what it is.
    for (const { folder } of STATES) {
      await writeFile(join(d.vaultDir, folder, 'README.md'), '# About\n');
      expect(await vault.list(folder)).toEqual([]);
    }
    expect(await checked(vault)).toEqual([]);
    const swept = await sweepVault({ ...sweepDeps, vault }, 'all');
    expect(swept.faults).toEqual([]);
    for (const path of pages) expect((await stat(join(d.vaultDir, path))).isFile()).toBe(true);
  });

  it('is refused when STATE_DIR lies inside it, also by way of a link', async () => {
    const d = await dirs();
    await expect(createVault({ ...d, stateDir: join(d.vaultDir, 'state') })).rejects.toMatchObject({
      code: 'state-in-vault',
    });
    await mkdir(d.vaultDir, { recursive: true });
    await symlink(d.vaultDir, join(d.root, 'link'));
    await expect(createVault({ ...d, stateDir: join(d.root, 'link/state') })).rejects.toMatchObject({
      code: 'state-in-vault',
    });
  });

  it('is refused when a link stands in the place of a state folder', async () => {
    const d = await dirs({ 'elsewhere/x': '', 'vault/x': '' });
    await symlink(join(d.root, 'elsewhere'), join(d.vaultDir, 'Done'));
    await expect(createVault(d)).rejects.toMatchObject({ code: 'in-the-way' });
  });
});
