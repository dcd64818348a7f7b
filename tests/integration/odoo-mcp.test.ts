import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { OdooBooks } from '../../src/cloud/odoo-mcp-client.ts';
import type { BookDraft } from '../../src/core/odoo/book-draft.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { findPartners } from '../../src/mcp/odoo/find-partners.ts';
import { createDraft } from '../../src/mcp/odoo/create-draft.ts';
import { listTaxes } from '../../src/mcp/odoo/list-taxes.ts';
import { ADMIN_CALLS } from '../../src/odoo/guard/guard-calls.ts';
import { applyGuard } from '../../src/odoo/guard/apply-guard.ts';
import { openOdoo } from '../../src/odoo/open-odoo.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { mcpOverHttp, mcpOverStdio, startMain } from '../helpers/mcp-process.ts';
import { type OdooServer, type OdooUser, startOdoo } from '../helpers/odoo.ts';
import { askTool } from '../helpers/status-client.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

/** The cloud's odoo-mcp as it is started, the SDK's own client, and a real Odoo with the draft guard. */
const MAIN = 'src/cloud/odoo-mcp.main.ts';
const TOKEN = 'the-token-of-this-test';

let server: OdooServer;
let bot: OdooUser;
let billing: OdooUser;
let customer: number;
let dir: string;
let port: number;
let tasks = 0;

beforeAll(async () => {
  server = await startOdoo();
  const { url, db, admin } = server;
  const place = { url, db, username: admin.login, apiKey: admin.apiKey, protocol: 'json2' as const };
  await applyGuard(await openOdoo({ ...place, allow: ADMIN_CALLS }));
  bot = await server.user('draft-bot', ['handover_bridge.group_draft_bot']);
  billing = await server.user('billing', ['account.group_account_invoice']);
  const vals = { name: 'ACME & Söhne', email: 'billing@acme.example', is_company: true, street: 'Ring 1' };
  [customer] = (await server.call('res.partner', 'create', { vals_list: [vals] })) as [number];
  await server.call('res.partner', 'create', {
    vals_list: [{ name: 'Anna', email: 'anna@acme.example', parent_id: customer }],
  });
  await server.call('product.product', 'create', {
    vals_list: [{ name: 'Consulting', default_code: 'CONS', list_price: 120 }],
  });
});
afterAll(() => server.stop());

beforeEach(async () => {
  dir = await testDir();
  port = await freePort();
  await mkdir(join(dir, 'vault'));
  await writeFile(join(dir, 'env'), '', { mode: 0o600 });
});

function environment(extra: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    ...{ ENV_FILE: join(dir, 'env'), VAULT_DIR: join(dir, 'vault'), STATE_DIR: join(dir, 'state') },
    ...{ ODOO_URL: server.url, ODOO_DB: server.db, ODOO_USERNAME: bot.login, ODOO_API_KEY: bot.apiKey },
    ...{ ODOO_MCP_PORT: String(port), ODOO_MCP_TOKEN: TOKEN, LOG_LEVEL: 'trace' },
    ...extra,
  };
}
const start = (extra: Record<string, string> = {}) => startMain(MAIN, environment(extra));
const overHttp = (token = TOKEN): Promise<Client> => mcpOverHttp(port, token);
const overStdio = (extra: Record<string, string> = {}): Promise<Client> =>
  mcpOverStdio(MAIN, environment(extra));
const heartbeat = async (): Promise<string> =>
  readFile(join(dir, 'vault/Updates/cloud-agent/odoo-mcp.json'), 'utf8').catch(() => '');

function newTask(): TaskId {
  tasks++;
  return `od-${tasks.toString(16).padStart(16, '0')}` as TaskId;
}
const draft = (task_id: string, price: number | string = '150.25') => ({
  ...{ task_id, type: 'out_invoice', partner_id: customer },
  lines: [{ label: 'Work', quantity: '2', price_unit: price, tax_ids: [] }],
});
const documents = async (): Promise<number> =>
  (await server.call('account.move', 'search_count', { domain: [] })) as number;

