/** The skill's script, as an assistant calls it, against the small Odoo. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  argumentsOf,
  readCommand,
  UsageFault,
} from '../../.claude/skills/odoo-accounting/scripts/command.ts';
import { type OdooServer, startOdooServer } from '../../src/demo/odoo-server/server.ts';
import { type TempDir, tempDir } from '../helpers/testdir.ts';

const ROOT = join(import.meta.dirname, '../..');
const SKILL = '.claude/skills/odoo-accounting';
const TOOLS = JSON.parse(
  readFileSync(join(ROOT, 'tests/golden/odoo-mcp-draft-tools.json'), 'utf8'),
) as readonly Tool[];
const TASK = 'od-0123456789abcdef';
const LOOK = [
  ...['find-partners', 'find-products', 'list-taxes', 'list-journals', 'list-invoices', 'read-invoice'],
  ...['aging-report', 'partner-account'],
];
const DRAFT = ['create-draft', 'revise-draft', 'attach-file'];
const LIVE = ['draft-status', 'post-approved', 'posting-status', 'posted-invoice'];

/** As the server lists it. */
function tool(operation: string): Tool {
  const found = TOOLS.find(({ name }) => name === operation.replaceAll('-', '_'));
  if (found === undefined) throw new Error(`no ${operation}`);
  return found;
}

// Each call starts two processes from the sources.
vi.setConfig({ testTimeout: 240_000 });

let odoo: OdooServer;
let dir: TempDir;

beforeAll(async () => {
  odoo = await startOdooServer();
  dir = await tempDir();
  for (const folder of ['vault', 'state']) await mkdir(join(dir.path, folder), { mode: 0o700 });
  await writeEnv('draft.env', 'billing', 'draft');
  await writeEnv('live.env', 'billing', 'live');
  await writeEnv('bot.env', 'draftBot', 'draft');
  odoo.store.create('res.partner', { name: 'Anna Example', email: 'anna@example.com' });
});
afterAll(async () => {
  await odoo.stop();
  await dir.remove();
});

async function writeEnv(name: string, user: 'billing' | 'draftBot', mode: string): Promise<void> {
  const { login, apiKey } = odoo.users[user];
  const lines = [
    `VAULT_DIR=${join(dir.path, 'vault')}`,
    `STATE_DIR=${join(dir.path, 'state')}`,
    `ODOO_URL=${odoo.url}`,
    `ODOO_DB=${odoo.db}`,
    `ODOO_USERNAME=${login}`,
    `ODOO_API_KEY=${apiKey}`,
    `ODOO_MODE=${mode}`,
    'DRY_RUN=false',
  ];
  await writeFile(join(dir.path, name), `${lines.join('\n')}\n`);
  await chmod(join(dir.path, name), 0o600);
}

interface Skilled {
  readonly code: number | undefined;
  /** What it printed, read; null when it printed nothing. */
  readonly data: unknown;
  readonly error: string;
}

async function skill(env: string, args: readonly string[], input?: unknown): Promise<Skilled> {
  const result = await execa(process.execPath, ['--import', 'tsx', `${SKILL}/scripts/odoo.ts`, ...args], {
    cwd: ROOT,
    reject: false,
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '', HOME: dir.path, ENV_FILE: join(dir.path, env) },
    ...(input === undefined ? { stdin: 'ignore' as const } : { input: JSON.stringify(input) }),
  });
  // Nothing but one line of JSON on stderr, and no key on either.
  const { error } = (result.stderr === '' ? { error: '' } : JSON.parse(result.stderr)) as { error: string };
  for (const { apiKey } of Object.values(odoo.users))
    expect(`${result.stdout}${result.stderr}`).not.toContain(apiKey);
  return { code: result.exitCode, data: result.stdout === '' ? null : JSON.parse(result.stdout), error };
}

const offered = async (...args: string[]): Promise<string[]> =>
  ((await skill(args[0]!, ['operations', ...args.slice(1)])).data as { operation: string }[]).map(
    ({ operation }) => operation,
  );

const anna = async (): Promise<number> => {
  const { data } = await skill('draft.env', ['find-partners', '--query', 'anna@example.com']);
  return (data as { partners: { id: number }[] }).partners[0]!.id;
};

const document = (partner: number) => ({
  type: 'out_invoice',
  partner_id: partner,
  lines: [{ label: 'Consulting', quantity: 2, price_unit: '150.00', tax_ids: [] }],
});

