import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CrashPoint } from '../../src/core/crash-points.ts';
import type { Property } from '../../src/core/front-matter.ts';
import { fingerprint, invoiceProperties, invoiceSection } from '../../src/core/odoo/invoice-section.ts';
import { readInvoiceBody, renderInvoiceBody } from '../../src/core/odoo/invoice-body.ts';
import { postActionOf } from '../../src/core/odoo/post-action.ts';
import { parseNote, renderNote, type TaskNote } from '../../src/core/task-file.ts';
import { DRAFT_CALLS } from '../../src/odoo/allow-list.ts';
import { odooConnection } from '../../src/odoo/open-odoo.ts';
import { readInvoice } from '../../src/odoo/read-invoice.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { INBOX, MINE, OFFERED, requestNote } from '../helpers/invoicer.ts';
import { type OdooServer, type OdooUser, startOdoo } from '../helpers/odoo.ts';
import { exitOf, type OwnProcess, ready, startMain } from '../helpers/own-process.ts';
import { testDir } from '../helpers/testdir.ts';
import { until as untilWithin } from '../helpers/until.ts';

/** draft-replier and odoo-mcp as processes, on a real Odoo: from the note to the card. */

const ROOT = join(import.meta.dirname, '../..');
/** Limits against hanging only. */
const LIMIT_MS = 90_000;
vi.setConfig({ testTimeout: 3 * LIMIT_MS, hookTimeout: 2 * LIMIT_MS });
const until: typeof untilWithin = (what, look) => untilWithin(what, look, LIMIT_MS);
const TOKEN = 'token-of-the-test';

let odoo: OdooServer;
let user: OdooUser;
const ids = { acme: 0, twin: 0, product: 0 };

beforeAll(async () => {
  odoo = await startOdoo();
  user = await odoo.user('drafter', ['account.group_account_invoice']);
  const one = async (model: string, vals: object) =>
    ((await odoo.call(model, 'create', { vals_list: [vals] })) as number[])[0] ?? 0;
  const acme = { email: 'billing@acme.example', is_company: true, street: 'Ring 1', city: 'Berlin' };
  ids.acme = await one('res.partner', { name: 'ACME GmbH', ...acme });
  ids.twin = await one('res.partner', { name: 'Twin Ltd', city: 'Ghent' });
  await one('res.partner', { name: 'Twin Ltd', city: 'Hull' });
  await one('res.partner', { name: 'Paper | Supply [[x]] *Co*', email: 'paper@example.org' });
  ids.product = await one('product.product', { name: 'Consulting', default_code: 'C-1', list_price: 95 });
});
afterAll(() => odoo.stop());

interface Host {
  readonly vault: string;
  readonly env: Record<string, string>;
  readonly books: OwnProcess;
}

async function host(): Promise<Host> {
  const dir = await testDir();
  const vault = join(dir, 'vault');
  await cp(join(ROOT, 'vault-template'), vault, { recursive: true });
  await mkdir(join(dir, 'state'), { mode: 0o700 });
  const env = {
    PATH: process.env['PATH'] ?? '',
    VAULT_DIR: vault,
    STATE_DIR: join(dir, 'state'),
    ENV_FILE: join(dir, 'no.env'),
    MAIL_FROM: 'Mia Muster <mia@example.net>',
    SCAN_SECONDS: '1',
    ODOO_URL: odoo.url,
    ODOO_MCP_PORT: String(await freePort()),
    ODOO_MCP_TOKEN: TOKEN,
  };
  await writeFile(env.ENV_FILE, '', { mode: 0o600 });
  const books = startMain('src/cloud/odoo-mcp.main.ts', {
    ...env,
    ODOO_DB: odoo.db,
    ODOO_USERNAME: user.login,
    ODOO_API_KEY: user.apiKey,
    // A billing user: what the guard leaves of a key is tested with the guard.
    ODOO_ALLOW_POSTING_KEY: 'the cloud key may post',
  });
  await ready(books);
  return { vault, env, books };
}

async function replier(h: Host, crashAt?: CrashPoint): Promise<OwnProcess> {
  const child = startMain('src/cloud/draft-replier.main.ts', {
    ...h.env,
    ...(crashAt === undefined ? {} : { HANDOVER_CRASH_AT: crashAt }),
  });
  if (crashAt === undefined) await ready(child);
  return child;
}

/** As Obsidian and a person do it, complete at once. */
async function ask(h: Host, name: string, note: string): Promise<void> {
  await writeFile(join(h.vault, '.incoming'), note);
  await rename(join(h.vault, '.incoming'), join(h.vault, INBOX, name));
}

const LINES =
  '| Product | Description | Quantity | Unit | Price | Discount | Taxes |\n|---|---|--:|---|--:|--:|---|\n';
const ONE = `${LINES}| | Work \\| *travel*<br>in May | 2,5 | | 100,10 | 10 | 15% |`;