describe('on HTTP', () => {
  it('finds, drafts once, and answers what Odoo computed', async () => {
    const process = start();
    await process.ready();
    const client = await overHttp();
    expect(client.getServerVersion()?.name).toBe('handover-odoo');
    const { partners } = await askTool(client, findPartners, { query: 'billing@ACME.example' });
    expect(partners).toMatchObject([{ id: customer, street: 'Ring 1', exact: 'email' }]);
    const id = newTask();
    const first = await askTool(client, createDraft, draft(id));
    expect(first).toMatchObject({ created: true, invoice: { state: 'draft', total: 300.5, number: null } });
    const again = await askTool(client, createDraft, draft(id, 999));
    expect(again).toEqual({ ...first, created: false });
    process.child.kill('SIGTERM');
    expect((await process.gone)[0]).toBe(0);
    expect(await heartbeat()).toContain('"state":"stopped"');
  });

  it('makes one draft of a task for sixteen that ask at once, from two clients', async () => {
    const process = start();
    await process.ready();
    const clients = [await overHttp(), await overHttp()];
    const [id, before] = [newTask(), await documents()];
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, n) => askTool(clients[n % 2]!, createDraft, draft(id))),
    );
    expect(new Set(answers.map(({ invoice }) => invoice.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(await documents()).toBe(before + 1);
  });

  it('logs no key, no token and no word of a request', async () => {
    const process = start();
    await process.ready();
    const client = await overHttp();
    await askTool(client, createDraft, draft(newTask()));
    await client.callTool({ name: 'revise_draft', arguments: draft(newTask()) });
    await expect(overHttp('not-the-token-of-this-test')).rejects.toThrow('bearer token');
    await until('the refusal is logged', () => process.output().includes('"status":401'));
    for (const word of [TOKEN, bot.apiKey, 'not-the-token', 'Traceback']) {
      expect(process.output()).not.toContain(word);
    }
  });
});

it('answers with every tool what its schema says', async () => {
  await start().ready();
  const client = await overHttp();
  const id = newTask();
  const bill = { ...draft(id), type: 'in_invoice', invoice_date: '2026-11-03', reference: 'R-1' };
  await askTool(client, createDraft, { ...bill, terms: 'Thank you', origin: 'PO 7' });
  await server.call('account.move', 'action_post', {
    ids: [(await askTool(client, createDraft, bill)).invoice.id],
  });
  const open = newTask();
  const asked: readonly (readonly [string, Record<string, unknown>])[] = [
    ['find_partners', { query: 'acme', limit: 1 }],
    ['find_products', { query: 'CONS', use: 'sale' }],
    ['list_taxes', {}],
    ['list_journals', { type: 'sale' }],
    ['list_invoices', { types: ['in_invoice'], state: 'posted', partner_id: customer, open: true }],
    [
      'list_invoices',
      { overdue_on: '2030-01-01', date_from: '2026-01-01', date_to: '2026-12-31', query: 'R' },
    ],
    ['read_invoice', { task_id: id }],
    ['read_invoice', { id: 999_999 }],
    ['aging_report', { side: 'payable', limit: 1 }],
    ['aging_report', { side: 'receivable', as_of: '2026-11-30' }],
    ['partner_account', { partner_id: customer }],
    ['partner_account', { partner_id: 999_999 }],
    ['create_draft', draft(open)],
    ['revise_draft', draft(open, '1.5')],
    ['attach_file', { task_id: open, name: 'quote.pdf', base64: 'JVBERi0xLjQK' }],
    ['attach_file', { task_id: open, name: 'quote.pdf', base64: 'JVBERi0xLjQK' }],
  ];
  // The SDK's client holds each answer against the published schema.
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).filter((name) => !asked.some(([one]) => one === name))).toEqual([]);
  const answers: unknown[] = [];
  for (const [name, args] of asked) {
    const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
    expect({ name, isError, content: isError === true ? content : [] }).toEqual({ name, content: [] });
    answers.push(structuredContent);
  }
  expect(answers.at(10)).toMatchObject({ account: { payable: 300.5, open: [{ reference: 'R-1' }] } });
  expect(answers.slice(-2)).toMatchObject([{ created: true }, { created: false }]);
});