describe('the skill odoo-accounting', () => {
  it('offers in draft mode what looks and drafts, and nothing that posts', async () => {
    expect(await offered('draft.env')).toEqual([...LOOK, ...DRAFT]);
    expect(await offered('live.env', '--draft')).toEqual([...LOOK, ...DRAFT]);
    expect(await offered('bot.env', '--at', 'cloud')).toEqual([...LOOK, ...DRAFT]);
    expect(await offered('live.env')).toEqual([...LOOK, ...DRAFT, ...LIVE]);
    // The cloud's half has nothing that posts, whatever the mode says.
    expect(await offered('live.env', '--at', 'cloud')).toEqual([...LOOK, ...DRAFT]);
  });

  it('cannot post in draft mode, by any name', async () => {
    for (const name of ['post-approved', 'action_post']) {
      const { code, data, error } = await skill('draft.env', [name, '--task-id', TASK]);
      expect({ code, data }, name).toEqual({ code: 2, data: null });
      expect(error).toContain('is not offered here');
    }
  });

  it('posts nothing in live mode that the user did not approve', async () => {
    const partner = await anna();
    const made = await skill(
      'live.env',
      ['create-draft', '--task-id', TASK, '--input', '-'],
      document(partner),
    );
    expect(made).toMatchObject({
      code: 0,
      data: { created: true, invoice: { state: 'draft', total: 300 } },
    });
    const posted = await skill('live.env', ['post-approved', '--task-id', TASK]);
    expect(posted).toMatchObject({ code: 3, data: { result: 'not_approved' } });
    expect(odoo.store.rows('account.move').map(({ state }) => state)).toEqual(['draft']);
    expect(odoo.calls.get('account.move.action_post')).toBeUndefined();
    expect((await skill('live.env', ['posting-status', '--task-id', TASK])).data).toMatchObject({
      is: 'not_approved',
    });
  });

  it('finds, lists and reads: JSON out', async () => {
    const partner = await anna();
    const read = await skill('draft.env', ['read-invoice', '--task-id', TASK]);
    expect(read).toMatchObject({
      code: 0,
      data: { document: { invoice: { partner: { id: partner, name: 'Anna Example' } } } },
    });
    const lists: [string[], object][] = [
      [
        ['list-invoices', '--partner-id', String(partner), '--types', 'out_invoice,out_refund'],
        { invoices: [{ total: 300 }] },
      ],
      [['list-taxes', '--use', 'sale', '--limit', '1'], { taxes: [{}], next: expect.any(String) as string }],
      [['aging-report', '--side', 'receivable'], { side: 'receivable', rows: [] }],
      [['partner-account', '--partner-id', `${partner}`], { account: { partner: { id: partner } } }],
    ];
    for (const [args, data] of lists)
      expect(await skill('draft.env', args), args.join(' ')).toMatchObject({ code: 0, data });
  });

  it('makes one draft for a task, revises it, and attaches a file once', async () => {
    const task = 'od-00000000000000aa';
    const partner = await anna();
    const input = join(dir.path, 'draft.json');
    await writeFile(input, JSON.stringify(document(partner)));
    const create = ['create-draft', '--task-id', task, '--input', input];
    const [first, again] = [await skill('bot.env', create), await skill('bot.env', create)];
    expect([first, again]).toMatchObject([{ data: { created: true } }, { data: { created: false } }]);
    const revised = {
      ...document(partner),
      lines: [{ label: 'Less', quantity: 1, price_unit: '99.90', tax_ids: [] }],
    };
    expect(
      await skill('bot.env', ['revise-draft', '--task-id', task, '--input', '-'], revised),
    ).toMatchObject({
      code: 0,
      data: { invoice: { total: 99.9 } },
    });
    const file = join(dir.path, 'quote.pdf');
    await writeFile(file, '%PDF-1.4 not really');
    for (const created of [true, false])
      expect(await skill('bot.env', ['attach-file', '--task-id', task, '--file', file])).toMatchObject({
        data: { created },
      });
  });

  it('tells the asker what was asked wrongly, without asking Odoo', async () => {
    const big = join(dir.path, 'big.pdf');
    await writeFile(big, Buffer.alloc(5_000_001));
    const wrong: [string[], RegExp][] = [
      [[], /^odoo\.ts operations/],
      [['--help'], /^odoo\.ts operations/],
      [['find-partners', 'Anna'], /not understood: Anna/],
      [['find-partners', '--name', 'Anna'], /find_partners has no name; it has: query, ids/],
      [['partner-account', '--partner-id', 'Anna'], /a number/],
      [['find-partners', '--ids', '7,x'], /a number/],
      [['list-invoices', '--open', 'perhaps'], /true or false/],
      [['find-partners', '--query', 'a', '--query', 'b'], /twice/],
      [['create-draft', '--task-id', TASK, '--lines', '1'], /as JSON with --input/],
      [['create-draft', '--input', '/nowhere.json'], /no file/],
      [['create-draft', '--input', big], /more than 1000000 bytes/],
      [['attach-file', '--task-id', TASK, '--file', big], /more than 5000000 bytes/],
      [['find-partners', '--file', big], /takes no file/],
      [['find-partners', '--at', 'home'], /laptop or cloud/],
    ];
    for (const [words, error] of wrong) {
      const reading = readCommand(words).then((asked) => argumentsOf(tool(asked.operation), asked));
      const fault: unknown = await reading.catch((thrown: unknown) => thrown);
      expect(fault, words.join(' ')).toBeInstanceOf(UsageFault);
      expect((fault as Error).message, words.join(' ')).toMatch(error);
    }
    expect(await skill('draft.env', ['find-partners', '--name', 'Anna'])).toEqual({
      code: 2,
      data: null,
      error: expect.stringContaining('has no name') as string,
    });
  });

  it('gives each option the type that the tool wants', async () => {
    const read = async (...words: string[]) => {
      const asked = await readCommand(words);
      return argumentsOf(tool(asked.operation), asked);
    };
    expect(
      await read('list-invoices', '--types', 'out_invoice,in_refund', '--open', '--partner-id=7'),
    ).toEqual({
      types: ['out_invoice', 'in_refund'],
      open: true,
      partner_id: 7,
    });
    expect(await read('find-partners', '--ids', '7, 8', '--limit', '5')).toEqual({ ids: [7, 8], limit: 5 });
    expect(await read('find-partners', '--query=--Anna=x')).toEqual({ query: '--Anna=x' });
    expect(await read('list-invoices', '--open', 'false')).toEqual({ open: false });
  });

  it('hands on what Odoo or odoo-mcp refuses, in words, and ends with 1', async () => {
    const partner = await anna();
    expect(await skill('draft.env', ['aging-report', '--side', 'both'])).toMatchObject({
      code: 1,
      data: null,
    });
    const gone = { ...document(partner), partner_id: 987_654 };
    const { code, error } = await skill(
      'draft.env',
      ['create-draft', '--task-id', 'od-00000000000000bb', '--input', '-'],
      gone,
    );
    expect(code).toBe(1);
    expect(error).toMatch(/^create_draft failed: /);
    expect(error).not.toMatch(/Traceback|File "/);
  });

  it('says that Odoo is not set up, and ends with 78', async () => {
    await writeFile(
      join(dir.path, 'none.env'),
      `VAULT_DIR=${dir.path}/vault\nSTATE_DIR=${dir.path}/state\n`,
      { mode: 0o600 },
    );
    expect(await skill('none.env', ['operations'])).toMatchObject({
      code: 78,
      data: null,
      error: expect.stringContaining('ODOO_URL is missing') as string,
    });
  });
});

describe('SKILL.md', () => {
  it('has the front matter of a skill, and names every operation and no other', async () => {
    const text = await readFile(join(ROOT, SKILL, 'SKILL.md'), 'utf8');
    const [, front = ''] = /^---\n(.*?)\n---\n/s.exec(text) ?? [];
    expect(front).toMatch(/^name: odoo-accounting\ndescription: .{50,1000}$/);
    const named = new Set(text.match(/`[a-z]+-[a-z]+(?:`| --)/g)?.map((one) => one.replace(/`| --/g, '')));
    const words = new Set(['odoo-mcp', 'not-approved']);
    expect([...named].filter((one) => !words.has(one)).sort()).toEqual([...LOOK, ...LIVE].sort());
    for (const name of DRAFT) expect(text).toContain(`odoo.ts ${name}`);
    expect(await readdir(join(ROOT, SKILL, 'scripts'))).toEqual(['command.ts', 'odoo.ts']);
  });
});