function request(change: Readonly<Record<string, Property>> = {}, lines = ONE, terms = 'Thank you.') {
  return requestNote({ customer: 'ACME', ...change }, lines, terms);
}

async function card(h: Host, stem: string): Promise<{ name: string; note: TaskNote }> {
  const name = await until(`the card of ${stem}`, async () =>
    (await readdir(join(h.vault, OFFERED))).find((one) => one.startsWith(stem)),
  );
  const parsed = parseNote(await readFile(join(h.vault, OFFERED, name), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return { name, note: parsed.note };
}

/** What the laptop would render of it now, with a connection of its own. */
async function live(note: TaskNote, protocol: 'json2' | 'jsonrpc' | 'xmlrpc' = 'json2') {
  const place = { url: odoo.url, db: odoo.db, username: user.login, apiKey: user.apiKey };
  const connection = odooConnection({ ...place, protocol, allow: DRAFT_CALLS });
  const invoice = await readInvoice(await connection.get(), Number(note.data['odoo_id']));
  if (invoice === null) throw new Error('no such document');
  return invoice;
}

async function documents(h: Host): Promise<number> {
  const names = await readdir(join(h.vault, OFFERED));
  const keys = names.flatMap((name) => / (od-[0-9a-f]{16})\.md$/.exec(name)?.[1]?.replaceAll('-', '_') ?? []);
  const rows = await odoo.sql(
    `select count(*) from ir_model_data d join account_move m on m.id = d.res_id where d.module = 'handover_bridge' and d.name in (${keys.map((key) => `'${key}'`).join()})`,
  );
  return Number(rows.trim());
}

describe('a request on a real Odoo', () => {
  it('becomes a card that the laptop renders the same, on every transport', async () => {
    const h = await host();
    await replier(h);
    await ask(h, 'May.md', request({ purchase_reference: 'PO-77', due_date: '2030-01-15' }));
    const { note } = await card(h, 'May');
    const action = postActionOf(note);
    expect(action.ok && action.action.kind).toBe('odoo_invoice');
    expect(note.data).toMatchObject({ currency: 'USD', amount_total: 259.01, due_date: '2030-01-15' });
    for (const protocol of ['json2', 'jsonrpc', 'xmlrpc'] as const) {
      const invoice = await live(note, protocol);
      expect(readInvoiceBody(note.body).invoice).toBe(invoiceSection(invoice));
      expect(note.data).toMatchObject(invoiceProperties(invoice));
      expect(note.body).toContain(`Fingerprint: ${fingerprint(invoice)}`);
    }
    const invoice = await live(note);
    expect(invoice).toMatchObject({
      partner: { id: ids.acme },
      reference: 'PO-77',
      terms: 'Thank you.',
      lines: [{ label: 'Work | *travel*\nin May', quantity: 2.5, priceUnit: 100.1, discount: 10 }],
    });
    expect(note.body).not.toContain('**Careful:** Due date');
  });

  it('a bill and a credit note become cards; a posted document that looks the same is named', async () => {
    const h = await host();
    await replier(h);
    const bill = { kind: 'odoo_bill', customer: '', vendor: 'paper@example.org' };
    await ask(h, 'Bill.md', request({ ...bill, purchase_reference: 'R-9', invoice_date: '2026-11-18' }));
    const first = await card(h, 'Bill');
    expect(first.note.data).toMatchObject({ amount_total: 259.01, invoice_date: '2026-11-18' });
    expect(readInvoiceBody(first.note.body).invoice).toBe(invoiceSection(await live(first.note)));
    await odoo.call('account.move', 'action_post', { ids: [first.note.data['odoo_id']] });
    await ask(h, 'Again.md', request({ ...bill, purchase_reference: 'R-9', invoice_date: '2026-11-18' }));
    const { number } = await live(first.note);
    expect((await card(h, 'Again')).note.body).toContain(`**Careful:** ${number!}`);

    await ask(h, 'Sale.md', request());
    const sale = await card(h, 'Sale');
    await odoo.call('account.move', 'action_post', { ids: [sale.note.data['odoo_id']] });
    const posted = await live(sale.note);
    await ask(h, 'Credit.md', request({ kind: 'odoo_credit_note', credits: posted.number! }));
    const credit = await card(h, 'Credit');
    expect(await live(credit.note)).toMatchObject({
      type: 'out_refund',
      origin: posted.number,
      reference: 'PO-77',
    });
  });

  it('a product brings its words, price and tax; what fits more than once is asked', async () => {
    const h = await host();
    await replier(h);
    await ask(
      h,
      'Product.md',
      request({}, `${LINES}| C-1 | | 2 | | | | 15% |\n| [C-1] Consulting | | 1 | | | | none |`),
    );
    const { note } = await card(h, 'Product');
    expect((await live(note)).lines).toMatchObject([
      { product: { id: ids.product }, quantity: 2, priceUnit: 95, taxes: [{ name: '15%' }] },
      { product: { id: ids.product }, quantity: 1, priceUnit: 95, taxes: [] },
    ]);
    await ask(h, 'Twin.md', request({ customer: 'Twin Ltd' }));
    const asks = await card(h, 'Twin');
    expect(asks.note.body).toContain(`#${ids.twin} · Twin Ltd · Ghent`);
    expect(asks.note.body).toContain('Hull');
    await ask(h, 'Credit.md', request({ kind: 'odoo_credit_note', credits: 'INV/1999/00001' }));
    expect((await card(h, 'Credit')).note.body).toContain('Odoo has no document “INV/1999/00001” to credit.');
  });

  it('a hostile customer name is the same text on the card and on the laptop', async () => {
    const h = await host();
    await replier(h);
    await ask(h, 'Hostile.md', request({ customer: 'paper@example.org' }));
    const { note } = await card(h, 'Hostile');
    expect(postActionOf(note).ok).toBe(true);
    expect(readInvoiceBody(note.body).invoice).toBe(invoiceSection(await live(note)));
  });

  it('a changed request is the same document with other lines', async () => {
    const h = await host();
    await replier(h);
    await ask(h, 'May.md', request());
    const { name, note } = await card(h, 'May');
    const body = readInvoiceBody(note.body);
    const changed = renderInvoiceBody({ ...body, request: body.request.replace('2,5', '5') });
    await writeFile(join(h.vault, OFFERED, name), renderNote({ data: note.data, body: changed }));
    await rename(join(h.vault, OFFERED, name), join(h.vault, INBOX, name));
    const after = await until('the changed card', async () => {
      const found = await card(h, 'May');
      return found.note.data['amount_total'] === 518.02 ? found.note : null;
    });
    expect(after.data['odoo_id']).toBe(note.data['odoo_id']);
    expect(readInvoiceBody(after.body).invoice).toBe(invoiceSection(await live(after)));
    expect(after.body).toContain('**Changed** since the last card:');
  });

  it.each([
    'replier:books-claimed',
    'replier:books-asked',
    'replier:books-drafted',
    'replier:draft-written',
  ] as const)('killed at %s, one document and one card', async (point) => {
    const h = await host();
    await ask(h, 'May.md', request());
    const doomed = await replier(h, point);
    expect(await exitOf(doomed)).toBe('SIGKILL');
    expect((await readdir(join(h.vault, MINE))).filter((name) => name.startsWith('May'))).toHaveLength(1);
    await replier(h);
    const { note } = await card(h, 'May');
    expect(postActionOf(note).ok).toBe(true);
    expect(await documents(h)).toBe(1);
    expect(await live(note)).toMatchObject({ lines: [{ quantity: 2.5 }] });
  });

  it('while odoo-mcp is away the request waits and is told of; mail goes on; then it is drafted', async () => {
    const h = await host();
    h.books.kill('SIGTERM');
    await exitOf(h.books);
    await replier(h);
    await ask(h, 'May.md', request());
    const beat = async () =>
      JSON.parse(await readFile(join(h.vault, 'Updates/cloud-agent/draft-replier.json'), 'utf8')) as {
        reason?: string;
      };
    await until('the user is told', async () => (await beat()).reason?.includes('Odoo is not reached'));
    await writeFile(
      join(h.vault, 'Needs_Action/email/Hello.md'),
      '---\nkind: email_new\nto: a@example.org\n---\nHi\n',
    );
    await until('the mail is drafted', async () =>
      (await readdir(join(h.vault, 'Pending_Approval/email'))).find((name) => name.includes(' em-')),
    );
    const books = startMain('src/cloud/odoo-mcp.main.ts', {
      ...h.env,
      ODOO_DB: odoo.db,
      ODOO_USERNAME: user.login,
      ODOO_API_KEY: user.apiKey,
      ODOO_ALLOW_POSTING_KEY: 'the cloud key may post',
    });
    onTestFinished(() => void books.kill('SIGKILL'));
    await ready(books);
    expect(postActionOf((await card(h, 'May')).note).ok).toBe(true);
    await until('the user is told no more', async () => (await beat()).reason === undefined);
  });
});

describe('without ODOO_URL', () => {
  it('a request waits where it is, and the user is told', async () => {
    const h = await host();
    const env = { ...h.env, ODOO_URL: '' };
    await replier({ ...h, env });
    await ask(h, 'May.md', request());
    await until('the user is told', async () => {
      const beat = await readFile(join(h.vault, 'Updates/cloud-agent/draft-replier.json'), 'utf8');
      return beat.includes('Odoo is not configured (ODOO_URL), so 1 request waits in Needs_Action/odoo.');
    });
    expect(await readdir(join(h.vault, INBOX))).toContain('May.md');
  });
});
