/** What is on the wire: versions, keys, failures, by transport. */
import { describe, expect, it } from 'vitest';
import type { Books, ContractServer, ContractUser } from './books.ts';
import { executeKw, json2, type RawAnswer, type RawCall, send, service, xml, xmlService } from './raw.ts';

/** A failure, as JSON-2 (status and class), JSON-RPC (class) and XML-RPC (fault code) tell it. */
interface Failure {
  readonly what: string;
  readonly by?: 'billing' | 'readOnly' | 'internal' | 'draftBot';
  readonly call: RawCall;
  readonly json2: readonly [status: number, name: string];
  readonly jsonrpc: string;
  readonly xmlrpc: number;
  readonly message?: RegExp;
}

const NO_ONE = 999_999;
const read = (args: object): RawCall => ({
  model: 'res.partner',
  method: 'read',
  ids: [1],
  args: { ...args },
});
const move = (method: string, args: object, ids?: number[]): RawCall => ({
  ...{ model: 'account.move', method, args: { ...args } },
  ...(ids ? { ids } : {}),
});
const draft = { vals_list: { move_type: 'out_invoice' } };

const VALUE = { json2: [500, 'builtins.ValueError'], jsonrpc: 'builtins.ValueError', xmlrpc: 1 } as const;
const USER = {
  json2: [422, 'odoo.exceptions.UserError'],
  jsonrpc: 'odoo.exceptions.UserError',
  xmlrpc: 2,
} as const;
const GONE = {
  json2: [404, 'odoo.exceptions.MissingError'],
  jsonrpc: 'odoo.exceptions.MissingError',
  xmlrpc: 2,
} as const;
const ACCESS = {
  json2: [403, 'odoo.exceptions.AccessError'],
  jsonrpc: 'odoo.exceptions.AccessError',
  xmlrpc: 4,
} as const;
const UNFIT = {
  json2: [422, 'werkzeug.exceptions.UnprocessableEntity'],
  jsonrpc: 'builtins.TypeError',
  xmlrpc: 1,
} as const;
const NOT_FOUND = 'werkzeug.exceptions.NotFound';

const FAILURES: readonly Failure[] = [
  {
    what: 'an unknown field that is read',
    call: read({ fields: ['nope'] }),
    ...VALUE,
    message: /Invalid field 'nope'/,
  },
  {
    what: 'an unknown field in a domain',
    call: { model: 'res.partner', method: 'search', args: { domain: [['nope', '=', 1]] } },
    ...VALUE,
    message: /Invalid field res\.partner\.nope in condition/,
  },
  {
    what: 'an unknown operator',
    call: { model: 'res.partner', method: 'search', args: { domain: [['name', '~~~', 'x']] } },
    ...VALUE,
    message: /Invalid operator/,
  },
  {
    what: 'an unknown order',
    call: { model: 'res.partner', method: 'search_read', args: { domain: [], order: 'nope desc' } },
    ...VALUE,
  },
  { what: 'an unknown field of a new record', call: move('create', { vals_list: { nope: 1 } }), ...VALUE },
  { what: 'an unknown choice', call: move('create', { vals_list: { move_type: 'sale' } }), ...VALUE },
  {
    what: 'a date that is none',
    call: move('create', { vals_list: { move_type: 'out_invoice', invoice_date: '31/12/2026' } }),
    ...VALUE,
  },
  {
    what: 'an unknown model',
    call: { model: 'no.such.model', method: 'search', args: { domain: [] } },
    ...{ json2: [404, NOT_FOUND], jsonrpc: 'odoo.exceptions.UserError', xmlrpc: 2 },
  },
  {
    what: 'an unknown method',
    call: { model: 'res.partner', method: 'no_such_method', ids: [1] },
    ...{ json2: [404, NOT_FOUND], jsonrpc: 'builtins.AttributeError', xmlrpc: 1 },
  },
  { what: 'a private method', call: move('_post', {}, [1]), ...ACCESS, message: /Private methods/ },
  {
    what: 'an unknown argument',
    call: { model: 'res.partner', method: 'search', args: { domain: [], nonsense: 1 } },
    ...UNFIT,
    message: /unexpected keyword argument 'nonsense'/,
  },
  {
    what: 'a missing argument',
    call: { model: 'res.partner', method: 'search', args: {} },
    ...UNFIT,
    message: /missing .*'domain'/,
  },
  { what: 'writing a record that is gone', call: move('write', { vals: { ref: 'x' } }, [NO_ONE]), ...GONE },
  { what: 'posting a record that is gone', call: move('action_post', {}, [NO_ONE]), ...GONE },
  {
    what: 'a new document that is posted',
    call: move('create', { vals_list: { move_type: 'out_invoice', state: 'posted' } }),
    ...USER,
    message: /cannot create a move already in the posted state/,
  },
  {
    what: 'reading without the right',
    by: 'internal',
    call: move('search_read', { domain: [], fields: ['name'] }),
    ...ACCESS,
  },
  { what: 'drafting without the right', by: 'readOnly', call: move('create', draft), ...ACCESS },
  {
    what: 'the right that is missing, by name',
    by: 'readOnly',
    call: move('create', draft),
    ...ACCESS,
    message:
      /You are not allowed to create 'Journal Entry' \(account\.move\) records\.[^]*Accounting\/Invoicing/,
  },
  {
    what: 'an external id that is not there',
    call: {
      model: 'ir.model.data',
      method: 'check_object_reference',
      args: { module: 'no', xml_id: 'such' },
    },
    ...VALUE,
    message: /External ID not found/,
  },
];

