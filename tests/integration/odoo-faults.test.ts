/** What goes wrong with a real Odoo 19, on each transport: which code it is, and what a bookkeeper reads. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DRAFT_CALLS } from '../../src/odoo/allow-list.ts';
import { createDraft } from '../../src/odoo/create-draft.ts';
import type { DraftInput } from '../../src/odoo/draft-input.ts';
import { findDraft } from '../../src/odoo/find-draft.ts';
import type { Odoo, OdooProtocol } from '../../src/odoo/odoo.ts';
import { type OdooSettings, odooConnection, openOdoo } from '../../src/odoo/open-odoo.ts';
import { findPartners } from '../../src/odoo/partners.ts';
import { type OdooServer, type OdooUser, startOdoo } from '../helpers/odoo.ts';
import { faultOf } from '../helpers/odoo-fault.ts';
import { until } from '../helpers/until.ts';

const PROTOCOLS: readonly OdooProtocol[] = ['json2', 'jsonrpc', 'xmlrpc'];
const BILLING = ['account.group_account_invoice'];

let server: OdooServer;
let billing: OdooUser;
let partnerId = 0;
beforeAll(async () => {
  // A second database: without a name every call would go nowhere.
  server = await startOdoo({ withDatabase: ['other'] });
  billing = await server.user('billing', BILLING);
  const made = await server.call('res.partner', 'create', { vals_list: [{ name: 'Customer' }] });
  partnerId = (made as number[])[0] ?? 0;
});
afterAll(() => server.stop());

const settings = (protocol: OdooSettings['protocol'], change: Partial<OdooSettings> = {}): OdooSettings => ({
  ...{ url: server.url, db: server.db, username: billing.login, apiKey: billing.apiKey },
  ...{ protocol, allow: DRAFT_CALLS, ...change },
});
const as = (user: OdooUser): Partial<OdooSettings> => ({ username: user.login, apiKey: user.apiKey });
const draft = (): DraftInput => ({
  ...{ type: 'out_invoice', partnerId, lines: [{ label: 'x', quantity: 1, priceUnit: 10, taxIds: [] }] },
});

describe.each(PROTOCOLS)('over %s', (protocol) => {
  it('a wrong key', async () => {
    const fault = await faultOf(openOdoo(settings(protocol, { apiKey: 'f'.repeat(40) })));
    expect(fault).toMatchObject({ code: 'authentication', class: 'authentication' });
    expect(fault.message).toMatch(/^Odoo does not accept the key: /);
    expect(fault.message).not.toContain('ffff');
  });

  it('a key of somebody else', async () => {
    const other = await server.user('other', BILLING);
    const fault = await faultOf(
      openOdoo(settings(protocol, { username: other.login, apiKey: billing.apiKey })),
    );
    expect(fault.code).toBe('authentication');
  });

  it('a wrong database, without a word of where PostgreSQL is', async () => {
    const fault = await faultOf(openOdoo(settings(protocol, { db: 'no-such-db' })));
    expect(fault).toMatchObject({ code: 'wrong_database', class: 'configuration' });
    expect(fault.message).toBe('there is no Odoo database "no-such-db" at this address');
  });

  it('an expired key', async () => {
    const user = await server.user(`expired_${protocol}`, BILLING);
    await server.sql(
      `update res_users_apikeys set expiration_date = now() at time zone 'utc' - interval '1 day' where user_id = ${user.uid}`,
    );
    const fault = await faultOf(openOdoo(settings(protocol, as(user))));
    expect(fault.code).toBe('authentication');
    expect(fault.message).toContain('expired');
  });

  it('a user who is switched off', async () => {
    const user = await server.user(`gone_${protocol}`, BILLING);
    const odoo = await openOdoo(settings(protocol, as(user)));
    await server.call('res.users', 'write', { ids: [user.uid], vals: { active: false } });
    expect((await faultOf(findPartners(odoo, { query: 'x' }))).code).toBe('authentication');
  });

  it('a user who may not make invoices', async () => {
    const user = await server.user(`reader_${protocol}`, []);
    const odoo = await openOdoo(settings(protocol, as(user)));
    const fault = await faultOf(createDraft(odoo, `handover_bridge.od_${protocol}_no`, draft()));
    expect(fault).toMatchObject({ code: 'refused' });
    expect(fault.message).toContain("You are not allowed to create 'Journal Entry' (account.move) records");
    const read = odoo.call({ model: 'account.move', method: 'read', ids: [1], args: { fields: ['state'] } });
    expect((await faultOf(read)).code).toBe('access');
  });

  it('a field of another version', async () => {
    const odoo = await openOdoo(settings(protocol));
    const old = odoo.call({
      ...{ model: 'account.move.line', method: 'search_read', ids: null },
      args: { domain: [], fields: ['exclude_from_invoice_tab'] },
    });
    expect(await faultOf(old)).toMatchObject({ code: 'unsupported', class: 'configuration' });
  });

  describe('when PostgreSQL is down', () => {
    let odoo: Odoo;
    beforeEach(async () => {
      odoo = await openOdoo(settings(protocol));
    });

    it('nothing is reached, nothing is forgotten, and the same call works when it is back', async () => {
      const key = `handover_bridge.od_${protocol}_down`;
      await server.stopDatabase();
      try {
        const fault = await faultOf(createDraft(odoo, key, draft()));
        expect(fault).toMatchObject({ code: 'unreachable', class: 'transient' });
        expect(fault.message).toBe('Odoo is there, but its database is down');
        expect((await faultOf(openOdoo(settings(protocol)))).code).toBe('unreachable');
      } finally {
        await server.startDatabase();
      }
      const made = await until('the database is back', () =>
        createDraft(odoo, key, draft()).catch(() => null),
      );
      expect(await findDraft(odoo, key)).toBe(made.id);
    });
  });

  it('a server that is gone, and is back', async () => {
    const connection = odooConnection(settings(protocol));
    const key = `handover_bridge.od_${protocol}_kill`;
    const odoo = await connection.get();
    await server.kill9();
    try {
      const fault = await faultOf(createDraft(odoo, key, draft()));
      expect(fault).toMatchObject({
        code: 'unreachable',
        message: 'Odoo cannot be reached: nothing answers at its address',
      });
      expect((await faultOf(odooConnection(settings(protocol)).get())).code).toBe('unreachable');
    } finally {
      await server.start();
    }
    expect((await createDraft(await connection.get(), key, draft())).created).toBe(true);
  });

  it('a server that is killed while it makes a draft: the same call again makes one', async () => {
    const key = `handover_bridge.od_${protocol}_midway`;
    const odoo = await openOdoo(settings(protocol));
    const calls = async (): Promise<number> => (await server.log()).split(LOOK_UP[protocol]).length;
    const before = await calls();
    const first = createDraft(odoo, key, draft()).then(
      (made) => made.id,
      (error: unknown) => error,
    );
    // The look-up before it is answered, so it is on its way.
    await until('the call has come', async () => (await calls()) > before);
    await server.kill9();
    await server.start();
    const outcome = await first;
    if (typeof outcome !== 'number')
      expect(['unknown', 'unreachable']).toContain((outcome as { code: string }).code);
    const again = await createDraft(odoo, key, draft());
    expect(await findDraft(odoo, key)).toBe(again.id);
    expect(await server.sql(`select count(*) from ir_model_data where name = 'od_${protocol}_midway'`)).toBe(
      '1',
    );
  });

  it('what our side gave up on was done all the same, and is found', async () => {
    const key = `handover_bridge.od_${protocol}_slow`;
    const odoo = await openOdoo(settings(protocol));
    const stop = new AbortController();
    const hasty: Odoo = {
      ...odoo,
      call: (call) => odoo.call(call, call.method === 'load' ? stop.signal : undefined),
    };
    // Somebody holds the table of keys: Odoo waits for it.
    const held = server
      .sql('begin; lock table ir_model_data in share row exclusive mode; select pg_sleep(60); commit')
      .catch(() => 'ended');
    await until('the table is held', async () => (await locks('granted')) !== '0');
    const first = faultOf(createDraft(hasty, key, draft()));
    await until('Odoo waits for it', async () => (await locks('not granted')) !== '0');
    stop.abort();
    const fault = await first;
    expect(fault).toMatchObject({ code: 'unknown', class: 'transient' });
    expect(fault.message).toContain('it may have been done all the same');
    expect(await findDraft(odoo, key)).toBeNull();
    await server.sql(`select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%'
      and pid <> pg_backend_pid()`);
    await held;
    const done = await until('Odoo has done it', () => findDraft(odoo, key));
    expect(await createDraft(odoo, key, draft())).toEqual({ id: done, created: false });
  });
});

const LOOK_UP: Readonly<Record<OdooProtocol, string>> = {
  json2: '/json/2/ir.model.data/check_object_reference',
  jsonrpc: '/jsonrpc',
  xmlrpc: '/xmlrpc/2/object',
};

const locks = (which: string): Promise<string> =>
  server.sql(`select count(*) from pg_locks where relation = 'ir_model_data'::regclass
    and mode in ('ShareRowExclusiveLock', 'RowExclusiveLock') and ${which}`);

describe('what is chosen by itself', () => {
  it('is JSON-2 on 19', async () => {
    expect(await openOdoo(settings('auto'))).toMatchObject({ protocol: 'json2', version: '19.0' });
  });
});