describe('on stdio', () => {
  it('offers what HTTP offers, beside it and without its token or port', async () => {
    const process = start();
    await process.ready();
    const [http, stdio] = [await overHttp(), await overStdio({ ODOO_MCP_TOKEN: '', ODOO_MCP_PORT: '' })];
    const { tools } = await stdio.listTools();
    expect(tools).toEqual((await http.listTools()).tools);
    expect(tools.some(({ name }) => /post|status/.test(name))).toBe(false);
    const id = newTask();
    expect(await askTool(stdio, createDraft, draft(id))).toMatchObject({ created: true });
    expect(await askTool(http, createDraft, draft(id))).toMatchObject({ created: false });
  });
});

describe('what it does not start with', () => {
  it.each([
    ['no token', { ODOO_MCP_TOKEN: '' }, 'ODOO_MCP_TOKEN is missing'],
    ['a token that could be guessed', { ODOO_MCP_TOKEN: 'guess-me' }, 'ODOO_MCP_TOKEN'],
    ['no Odoo', { ODOO_URL: '' }, 'ODOO_URL is missing'],
    ['an Odoo without its key', { ODOO_API_KEY: '' }, 'ODOO_API_KEY is missing'],
    ['an Odoo in plain text far away', { ODOO_URL: 'http://books.example.org' }, 'https'],
    ['live mode on the cloud of two machines', { SYNC: 'syncthing', ODOO_MODE: 'live' }, 'does not belong'],
    ['other words for a key that may post', { ODOO_ALLOW_POSTING_KEY: 'true' }, 'must stay empty'],
  ])('%s: it ends with 78 and says so', async (_what, extra, words) => {
    const process = start(extra);
    expect((await process.gone)[0]).toBe(78);
    expect(process.output()).toContain(words);
    expect(process.output()).not.toContain('guess-me');
  });

  it('a key that can post: it ends with 78, unless the user said it in so many words', async () => {
    const key = { ODOO_USERNAME: billing.login, ODOO_API_KEY: billing.apiKey };
    const process = start(key);
    expect((await process.gone)[0]).toBe(78);
    expect(process.output()).toContain('handover odoo guard install');
    expect(await heartbeat()).toContain('"state":"stopped"');
    const allowed = start({ ...key, ODOO_ALLOW_POSTING_KEY: 'the cloud key may post', ODOO_MODE: 'live' });
    await allowed.ready();
    const client = await overHttp();
    expect(await askTool(client, createDraft, draft(newTask()))).toMatchObject({ created: true });
    // Draft mode all the same.
    expect((await client.listTools()).tools.some(({ name }) => name === 'post_approved')).toBe(false);
    expect(await heartbeat()).toContain('"state":"ok"');
  });

  it('with a key that can post, drafts nothing on stdio', async () => {
    const client = await overStdio({ ODOO_USERNAME: billing.login, ODOO_API_KEY: billing.apiKey });
    const result = await client.callTool({ name: 'create_draft', arguments: draft(newTask()) });
    expect(JSON.stringify(result.content)).toContain('key-may-post');
  });
});

it('starts while Odoo is down, says so to the client and on the page, and goes on when it is back', async () => {
  await server.kill9();
  onTestFinished(() => server.start().catch(() => undefined));
  const process = start();
  await process.ready();
  const client = await overHttp();
  const id = newTask();
  const ask = async (): Promise<string> =>
    JSON.stringify((await client.callTool({ name: 'list_taxes', arguments: {} })).content);
  expect(await ask()).toContain('list_taxes failed: unreachable: ');
  const write = await client.callTool({ name: 'create_draft', arguments: draft(id) });
  expect(JSON.stringify(write.content)).toContain('key-not-proved');
  await until('the page says it', async () => /"degraded".*Odoo: /.test(await heartbeat()));
  await server.start();
  expect((await askTool(client, listTaxes)).taxes.length).toBeGreaterThan(3);
  expect(await askTool(client, createDraft, draft(id))).toMatchObject({ created: true });
  await until('the page says that it is well', async () => (await heartbeat()).includes('"state":"ok"'));
});