export function wireContract(books: () => Books): void {
  const at = (): ContractServer => books().server;
  const by = (name: Failure['by'] = 'billing'): ContractUser => at()[name];

  describe('the server itself', () => {
    it('tells its version without a login, in four ways', async () => {
      const { url } = at();
      expect((await send(`${url}/web/version`)).body).toMatchObject({ version: '19.0' });
      const info = {
        server_version: '19.0',
        server_version_info: [19, 0, 0, 'final', 0, ''],
        protocol_version: 1,
      };
      expect((await service(at(), 'common', 'version', [])).body).toMatchObject({ result: info });
      const web = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
      expect((await send(`${url}/web/webclient/version_info`, web)).body).toMatchObject({ result: info });
      expect((await xmlService(at(), 'common', 'version', [])).body).toContain(
        '<value><string>19.0</string></value>',
      );
    });

    it('is healthy, and says of the database what it is asked', async () => {
      expect((await send(`${at().url}/web/health`)).body).toEqual({ status: 'pass' });
      expect((await send(`${at().url}/web/health?db_server_status=1`)).body).toEqual({
        status: 'pass',
        db_server_status: true,
      });
    });

    it('answers GET, wrong types and bad bodies with the status of HTTP', async () => {
      const path = `${at().url}/json/2/res.partner/search`;
      const headers = { 'content-type': 'application/json', authorization: `bearer ${by().apiKey}` };
      const posted = (body: string, more: Record<string, string> = {}): Promise<RawAnswer> =>
        send(path, { method: 'POST', headers: { ...headers, ...more }, body });
      expect(await send(path)).toMatchObject({ status: 404, error: { name: NOT_FOUND } });
      expect(await posted('{"domain": [')).toMatchObject({
        status: 400,
        error: { name: 'werkzeug.exceptions.BadRequest' },
      });
      expect(await posted('{}', { 'content-type': 'text/plain' })).toMatchObject({
        status: 415,
        type: 'text/html',
      });
      expect(await posted('[]')).toMatchObject({ status: 422 });
      expect(await posted('')).toMatchObject({ status: 422 });
      expect(await send(`${at().url}/jsonrpc`, { method: 'POST', headers, body: '{' })).toMatchObject({
        status: 400,
      });
      expect(await send(`${at().url}/xmlrpc/2/common`)).toMatchObject({ status: 405 });
      const broken = await send(`${at().url}/xmlrpc/2/object`, {
        method: 'POST',
        headers: { 'content-type': 'text/xml' },
        body: '<methodCall><oops',
      });
      expect([broken.status, broken.error?.name]).toEqual([200, 1]);
      expect(broken.error?.message).toContain('ExpatError');
    });
  });

  describe('keys', () => {
    const whoAmI: RawCall = { model: 'res.users', method: 'context_get' };

    it('JSON-2: the key tells who it is; a wrong, an ended and no key are 401', async () => {
      const own = await json2(at(), by(), whoAmI);
      expect(own.body).toMatchObject({ uid: by().uid, lang: 'en_US' });
      for (const apiKey of ['0'.repeat(40), at().lapsed.apiKey]) {
        const refused = await json2(at(), { ...by(), apiKey }, whoAmI);
        expect([refused.status, refused.error?.message]).toEqual([401, 'Invalid apikey']);
      }
      const none = await send(`${at().url}/json/2/res.users/context_get`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      expect([none.status, none.error?.name]).toEqual([401, 'werkzeug.exceptions.Unauthorized']);
    });

    it('RPC: authenticate is the user id or false, never an error; a call with a wrong key is refused', async () => {
      const { db, lapsed } = at();
      const logIn = (login: string, secret: string): readonly unknown[] => [db, login, secret, {}];
      const result = async (args: readonly unknown[]): Promise<unknown> =>
        ((await service(at(), 'common', 'authenticate', args)).body as { result: unknown }).result;
      expect(await result(logIn(by().login, by().apiKey))).toBe(by().uid);
      for (const [login, secret] of [
        [by().login, 'wrong'],
        ['nobody', 'x'],
        [lapsed.login, lapsed.apiKey],
      ] as const) {
        expect(await result(logIn(login, secret)), login).toBe(false);
        const said = await xmlService(at(), 'common', 'authenticate', logIn(login, secret));
        expect([said.error, said.body], login).toEqual([
          null,
          expect.stringContaining('<boolean>0</boolean>'),
        ]);
      }
      const wrong = executeKw(at(), { ...by(), apiKey: 'wrong' }, whoAmI);
      expect((await service(at(), 'object', 'execute_kw', wrong)).error?.name).toBe(
        'odoo.exceptions.AccessDenied',
      );
      expect((await xmlService(at(), 'object', 'execute_kw', wrong)).error).toEqual({
        name: 3,
        message: 'Access Denied',
      });
    });

    it('a database that is not there: a page for JSON-2, words of PostgreSQL for RPC', async () => {
      const elsewhere = { url: at().url, db: 'nodb' };
      expect(await json2(elsewhere, by(), whoAmI)).toMatchObject({
        status: 404,
        type: 'text/html',
        error: null,
      });
      const args = executeKw(elsewhere, by(), whoAmI);
      const rpc = await service(elsewhere, 'object', 'execute_kw', args);
      expect(rpc.error?.name).toBe('psycopg2.OperationalError');
      expect(rpc.error?.message).toContain('database "nodb" does not exist');
      const said = await xmlService(elsewhere, 'object', 'execute_kw', args);
      expect([said.error?.name, said.error?.message.includes('psycopg2.OperationalError')]).toEqual([
        1,
        true,
      ]);
    });
  });

  describe.each(FAILURES)('$what', ({ by: who, call, json2: [status, name], jsonrpc, xmlrpc, message }) => {
    it('is told by each transport in its own way', async () => {
      const user = by(who);
      const answers = {
        json2: await json2(at(), user, call),
        jsonrpc: await service(at(), 'object', 'execute_kw', executeKw(at(), user, call)),
        xmlrpc: await xmlService(at(), 'object', 'execute_kw', executeKw(at(), user, call)),
      };
      const said = Object.entries(answers).map(([of, { status: http, error }]) => [of, http, error?.name]);
      expect(said).toEqual([
        ['json2', status, name],
        ['jsonrpc', 200, jsonrpc],
        ['xmlrpc', 200, xmlrpc],
      ]);
      for (const { error } of Object.values(answers)) expect(error?.message).toMatch(message ?? /./);
    });
  });

  describe('what is no failure', () => {
    it('reading a record that is gone, and writing to none', async () => {
      const gone = { model: 'res.partner', method: 'read', ids: [NO_ONE], args: { fields: ['name'] } };
      expect((await json2(at(), by(), gone)).body).toEqual([]);
      expect((await service(at(), 'object', 'execute_kw', executeKw(at(), by(), gone))).body).toMatchObject({
        result: [],
      });
      const none = move('write', { vals: { ref: 'x' } }, []);
      expect((await json2(at(), by(), none)).body).toBe(true);
      expect((await json2(at(), by(), move('action_post', {}, []))).body).toBe(false);
    });

    it('an unknown field that is written is another error than one of a new record', async () => {
      const id = await books().make('account.move', { move_type: 'out_invoice' });
      const said = await json2(at(), by(), move('write', { vals: { nope: 1 } }, [id]));
      expect([said.status, said.error]).toEqual([500, { name: 'builtins.KeyError', message: 'nope' }]);
    });

    it('a method without an answer: null, neither result nor error, and a fault of XML-RPC although it is done', async () => {
      const { customer } = books();
      const lines = [[0, 0, { name: 'x', quantity: 1, price_unit: 1, tax_ids: [[6, 0, []]] }]];
      const posted = async (): Promise<number> => {
        const id = await books().make('account.move', {
          ...{ move_type: 'out_invoice', partner_id: customer, invoice_line_ids: lines },
        });
        await books().call('account.move', 'action_post', { ids: [id] });
        return id;
      };
      const reset = async (): Promise<RawCall> => move('button_draft', {}, [await posted()]);
      const calls = [await reset(), await reset(), await reset()] as const;
      expect((await json2(at(), by(), calls[0])).body).toBeNull();
      const rpc = await service(at(), 'object', 'execute_kw', executeKw(at(), by(), calls[1]));
      expect(rpc.body).toEqual({ jsonrpc: '2.0', id: 7 });
      const said = await xmlService(at(), 'object', 'execute_kw', executeKw(at(), by(), calls[2]));
      expect([said.error?.name, said.error?.message.includes('cannot marshal None')]).toEqual([1, true]);
      const ids = calls.flatMap((one) => one.ids ?? []);
      const states = (await books().call('account.move', 'read', { ids, fields: ['state'] })) as {
        state: string;
      }[];
      expect(states.map(({ state }) => state)).toEqual(['draft', 'draft', 'draft']);
    });

    it('a new record: a list of ids in JSON-2; in RPC an id for a dictionary and a list for a list', async () => {
      const one = {
        model: 'account.move',
        method: 'create',
        args: { vals_list: { move_type: 'out_invoice' } },
      };
      expect((await json2(at(), by(), one)).body).toEqual([expect.any(Number)]);
      const positional = (values: unknown): readonly unknown[] => [
        ...[at().db, by().uid, by().apiKey, 'account.move', 'create'],
        ...[[values], {}],
      ];
      const rpc = (values: unknown) => service(at(), 'object', 'execute_kw', positional(values));
      expect((await rpc({ move_type: 'out_invoice' })).body).toMatchObject({
        result: expect.any(Number) as number,
      });
      expect((await rpc([{ move_type: 'out_invoice' }])).body).toMatchObject({
        result: [expect.any(Number)],
      });
    });

    it('whole amounts are doubles in XML, empty values are false, references are pairs', async () => {
      const id = await books().make('account.move', {
        ...{ move_type: 'out_invoice', partner_id: books().customer },
        invoice_line_ids: [[0, 0, { name: 'x', quantity: 3, price_unit: 100, tax_ids: [[6, 0, []]] }]],
      });
      const fields = ['name', 'amount_total', 'partner_id', 'invoice_line_ids', 'ref', 'auto_post'];
      const call = move('read', { fields }, [id]);
      const [row] = (await json2(at(), by(), call)).body as Record<string, unknown>[];
      expect(row).toEqual({
        ...{ id, name: false, amount_total: 300, ref: false, auto_post: 'no' },
        partner_id: [books().customer, 'Müller & Söhne <GmbH> ☕'],
        invoice_line_ids: [expect.any(Number)],
      });
      const said = await xmlService(at(), 'object', 'execute_kw', executeKw(at(), by(), call));
      expect(said.body).toContain('<double>300.0</double>');
      expect(said.body).toContain('<boolean>0</boolean>');
      expect(said.body).toContain(xml('Müller & Söhne <GmbH> ☕').replace(/<\/?value>/g, ''));
    });
  });
}
