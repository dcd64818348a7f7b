import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Invoice } from '../../src/core/odoo/invoice.ts';
import { externalIdOf } from '../../src/core/odoo/external-id.ts';
import { readInvoiceBody } from '../../src/core/odoo/invoice-body.ts';
import { invoiceSection } from '../../src/core/odoo/invoice-section.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { OdooMcpClient } from '../../src/local/odoo-mcp-client.ts';
import { DRAFT_CALLS } from '../../src/odoo/allow-list.ts';
import { createDraft } from '../../src/odoo/create-draft.ts';
import type { DraftInput } from '../../src/odoo/draft-input.ts';
import type { Odoo } from '../../src/odoo/odoo.ts';
import { openOdoo } from '../../src/odoo/open-odoo.ts';
import { readInvoice } from '../../src/odoo/read-invoice.ts';
import { childEnvironment } from '../../src/runtime/config.ts';
import { HAS_WKHTMLTOPDF, type OdooServer, type OdooUser, startOdoo } from '../helpers/odoo.ts';
import { until } from '../helpers/until.ts';
import { card, type Desk, Killed, openDesk } from './invoice-parts.ts';

/** From the yes to the number: vault, journal, odoo-mcp and Odoo are real; the cloud's part is a draft made here. */

const MAIN = join(import.meta.dirname, '../../dist/local/odoo-mcp.main.js');

let server: OdooServer;
let person: OdooUser;
let odoo: Odoo;
let partner: number;
let desk: Desk;
let client: OdooMcpClient;
let id: TaskId;
let name: string;
let drafts = 0;

beforeAll(async () => {
  server = await startOdoo();
  person = await server.user('person', ['account.group_account_invoice']);
  odoo = await openOdoo({
    ...{ url: server.url, db: server.db, username: person.login, apiKey: person.apiKey },
    ...{ protocol: 'auto', allow: DRAFT_CALLS },
  });
  const made = await server.call('res.partner', 'create', {
    vals_list: [{ name: 'Acme | Söhne', is_company: true, email: 'billing@acme.example' }],
  });
  partner = (made as number[])[0] ?? 0;
});
afterAll(() => server.stop());

beforeEach(async () => {
  desk = await openDesk();
  await writeFile(join(desk.stateDir, '..', 'env'), '', { mode: 0o600 });
  client = start();
  drafts++;
  id = `od-${drafts.toString(16).padStart(16, '0')}` as TaskId;
  name = `Acme ${id}.md`;
});
afterEach(() => client.stop());

function start(extra: Record<string, string> = {}): OdooMcpClient {
  const env = {
    ...childEnvironment(),
    ENV_FILE: join(desk.stateDir, '..', 'env'),
    ...{ VAULT_DIR: desk.vault.root, STATE_DIR: desk.stateDir, TIMEZONE: 'UTC', LOG_LEVEL: 'error' },
    ...{ ODOO_URL: server.url, ODOO_DB: server.db, ODOO_USERNAME: person.login, ODOO_API_KEY: person.apiKey },
    ...{ ODOO_MODE: 'live', DRY_RUN: 'false', MAX_POSTS_PER_HOUR: '100' },
    ...extra,
  };
  const mcp = new OdooMcpClient({ main: MAIN, env, log: { warn: () => undefined } });
  desk.odoo = { effects: mcp, url: server.url, db: server.db };
  return mcp;
}

async function startAgain(extra: Record<string, string> = {}): Promise<void> {
  await client.stop();
  client = start(extra);
}

/** What the cloud would have offered. */
async function offered(over: Partial<DraftInput> = {}): Promise<Invoice> {
  const { id: move } = await createDraft(odoo, externalIdOf(id), {
    ...{ type: 'out_invoice', partnerId: partner, reference: `PO ${drafts}` },
    lines: [{ label: 'Consulting', quantity: 2, priceUnit: 100.5 }],
    ...over,
  });
  const invoice = await readInvoice(odoo, move);
  if (invoice === null) throw new Error('the draft is not there');
  await desk.offer(card(invoice, { id, covering_mail: true }), name);
  return invoice;
}

