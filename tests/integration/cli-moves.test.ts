/** approve, reject, hold, release: each is the move that a hand in Obsidian makes, and no other. */
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ASIDE } from '../../src/cli/release.ts';
import { STATES, type StateFolder } from '../../src/core/states.ts';
import { type TaskId, taskIdFromMessage } from '../../src/core/task-id.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { typedHost } from '../helpers/typed.ts';

const MAIL = taskIdFromMessage('user@example.org', '<1@example.com>');
const BOOKS = 'od-0123456789abcdef' as TaskId;
const nameOf = (id: string): string => `Anna - Offer ${id}.md`;
const cardOf = (id: string): string => `---\nid: ${id}\ntitle: Offer\n---\n## Reply\n\nYes.\n`;

const put = (vault: Vault, folder: StateFolder, id: string) =>
  vault.create({ folder, name: nameOf(id) }, cardOf(id));

/** Every file of the state folders, with its text. */
async function snapshot(vault: Vault): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const { folder } of STATES) {
    for (const name of await vault.list(folder)) {
      files[`${folder}/${name}`] = await readFile(join(vault.root, folder, name), 'utf8');
    }
  }
  return files;
}

describe('the verbs that move', () => {
  it.each([
    ['approve', MAIL, 'Pending_Approval/email', 'Approved'],
    ['approve', BOOKS, 'Pending_Approval/odoo', 'Approved'],
    ['reject', MAIL, 'Pending_Approval/email', 'Rejected'],
    ['reject', BOOKS, 'Pending_Approval/odoo', 'Rejected'],
    ['hold', MAIL, 'Approved', 'Pending_Approval/email'],
    ['hold', BOOKS, 'Approved', 'Pending_Approval/odoo'],
    ['release', MAIL, 'Skipped', 'Needs_Action/email'],
    ['release', MAIL, 'Rejected', 'Needs_Action/email'],
    ['release', BOOKS, 'Rejected', 'Needs_Action/odoo'],
    ['release', MAIL, 'Quarantine', 'Needs_Action/email'],
    ['release', BOOKS, 'Quarantine', 'Needs_Action/odoo'],
    ['release', MAIL, 'Conflicts', 'Needs_Action/email'],
  ] as const)('%s %s does to the vault what rename(2) from %s to %s does', async (verb, id, from, to) => {
    const byVerb = await typedHost();
    const byHand = await typedHost();
    for (const { vault } of [byVerb, byHand]) await put(vault, from, id);
    const { exit, answer } = await byVerb.json(verb, id);
    await rename(join(byHand.vault.root, from, nameOf(id)), join(byHand.vault.root, to, nameOf(id)));
    expect(await snapshot(byVerb.vault)).toEqual(await snapshot(byHand.vault));
    expect({ exit, answer }).toEqual({
      exit: 0,
      answer: { task: id, from, to, name: nameOf(id) },
    });
  });

  it('take out of a folder only what the table of states lets the user take', () => {
    for (const folder of ['Pending_Approval/email', 'Pending_Approval/odoo', 'Approved', ...ASIDE]) {
      const row = STATES.find((state) => state.folder === folder);
      expect(row?.movedOutBy, folder).toContain('user');
    }
  });

  it('do nothing to a task that lies elsewhere, and say where to look', async () => {
    const { vault, run } = await typedHost();
    for (const verb of ['hold', 'release']) {
      for (const folder of ['In_Progress/local-agent', 'Pending_Approval/email', 'Done'] as const) {
        await put(vault, folder, MAIL);
        const before = await snapshot(vault);
        const { exit, err } = await run([verb, MAIL]);
        expect(exit).toBe(1);
        expect(err).toMatch(/handover show em-|already/);
        expect(await snapshot(vault)).toEqual(before);
        await rename(join(vault.root, folder, nameOf(MAIL)), join(vault.root, 'Attachments', nameOf(MAIL)));
      }
      expect(await run([verb, 'Anna'])).toMatchObject({ exit: 2 });
      expect(await run([verb])).toMatchObject({ exit: 2 });
    }
  });
});

describe('hold', () => {
  it('does not write over a card that waits under the same name', async () => {
    const { vault, json } = await typedHost();
    await put(vault, 'Approved', MAIL);
    await vault.create({ folder: 'Pending_Approval/email', name: nameOf(MAIL) }, 'other');
    const { exit, answer } = await json('hold', MAIL);
    expect({ exit, answer }).toMatchObject({ exit: 1, answer: { error: { code: 'name-taken' } } });
    expect(await vault.list('Approved')).toEqual([nameOf(MAIL)]);
  });
});

describe('release', () => {
  it('gives a version that was numbered in Conflicts its name back, and leaves the reason of a quarantine', async () => {
    const { vault, json } = await typedHost();
    const numbered = nameOf(MAIL).replace('.md', ' (2).md');
    await vault.create({ folder: 'Conflicts', name: numbered }, cardOf(MAIL));
    expect(await json('release', MAIL)).toMatchObject({ exit: 0, answer: { name: nameOf(MAIL) } });
    expect(await vault.list('Needs_Action/email')).toEqual([nameOf(MAIL)]);
    await vault.quarantine(
      { folder: 'Needs_Action/email', name: nameOf(MAIL) },
      'the front matter is broken',
    );
    expect(await json('release', MAIL)).toMatchObject({ exit: 0, answer: { from: 'Quarantine' } });
    expect(await readdir(join(vault.root, 'Quarantine'))).toContain(nameOf(MAIL).replace('.md', ' (why).md'));
  });

  it('does not choose between two versions, and begins nothing that is under way a second time', async () => {
    const { vault, json } = await typedHost();
    await put(vault, 'Rejected', MAIL);
    await put(vault, 'Conflicts', MAIL);
    expect(await json('release', MAIL)).toMatchObject({
      exit: 1,
      answer: { error: { code: 'ambiguous' } },
    });
    await vault.create({ folder: 'Done/2026-11', name: nameOf(BOOKS) }, cardOf(BOOKS));
    await put(vault, 'Rejected', BOOKS);
    expect(await json('release', BOOKS)).toMatchObject({
      exit: 1,
      answer: { error: { code: 'under-way' } },
    });
    expect(await vault.list('Needs_Action/odoo')).toEqual([]);
  });
});
