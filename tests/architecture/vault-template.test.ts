import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isTaskFileName } from '../../src/core/filename.ts';
import { NO_RULES, readMailRules } from '../../src/core/mail-rules.ts';
import { isBlankRequest, readRequest } from '../../src/core/odoo/request.ts';
import { OTHER_FOLDERS, STATES } from '../../src/core/states.ts';
import { parseNote, type TaskNote } from '../../src/core/task-file.ts';
import { readHandbook } from '../../src/drafting/handbook.ts';
import { parseTemplate } from '../../src/drafting/template.ts';

const template = join(import.meta.dirname, '../../vault-template');

async function entries() {
  const all = await readdir(template, { withFileTypes: true, recursive: true });
  return all.map((e) => ({ path: relative(template, join(e.parentPath, e.name)), folder: e.isDirectory() }));
}

describe('the vault template', () => {
  it('has exactly the folders of the states table', async () => {
    const expected = new Set<string>(['.obsidian', '.obsidian/snippets']);
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

  it('has the sections of the handbook that the drafter reads', async () => {
    const handbook = await readFile(join(template, 'Company_Handbook.md'), 'utf8');
    for (const section of ['## Tone', '## Limits', '## Standing facts', '## Signature', '## Mail rules'])
      expect(handbook).toContain(`\n${section}\n`);
    const read = readHandbook(handbook, { name: 'Mia', account: 'default' });
    expect(read.signature).toBe('Kind regards\nMia');
    // A model gets the page's beginning as the user's instructions; all of this one.
    expect(read.text.length).toBeLessThan(6_000);
    expect(readMailRules(handbook)).toEqual(NO_RULES);
    const ruled = readMailRules(
      handbook.replace(/^An address is one sender/m, '- Never: spam@shop.example\n\n$&'),
    );
    expect(ruled.never).toEqual([{ kind: 'address', key: 'spam@shop.example' }]);
  });
});

describe('the requests among the templates', () => {
  const form = async (name: string) => {
    const source = await readFile(join(template, `Templates/${name} request.md`), 'utf8');
    const parsed = parseNote(source);
    if (!parsed.ok) throw new Error(parsed.fault.message);
    return { source, note: parsed.note };
  };
  const filled = (note: TaskNote, data: Record<string, string>): TaskNote => ({
    data: { ...note.data, ...data },
    body: note.body.replace(/^\|(?: +\|){7}$/m, '| | Work | 2 | | 50 | | 19% |'),
  });

  it.each([
    ['Invoice', { customer: 'ACME' }, 'out_invoice'],
    ['Vendor bill', { vendor: 'ACME', invoice_date: '2026-11-20', purchase_reference: 'R-1' }, 'in_invoice'],
    ['Credit note', { customer: 'ACME', credits: 'INV/2026/00001' }, 'out_refund'],
  ])('%s: read as soon as it is filled in, help and all', async (name, data, type) => {
    const { note } = await form(name);
    expect(isBlankRequest(note)).toBe(true);
    const read = readRequest(filled(note, data));
    expect(read).toMatchObject({
      ok: true,
      request: {
        type,
        terms: '',
        lines: [{ description: 'Work', quantity: '2', price: '50', taxes: ['19%'] }],
      },
    });
    expect(isBlankRequest(filled(note, data))).toBe(false);
  });

  it.each(['Invoice', 'Vendor bill', 'Credit note'])('%s: no template for a mail', async (name) => {
    expect(parseTemplate(`${name} request.md`, (await form(name)).source)).toEqual({
      ok: false,
      message: null,
    });
  });

  it('have properties of a known type, and so have the cards', async () => {
    const { types } = JSON.parse(await readFile(join(template, '.obsidian/types.json'), 'utf8')) as {
      types: Record<string, string>;
    };
    for (const name of ['Invoice', 'Vendor bill', 'Credit note'])
      expect(Object.keys((await form(name)).note.data).filter((key) => types[key] === undefined)).toEqual([]);
    expect([types['invoice_date'], types['due_date'], types['covering_mail']]).toEqual([
      'date',
      'date',
      'checkbox',
    ]);
  });
});