async function yes(): Promise<void> {
  await desk.drag('Pending_Approval/odoo', 'Approved', name);
  await desk.pass();
}

const PENDING = () => `Pending_Approval/odoo/${name}`;
const lead = async () => readInvoiceBody((await desk.at(PENDING())).body).lead;

async function inOdoo(move: number): Promise<{ state: string; name: string | false; amount_total: number }> {
  const fields = ['state', 'name', 'amount_total'];
  const rows = await server.call('account.move', 'read', { ids: [move], fields });
  const [row] = rows as { state: string; name: string | false; amount_total: number }[];
  if (row === undefined) throw new Error('it is not there');
  return row;
}
const act = (method: string, move: number, args: Record<string, unknown> = {}) =>
  server.call('account.move', method, { ids: [move], ...args });

async function euro(active: boolean): Promise<number> {
  const domain = [
    ['name', '=', 'EUR'],
    ['active', 'in', [true, false]],
  ];
  const [id = 0] = (await server.call('res.currency', 'search', { domain })) as number[];
  await server.call('res.currency', 'write', { ids: [id], vals: { active } });
  return id;
}

async function postedOnce(invoice: Invoice): Promise<void> {
  const now = await inOdoo(invoice.id);
  expect(now.state).toBe('posted');
  const done = await desk.at(desk.done(name));
  expect(done.data).toMatchObject({ outcome: 'posted', odoo_name: now.name, amount_total: now.amount_total });
  expect(done.body).toContain(`Posted: ${String(now.name)}`);
}

