import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OTHER_FOLDERS, STATES } from '../../src/core/states.ts';
import { mailNote } from '../../src/core/mail-card.ts';
import { parseNote } from '../../src/core/task-file.ts';
import { type BaseFile, expressionFaults, readBase, statements } from '../helpers/bases-syntax.ts';
import { previewCards } from '../preview/cards.ts';

const template = join(import.meta.dirname, '../../vault-template');
const read = (path: string): Promise<string> => readFile(join(template, path), 'utf8');

const DESIGN_KEYS =
  `id kind title created priority rev from to cc subject message_id in_reply_to references received account
  thread attachments drafted_by drafted_at reply_to reply_cc reply_subject warnings claim claimed_by claimed_at send_after
  expires follow_up outcome sent_at sent_message_id odoo_id odoo_name amount_total currency`.split(/\s+/);

async function types(): Promise<Record<string, string>> {
  return (JSON.parse(await read('.obsidian/types.json')) as { types: Record<string, string> }).types;
}

describe('the types of properties', () => {
  it('are ones that Obsidian knows, and every key of the contract has one', async () => {
    const declared = await types();
    // https://help.obsidian.md/properties: text, list, number, checkbox, date, date and time, tags.
    const allowed = ['text', 'multitext', 'number', 'checkbox', 'date', 'datetime', 'tags', 'aliases'];
    expect(Object.values(declared).filter((type) => !allowed.includes(type))).toEqual([]);
    expect(DESIGN_KEYS.filter((key) => declared[key] === undefined)).toEqual([]);
  });

  it('fit what the cards hold', async () => {
    const declared = await types();
    for (const card of await previewCards()) {
      const parsed = parseNote(card.source);
      if (!parsed.ok) throw new Error(parsed.fault.message);
      for (const [key, value] of Object.entries(parsed.note.data)) {
        const type = declared[key];
        expect(type, `${key} of ${card.name}`).toBeDefined();
        if (value === null || value === '') continue;
        if (type === 'multitext') expect(Array.isArray(value), `${key} of ${card.name}`).toBe(true);
        if (type === 'number') expect(typeof value, key).toBe('number');
        if (type === 'checkbox') expect(typeof value, key).toBe('boolean');
        if (type === 'date') expect(value, key).toMatch(/^\d{4}-\d\d-\d\d$/);
        if (type === 'datetime') expect(value, key).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
      }
    }
    expect(mailNote).toBeTypeOf('function');
  });
});

describe.each(['Approvals.base', 'Tasks.base'])('%s', (name) => {
  const open = async (): Promise<{ base: BaseFile; known: Parameters<typeof expressionFaults>[1] }> => {
    const base = readBase(await read(name));
    const formulas = new Set(Object.keys(base.formulas ?? {}));
    return { base, known: { properties: new Set(Object.keys(await types())), formulas } };
  };

  it('has filters and formulas of the documented language, about properties that exist', async () => {
    const { base, known } = await open();
    const all = [
      ...statements(base.filters),
      ...base.views.flatMap((view) => statements(view.filters)),
      ...Object.values(base.formulas ?? {}),
    ];
    for (const expression of all)
      expect([expression, ...expressionFaults(expression, known)]).toEqual([expression]);
  });

  it('shows, sorts and groups by what there is, and no view grows without end', async () => {
    const { base, known } = await open();
    const named = [
      ...Object.keys(base.properties ?? {}),
      ...base.views.flatMap((view) => [
        ...view.order,
        ...(view.sort ?? []).map((sort) => sort.property),
        ...(view.groupBy ? [view.groupBy.property] : []),
      ]),
    ];
    for (const property of named)
      expect([property, ...expressionFaults(property, known)]).toEqual([property]);
    const names = base.views.map((view) => view.name);
    expect(new Set(names).size).toBe(names.length);
    expect(base.views.filter((view) => view.limit > 500)).toEqual([]);
  });

  it('looks into folders of the vault alone, and takes no page for a card', async () => {
    const { base } = await open();
    const groups = new Set(
      [...STATES.map((row) => row.folder), ...OTHER_FOLDERS].map((path) => path.split('/')[0]),
    );
    const all = [...statements(base.filters), ...base.views.flatMap((view) => statements(view.filters))];
    const folders = all.flatMap((one) => /inFolder\("([^"]*)"\)/.exec(one)?.[1] ?? []);
    expect(folders.length).toBeGreaterThan(0);
    expect(folders.filter((folder) => !groups.has(folder))).toEqual([]);
    expect(statements(base.filters)).toContain('!file.name.startsWith("README")');
  });
});

