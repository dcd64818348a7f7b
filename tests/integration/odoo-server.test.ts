import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { HAS_WKHTMLTOPDF, type OdooServer, type OdooUser, startOdoo } from '../helpers/odoo.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

// The harness itself: what the other tests take for granted when they say "on a real Odoo".

const BILLING = ['account.group_account_invoice'];

describe("a real Odoo of one's own", () => {
  let odoo: OdooServer;
  let billing: OdooUser;
  beforeAll(async () => {
    odoo = await startOdoo();
    billing = await odoo.user('billing', BILLING);
  });
  afterAll(() => odoo.stop());

  it('is version 19 over JSON-2, JSON-RPC and XML-RPC', async () => {
    const json2 = await fetch(`${odoo.url}/json/version`);
    expect(await json2.json()).toMatchObject({ version_info: [19, 0, 0, 'final', 0, ''] });
    const rpc = await jsonRpc(odoo, 'common', 'version', []);
    expect(rpc).toMatchObject({ result: { server_version_info: [19, 0, 0, 'final', 0, ''] } });
    const xml = await fetch(`${odoo.url}/xmlrpc/2/common`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: '<?xml version="1.0"?><methodCall><methodName>version</methodName></methodCall>',
    });
    expect(await xml.text()).toMatch(/server_version<\/name>\s*<value><string>19\.0/);
  });

  it('takes the password and the key of a user', async () => {
    const login = (secret: string): Promise<unknown> =>
      jsonRpc(odoo, 'common', 'login', [odoo.db, billing.login, secret]);
    expect(await login(billing.password)).toMatchObject({ result: billing.uid });
    expect(await login(billing.apiKey)).toMatchObject({ result: billing.uid });
    expect(await login('wrong')).toMatchObject({ result: false });
    expect(await as(odoo, billing.apiKey, 'res.users', 'context_get', {})).toMatchObject({
      status: 200,
      body: { uid: billing.uid },
    });
  });

  it('gives a user the rights of its groups and no others', async () => {
    const reader = await odoo.user('reader', []);
    const create = { vals_list: [{ move_type: 'out_invoice' }] };
    expect(await as(odoo, reader.apiKey, 'account.move', 'create', create)).toMatchObject({ status: 403 });
    expect(await as(odoo, billing.apiKey, 'account.move', 'create', create)).toMatchObject({ status: 200 });
    await expect(odoo.user('x', ['account.no_such_group'])).rejects.toThrow('no group account.no_such_group');
  });

  it('gives a user who exists another key and other groups', async () => {
    const first = await odoo.user('twice', BILLING);
    const second = await odoo.user('twice', []);
    expect(second).toMatchObject({ uid: first.uid, password: first.password });
    expect(second.apiKey).not.toBe(first.apiKey);
    const may = await as(odoo, second.apiKey, 'account.move', 'has_access', {
      ids: [],
      operation: 'create',
    });
    expect(may).toMatchObject({ status: 200, body: false });
  });

  it('has books in which an invoice can be posted, with a choice of taxes', async () => {
    const taxes = await odoo.call('account.tax', 'search_read', {
      domain: [['type_tax_use', '=', 'sale']],
      fields: ['amount'],
      order: 'amount',
    });
    expect(taxes).toMatchObject([{ amount: 0 }, { amount: 7 }, { amount: 15 }]);
    const id = await draft(odoo);
    expect(await odoo.call('account.move', 'action_post', { ids: [id] })).toBe(false);
    const [posted] = (await odoo.call('account.move', 'read', {
      ids: [id],
      fields: ['name', 'state', 'amount_total'],
    })) as Record<string, unknown>[];
    expect(posted).toMatchObject({ state: 'posted', amount_total: 115 });
    expect(posted?.['name']).toMatch(/^INV\/\d{4}\/00001$/);
  });

  it('takes no key that has expired', async () => {
    const soon = await odoo.user('soon', BILLING, { keyDays: 1 });
    const status = async (): Promise<number> =>
      (await as(odoo, soon.apiKey, 'res.users', 'context_get', {})).status;
    expect(await status()).toBe(200);
    await odoo.sql(
      `update res_users_apikeys set expiration_date = now() at time zone 'utc' - interval '1 day'
       where user_id = ${soon.uid}`,
    );
    expect(await status()).toBe(401);
  });

  it('keeps 90 days for a key unless told otherwise', async () => {
    const days = async (login: string): Promise<string> =>
      odoo.sql(
        `select round(extract(epoch from k.expiration_date - now() at time zone 'utc') / 86400)
         from res_users_apikeys k join res_users u on u.id = user_id where login = '${login}' order by k.id`,
      );
    await odoo.user('ninety', []);
    await odoo.user('seven', [], { keyDays: 7 });
    expect([await days('ninety'), await days('seven'), await days('admin')]).toEqual(['90', '7', '']);
  });

  it('draws an invoice as PDF where wkhtmltopdf is', async () => {
    expect(HAS_WKHTMLTOPDF).toBe(existsSync('/usr/bin/wkhtmltopdf'));
    if (!HAS_WKHTMLTOPDF) return;
    const id = await draft(odoo);
    await odoo.call('account.move', 'action_post', { ids: [id] });
    const login = await fetch(`${odoo.url}/web/session/authenticate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        method: 'call',
        params: { db: odoo.db, login: billing.login, password: billing.password },
      }),
    });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    const pdf = await fetch(`${odoo.url}/report/pdf/account.report_invoice/${id}`, { headers: { cookie } });
    expect(
      Buffer.from(await pdf.arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-');
  });

  it('keeps its data and its address over a kill', async () => {
    const id = await draft(odoo);
    await odoo.kill9();
    await expect(fetch(`${odoo.url}/web/health`)).rejects.toThrow('fetch failed');
    await odoo.start();
    expect(await odoo.call('account.move', 'read', { ids: [id], fields: ['state'] })).toEqual([
      { id, state: 'draft' },
    ]);
  });

  it('goes on answering without a database, and says so where it is asked', async () => {
    const health = async (query: string): Promise<number> =>
      (await fetch(`${odoo.url}/web/health${query}`)).status;
    await odoo.stopDatabase();
    expect([await health(''), await health('?db_server_status=1')]).toEqual([200, 500]);
    const { status, type } = await as(odoo, billing.apiKey, 'res.users', 'context_get', {});
    expect({ status, type }).toEqual({ status: 404, type: 'text/html; charset=utf-8' });
    await odoo.startDatabase();
    expect([await health(''), await health('?db_server_status=1')]).toEqual([200, 200]);
    expect((await as(odoo, billing.apiKey, 'res.users', 'context_get', {})).status).toBe(200);
  });

  it('listens on this machine alone, and logs what it answered', async () => {
    const ports = [Number(new URL(odoo.url).port), Number(await odoo.sql('show port'))];
    expect([await listeners(ports[0]!), await listeners(ports[1]!)]).toEqual([['0100007F'], ['0100007F']]);
    expect(await odoo.log()).toContain('"GET /web/health HTTP/1.1" 200');
  });
});

describe('a real Odoo with worker processes and several databases', () => {
  let odoo: OdooServer;
  beforeAll(async () => {
    odoo = await startOdoo({ workers: 2, withDatabase: ['second', 'third'] });
  });
  afterAll(() => odoo.stop());

  it('answers only who names the database', async () => {
    const databases = await odoo.sql('select datname from pg_database where not datistemplate order by 1');
    expect(databases.split('\n')).toEqual(['books', 'postgres', 'second', 'third']);
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await as(odoo, odoo.admin.apiKey, 'res.users', 'context_get', {}, headers)).status;
    expect([await ask({ 'x-odoo-database': odoo.db }), await ask({})]).toEqual([200, 404]);
  });

  it('ends with its workers', async () => {
    await odoo.kill9();
    await expect(fetch(`${odoo.url}/web/health`)).rejects.toThrow('fetch failed');
    await odoo.start();
    expect(await odoo.call('res.users', 'search_count', { domain: [['login', '=', 'admin']] })).toBe(1);
  });
});

describe('the end of a test runner', () => {
  it('is the end of its Odoo and PostgreSQL, even if it is killed', async () => {
    const folder = await testDir();
    // The servers may run as another user.
    await chmod(folder, 0o755);
    const script = `
      import { startOdoo } from ${JSON.stringify(join(import.meta.dirname, '../helpers/odoo.ts'))};
      const odoo = await startOdoo();
      console.log(new URL(odoo.url).port, await odoo.sql('show port'));
      setInterval(() => {}, 1000);`;
    const runner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void runner.kill('SIGKILL'));
    let said = '';
    runner.stdout.on('data', (chunk: Buffer) => (said += String(chunk)));
    const [, http, postgres] = await until('it has started', () => {
      if (runner.exitCode !== null) throw new Error('it ended');
      return /^(\d+) (\d+)$/m.exec(said);
    });
    const open = async (): Promise<number> =>
      (await listeners(Number(http))).length + (await listeners(Number(postgres))).length;
    expect(await open()).toBe(2);
    runner.kill('SIGKILL');
    await until('nobody listens', async () => (await open()) === 0);
  });
});

/** The addresses on which someone listens at this port, as the kernel writes them. */
async function listeners(port: number): Promise<string[]> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = '0A';
  return tables
    .flatMap((table) => table.split('\n').map((row) => row.trim().split(/\s+/)))
    .filter(([, local, , state]) => local?.endsWith(`:${wanted}`) === true && state === listening)
    .map(([, local]) => local!.split(':')[0]!);
}

async function draft(odoo: OdooServer): Promise<number> {
  const [partner] = (await odoo.call('res.partner', 'create', {
    vals_list: [{ name: 'Example Customer' }],
  })) as number[];
  const [tax] = (await odoo.call('account.tax', 'search', {
    domain: [
      ['type_tax_use', '=', 'sale'],
      ['amount', '=', 15],
    ],
  })) as number[];
  const line = { name: 'Work', quantity: 1, price_unit: 100, tax_ids: [tax] };
  const vals = { move_type: 'out_invoice', partner_id: partner, invoice_line_ids: [[0, 0, line]] };
  const [id] = (await odoo.call('account.move', 'create', { vals_list: [vals] })) as number[];
  return id!;
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

/** JSON-2 with any key. */
async function as(
  odoo: OdooServer,
  key: string,
  model: string,
  method: string,
  args: Record<string, unknown>,
  headers: Record<string, string> = { 'x-odoo-database': odoo.db },
): Promise<Answer> {
  const answer = await fetch(`${odoo.url}/json/2/${model}/${method}`, {
    method: 'POST',
    headers: { authorization: `bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(args),
  });
  const type = answer.headers.get('content-type');
  const text = await answer.text();
  const body: unknown = type?.startsWith('application/json') === true ? JSON.parse(text) : text;
  return { status: answer.status, type, body };
}

async function jsonRpc(
  odoo: OdooServer,
  service: string,
  method: string,
  args: readonly unknown[],
): Promise<unknown> {
  const answer = await fetch(`${odoo.url}/jsonrpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params: { service, method, args } }),
  });
  return answer.json();
}