describe('on a real Odoo', () => {
  it('the yes posts the draft, and its number, total and PDF come back', async () => {
    const invoice = await offered();
    await yes();
    await desk.pass();
    await postedOnce(invoice);
    const done = await desk.at(desk.done(name));
    expect(done.body).toContain(`(${server.url}/odoo/account.move/${invoice.id})`);
    expect(await desk.attachments()).toHaveLength(HAS_WKHTMLTOPDF ? 1 : 0);
    const [mail = ''] = await desk.vault.list('Pending_Approval/email');
    const covering = await desk.at(`Pending_Approval/email/${mail}`);
    expect(covering.data).toMatchObject({ reply_to: ['billing@acme.example'] });
    expect(covering.data['reply_attachments'] !== undefined).toBe(HAS_WKHTMLTOPDF);
  });

  it.each([
    'handler:claimed',
    'handler:sealed',
    'handler:effect-returned',
    'handler:outcome-written',
  ] as const)('killed at %s, it has one number', async (point) => {
    const invoice = await offered();
    await desk.drag('Pending_Approval/odoo', 'Approved', name);
    await expect(desk.pass(point)).rejects.toThrow(Killed);
    await startAgain();
    await desk.pass();
    await desk.pass();
    await postedOnce(invoice);
  });

  it('a line that a person changed in Odoo comes back with the difference, and the next yes posts that', async () => {
    const invoice = await offered();
    await act('write', invoice.id, {
      vals: { invoice_line_ids: [[1, invoice.lines[0]?.id, { quantity: 3 }]] },
    });
    await yes();
    expect((await inOdoo(invoice.id)).state).toBe('draft');
    expect(await lead()).toMatch(/− `.*\| 2 \|[\s\S]*\+ `.*\| 3 \|/);
    const now = await readInvoice(odoo, invoice.id);
    expect(readInvoiceBody((await desk.at(PENDING())).body).invoice).toBe(now && invoiceSection(now));
    await yes();
    await postedOnce(invoice);
  });

  it('another customer comes back with both names', async () => {
    const invoice = await offered();
    const made = await server.call('res.partner', 'create', { vals_list: [{ name: 'Somebody Else' }] });
    await act('write', invoice.id, { vals: { partner_id: (made as number[])[0] } });
    await yes();
    expect((await inOdoo(invoice.id)).state).toBe('draft');
    expect(await lead()).toMatch(/`partner`: was `Acme \| Söhne`, now `Somebody Else`/);
  });

  it('a deleted draft comes back and says so', async () => {
    const invoice = await offered();
    await act('unlink', invoice.id);
    await yes();
    expect(await lead()).toContain('somebody deleted it');
  });

  it('one that was posted and reset is asked about, and posted under its number after that', async () => {
    const invoice = await offered();
    await act('action_post', invoice.id);
    const { name: number } = await inOdoo(invoice.id);
    await act('button_draft', invoice.id);
    await yes();
    expect((await inOdoo(invoice.id)).state).toBe('draft');
    expect(await lead()).toContain(`It was posted before as ${String(number)}`);
    await yes();
    await postedOnce(invoice);
    expect((await inOdoo(invoice.id)).name).toBe(number);
  });

  it('one that a person posted meanwhile ends in Done with a remark', async () => {
    const invoice = await offered();
    await act('action_post', invoice.id);
    await yes();
    await postedOnce(invoice);
    expect((await desk.at(desk.done(name))).body).toContain('posted in Odoo by somebody else');
  });

  it('a cancelled one comes back and says so', async () => {
    const invoice = await offered();
    await act('button_cancel', invoice.id);
    await yes();
    expect(await lead()).toContain('Somebody cancelled this document in Odoo');
  });

  it('a closed period is said before, and where it is booked then is said after', async () => {
    const lock = (day: string | false) =>
      server.call('res.company', 'write', { ids: [1], vals: { fiscalyear_lock_date: day } });
    const invoice = await offered({ invoiceDate: '2020-05-05' });
    await lock('2020-12-31');
    onTestFinished(async () => {
      await lock(false);
    });
    await yes();
    expect((await inOdoo(invoice.id)).state).toBe('draft');
    expect(await lead()).toMatch(/closed in Odoo, which says: .*will be accounted on \d\d\/\d\d\/\d{4}/);
    await yes();
    await postedOnce(invoice);
    const done = await desk.at(desk.done(name));
    expect(done.data['invoice_date']).toBe('2020-05-05');
    const [row] = (await act('read', invoice.id, { fields: ['date'] })) as { date: string }[];
    expect(done.body).toContain(
      `In the books it stands on ${row?.date ?? ''}, not on the date of the document`,
    );
    expect(row?.date).not.toBe('2020-05-05');
  });

  it('a refusal of Odoo comes back in its words, and what was mended is posted', async () => {
    const currency = await euro(true);
    const invoice = await offered({ currencyId: currency });
    await euro(false);
    await yes();
    expect((await inOdoo(invoice.id)).state).toBe('draft');
    expect(await lead()).toContain('You cannot validate a document with an inactive currency: EUR');
    await euro(true);
    await yes();
    await postedOnce(invoice);
  });

  it('a wrong key comes back in words, with the task intact, and posts with the right one', async () => {
    const invoice = await offered();
    await startAgain({ ODOO_API_KEY: 'a'.repeat(40) });
    await yes();
    expect(await lead()).toContain('Odoo does not accept the key: it is wrong or has expired');
    expect((await inOdoo(invoice.id)).state).toBe('draft');
    await startAgain();
    await yes();
    await postedOnce(invoice);
  });

  it('a wrong database as well', async () => {
    const invoice = await offered();
    await startAgain({ ODOO_DB: 'other' });
    await yes();
    expect(await lead()).toContain('there is no Odoo database "other" at this address');
    await startAgain();
    await yes();
    await postedOnce(invoice);
  });

  it('a database that is down: the card waits and is posted when it is back', async () => {
    const invoice = await offered();
    await server.stopDatabase();
    await yes();
    expect(await desk.notes()).toEqual([`In_Progress/local-agent/${name}`]);
    expect(desk.said.join()).toContain('Odoo is there, but its database is down');
    await server.startDatabase();
    await until('the card is done', async () => {
      desk.now += 3_600_000;
      await desk.pass();
      return (await desk.notes()).includes(desk.done(name));
    });
    await postedOnce(invoice);
  });

  it('a server that is down: the same', async () => {
    const invoice = await offered();
    await server.kill9();
    await yes();
    expect(desk.said.join()).toContain('Odoo cannot be asked');
    await server.start();
    desk.now += 3_600_000;
    await desk.pass();
    await desk.pass();
    await postedOnce(invoice);
  });
});