it('all tasks are in Tasks.base: every state folder is one it looks into', async () => {
  const source = await read('Tasks.base');
  for (const { folder } of STATES) expect(source).toContain(`file.inFolder("${folder.split('/')[0] ?? ''}")`);
});

it.each([
  ['if(title, title', 'brackets that do not close'],
  ['nosuch == "x"', 'unknown property nosuch'],
  ['formula.nosuch', 'unknown formula nosuch'],
  ['file.inFolders("x")', 'unknown function inFolders'],
  ['file.size2 > 1', 'unknown property file.size2'],
  ['title = "x"', 'an assignment'],
  ['eval("x")', 'unknown function eval'],
  ['now().relatively()', 'unknown function relatively'],
])('the check of expressions finds what is wrong with %s', (expression, fault) => {
  const known = { properties: new Set(['title']), formulas: new Set<string>() };
  expect(expressionFaults(expression, known)).toContain(fault);
});

describe('the snippet', () => {
  it('is switched on by its name, and there is no plugin and no theme', async () => {
    const appearance = JSON.parse(await read('.obsidian/appearance.json')) as {
      enabledCssSnippets: string[];
    };
    const snippets = await readdir(join(template, '.obsidian/snippets'));
    expect(appearance).toEqual({ enabledCssSnippets: snippets.map((name) => name.replace(/\.css$/, '')) });
    const files = await readdir(join(template, '.obsidian'));
    expect(files.sort()).toEqual(['app.json', 'appearance.json', 'snippets', 'templates.json', 'types.json']);
  });

  it('loads nothing, and hides no property that decides what leaves', async () => {
    const css = await read('.obsidian/snippets/handover.css');
    expect(css).not.toMatch(/@import|url\(|expression\(|[\s;{]content:/);
    const hidden = [...css.matchAll(/data-property-key="([a-z_]+)"/g)].map(([, key]) => key ?? '');
    const declared = await types();
    expect(hidden.length).toBeGreaterThan(10);
    expect(hidden.filter((key) => declared[key] === undefined)).toEqual([]);
    const decides = [
      'reply_to',
      'reply_cc',
      'reply_subject',
      'account',
      'quote',
      'warnings',
      'attachments',
      'blanks',
    ]
      .concat(['send_after', 'expires', 'follow_up', 'outcome', 'partner', 'amount_total', 'currency'])
      .concat([
        'invoice_date',
        'due_date',
        'odoo_id',
        'odoo_link',
        'covering_mail',
        'customer',
        'vendor',
        'credits',
      ]);
    expect(hidden.filter((key) => decides.includes(key))).toEqual([]);
  });
});

it('the templates folder that Obsidian offers is ours', async () => {
  expect(JSON.parse(await read('.obsidian/templates.json'))).toEqual({ folder: 'Templates' });
});

it('every folder of the states table has its row in Folders.md', async () => {
  const page = await read('Folders.md');
  for (const path of [...STATES.map((row) => row.folder), ...OTHER_FOLDERS]) {
    const group = path.split('/')[0] ?? '';
    expect(
      page.includes(`\`${path}\``) || page.includes(`\`${group}/`) || page.includes(`\`${group}\``),
      path,
    ).toBe(true);
  }
});