describe('the drafter’s client', () => {
  const never = new AbortController().signal;
  const books = (change: { port?: number; token?: string } = {}): OdooBooks => {
    const client = new OdooBooks({ port, token: TOKEN, log: { warn: () => undefined }, ...change });
    onTestFinished(() => client.stop());
    return client;
  };
  const wish = (): BookDraft => ({
    ...{ type: 'out_invoice', partnerId: customer, reference: 'PO 7' },
    lines: [{ label: 'Work', quantity: '2', priceUnit: '150.25', taxIds: [] }],
  });

  it('gets from the tools what drafting asks for', async () => {
    await start().ready();
    const client = books();
    const found = await client.findPartners({ email: 'BILLING@acme.example' }, never);
    expect(found).toMatchObject({ ok: true, value: { items: [{ id: customer, city: '' }], more: false } });
    expect(await client.findPartners({ email: 'acme.example' }, never)).toMatchObject({
      value: { items: [] },
    });
    expect(await client.findPartners({ name: 'acme' }, never)).toMatchObject({
      value: { items: { length: 2 } },
    });
    expect(await client.findPartners({ id: customer }, never)).toMatchObject({
      value: { items: [{ id: customer }] },
    });
    expect(await client.findProducts({ words: 'cons' }, 'sale', never)).toMatchObject({
      value: { items: [{ name: '[CONS] Consulting', listPrice: 120, taxIds: { length: 1 } }], more: false },
    });
    const taxes = await client.listTaxes('sale', never);
    expect(JSON.stringify(taxes)).toContain('"percent":15');
    const ledger = await client.ledger(never);
    expect(ledger).toMatchObject({
      ok: true,
      value: { company: { name: 'Example Books' }, companyCurrency: 'USD' },
    });
    expect(JSON.stringify(ledger)).toMatch(/"type":"sale".*"paymentTerms":\[\{/);
  });

  it('drafts once, revises, reads, and finds by number', async () => {
    await start().ready();
    const [client, id] = [books(), newTask()];
    expect(await client.readDraft(id, never)).toEqual({ ok: true, value: null });
    const made = await client.createDraft(id, wish(), never);
    expect(made).toMatchObject({
      ok: true,
      value: { created: true, invoice: { total: 300.5, reference: 'PO 7' } },
    });
    if (!made.ok) throw new Error('unreachable');
    expect(await client.createDraft(id, wish(), never)).toEqual({
      ok: true,
      value: { ...made.value, created: false },
    });
    const lines = [{ label: 'Less work', quantity: '1', priceUnit: '0.1', taxIds: [] }];
    const revised = await client.reviseDraft(id, { ...wish(), lines }, never);
    expect(revised).toMatchObject({
      value: { created: false, invoice: { id: made.value.invoice.id, total: 0.1 } },
    });
    expect(await client.readDraft(id, never)).toEqual(revised);
    await server.call('account.move', 'action_post', { ids: [made.value.invoice.id] });
    const posted = await client.readDraft(id, never);
    if (!posted.ok || posted.value === null) throw new Error('it is gone');
    const number = posted.value.invoice.number ?? '';
    const types = ['out_invoice'] as const;
    expect(await client.findInvoices({ number, types }, never)).toMatchObject({
      value: [{ number, state: 'posted', currency: 'USD', total: 0.1 }],
    });
    expect(await client.findInvoices({ number: number.slice(0, -1), types }, never)).toEqual({
      ok: true,
      value: [],
    });
    expect(await client.reviseDraft(id, wish(), never)).toMatchObject({
      fault: { code: 'refused', class: 'logic' },
    });
  });

  it('tells what follows from a fault by its class, in words', async () => {
    const client = books();
    expect(await client.listTaxes('sale', never)).toMatchObject({
      fault: { code: 'unreachable', class: 'transient', words: 'odoo-mcp is not running on this machine.' },
    });
    await start().ready();
    expect((await client.listTaxes('sale', never)).ok).toBe(true);
    expect(await books({ token: 'another-token-of-some-length' }).ledger(never)).toMatchObject({
      fault: { code: 'not_allowed', class: 'configuration' },
    });
    expect(await client.reviseDraft(newTask(), wish(), never)).toMatchObject({
      fault: { code: 'missing', class: 'logic' },
    });
    const long = { ...wish(), reference: 'x'.repeat(300) };
    expect(await client.createDraft(newTask(), long, never)).toMatchObject({
      fault: { code: 'invalid_call', class: 'data' },
    });
    const nobody = await client.createDraft(newTask(), { ...wish(), partnerId: 999_999 }, never);
    expect(nobody).toMatchObject({ ok: false, fault: { words: expect.stringMatching(/\S/) as string } });
    expect(JSON.stringify(nobody)).not.toMatch(/Traceback|psycopg/);
  });
});
