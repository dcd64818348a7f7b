/** The three transports against a server that answers as no Odoo should, or not at all. */
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AllowedMethod, DRAFT_CALLS } from '../../src/odoo/allow-list.ts';
import type { OdooFault } from '../../src/odoo/faults.ts';
import { json2 } from '../../src/odoo/json2.ts';
import { jsonrpc } from '../../src/odoo/jsonrpc.ts';
import type { OdooProtocol, OdooValue } from '../../src/odoo/odoo.ts';
import { openOdoo } from '../../src/odoo/open-odoo.ts';
import { askVersion } from '../../src/odoo/server-version.ts';
import type { Address, Transport } from '../../src/odoo/transport.ts';
import { xmlRpc } from '../../src/odoo/xml-rpc.ts';
import { LOCALHOST_CERT, LOCALHOST_KEY } from '../helpers/localhost-certificate.ts';
import { faultOf } from '../helpers/odoo-fault.ts';
import { type Answer, scriptedApi } from '../helpers/scripted-api.ts';
import { until } from '../helpers/until.ts';

const KEY = 'a-key-that-must-not-be-seen';
const MAKE: Readonly<Record<OdooProtocol, (address: Address) => Transport>> = {
  json2,
  jsonrpc,
  xmlrpc: xmlRpc,
};
const PROTOCOLS = Object.keys(MAKE) as OdooProtocol[];
const PATHS: Readonly<Record<OdooProtocol, string>> = {
  json2: '/json/2/account.move/load',
  jsonrpc: '/jsonrpc',
  xmlrpc: '/xmlrpc/2/object',
};
/** The number 7, as each says it. */
const SEVEN: Readonly<Record<OdooProtocol, string>> = {
  json2: '7',
  jsonrpc: '{"jsonrpc": "2.0", "id": 1, "result": 7}',
  xmlrpc:
    '<?xml version="1.0"?><methodResponse><params><param><value><int>7</int></value></param></params></methodResponse>',
};

let api: Awaited<ReturnType<typeof scriptedApi>>;
const late: unknown[] = [];
const onLate = (error: unknown): number => late.push(error);
beforeAll(async () => {
  api = await scriptedApi();
  process.on('uncaughtException', onLate);
  process.on('unhandledRejection', onLate);
});
afterEach(() => expect(late).toEqual([]));
afterAll(async () => {
  process.off('uncaughtException', onLate);
  process.off('unhandledRejection', onLate);
  await api.close();
});

const addressOf = (url: string, ca?: string): Address => ({
  url,
  db: 'books',
  username: 'bot',
  apiKey: KEY,
  ca,
});

interface Ask {
  readonly writes?: boolean;
  readonly url?: string;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  readonly ca?: string;
}

function ask(
  protocol: OdooProtocol,
  { writes = true, url = api.url, deadlineMs = 5000, signal, ca }: Ask = {},
) {
  const method: AllowedMethod = { args: {}, writes, on: 'model' };
  const call = { model: 'account.move', method: 'load', ids: null, args: {} };
  return MAKE[protocol](addressOf(url, ca)).call({ call, method, deadlineMs, signal });
}

/** What a call that writes, and one that reads, makes of this answer. */
async function both(protocol: OdooProtocol, answer: Answer, more: Ask = {}): Promise<[OdooFault, OdooFault]> {
  api.on('/', answer);
  const faults = [
    await faultOf(ask(protocol, { ...more, writes: true })),
    await faultOf(ask(protocol, { ...more, writes: false })),
  ] as const;
  for (const { message } of faults) {
    expect(message).not.toContain(KEY);
    expect(message).not.toMatch(/<|\n|Traceback/);
  }
  return [...faults];
}

const page = (
  status: number,
  body = '<html><head><title>nginx</title></head></html>',
  type = 'text/html',
): Answer => ({
  write: (response) => {
    response.writeHead(status, { 'content-type': type, location: `${api.url}/elsewhere` });
    response.end(body);
  },
});

describe.each(PROTOCOLS)('over %s', (protocol) => {
  const good = (): Answer =>
    page(200, SEVEN[protocol], protocol === 'xmlrpc' ? 'text/xml' : 'application/json; charset=utf-8');

  it('an answer is an answer', async () => {
    api.on('/', good());
    expect(await ask(protocol)).toBe(7);
  });

  it('a path before Odoo is kept', async () => {
    api.on('/', page(500));
    api.on('/erp/odoo', good());
    expect(await ask(protocol, { url: `${api.url}/erp/odoo` })).toBe(7);
    expect(api.calls.at(-1)).toBe(`POST /erp/odoo${PATHS[protocol]}`);
  });

  it.each([
    [502, 'unknown', 'unreachable'],
    [504, 'unknown', 'unreachable'],
    [503, 'unreachable', 'unreachable'],
    [500, 'unknown', 'malformed'],
    [429, 'busy', 'busy'],
    [413, 'refused', 'refused'],
    [403, 'access', 'access'],
    [401, 'authentication', 'authentication'],
    [301, 'wrong_database', 'wrong_database'],
    [307, 'wrong_database', 'wrong_database'],
    [200, 'wrong_database', 'wrong_database'],
  ] as const)(
    'a page of a proxy with %i is %s after a write and %s after a read',
    async (status, wrote, read) => {
      const before = api.calls.length;
      const [write, look] = await both(protocol, page(status));
      expect([write.code, look.code]).toEqual([wrote, read]);
      // Asked once each: neither followed elsewhere nor tried again.
      expect(api.calls.slice(before)).toEqual([`POST ${PATHS[protocol]}`, `POST ${PATHS[protocol]}`]);
    },
  );

  it('no answer is a doubt after a write, and none after a read', async () => {
    const [write, look] = await both(protocol, 'hang', { deadlineMs: 250 });
    expect(write.message).toBe('Odoo gave no answer within 1 seconds; it may have been done all the same');
    expect([write.code, look.code]).toEqual(['unknown', 'unreachable']);
  });

  it('a connection that breaks is the same', async () => {
    const [write, look] = await both(protocol, 'reset');
    expect([write.code, look.code]).toEqual(['unknown', 'unreachable']);
    expect(write.message).toContain('it may have been done all the same');
    expect(look.message).toBe('Odoo cannot be reached: the connection broke');
  });

  it('half an answer is none', async () => {
    const half: Answer = {
      write: (response) => {
        const body = SEVEN[protocol];
        const type = protocol === 'xmlrpc' ? 'text/xml' : 'application/json';
        response.writeHead(200, { 'content-type': type, 'content-length': body.length + 10 });
        response.write(body.slice(0, Math.ceil(body.length / 2)), () => response.destroy());
      },
    };
    const [write, look] = await both(protocol, half);
    expect([write.code, look.code]).toEqual(['unknown', 'unreachable']);
  });

  it('an answer without end is cut off', async () => {
    const endless: Answer = {
      write: (response) => {
        const xml = protocol === 'xmlrpc';
        response.writeHead(200, { 'content-type': xml ? 'text/xml' : 'application/json' });
        response.write(xml ? '<?xml version="1.0"?><methodResponse><params><param><value><string>' : '"');
        const part = 'x'.repeat(1_000_000);
        const more = (): void => {
          if (!response.destroyed) response.write(part, more);
        };
        more();
      },
    };
    const [write, look] = await both(protocol, endless, { deadlineMs: 30_000 });
    expect([write.code, look.code]).toEqual(['unknown', 'malformed']);
    expect(write.message).toBe('the answer of Odoo is too large');
  });

  it.each([
    ['nothing', ''],
    ['no words of any protocol', 'hello'],
    ['words of another one', '<methodResponse>{"result": </methodResponse>'],
    [
      'a date where Odoo gives none',
      SEVEN.xmlrpc.replaceAll('int', 'dateTime.iso8601').replace('7', '20261120T10:00:00'),
    ],
  ])('%s is no answer', async (_what, body) => {
    const type = protocol === 'xmlrpc' ? 'text/xml' : 'application/json';
    const [write, look] = await both(protocol, page(200, body, type));
    expect([write.code, look.code]).toEqual(['malformed', 'malformed']);
  });

  it('an answer that comes when nobody waits any more harms nobody', async () => {
    let answerNow = (): void => undefined;
    api.on('/', {
      write: (response) => {
        answerNow = () => response.end(SEVEN[protocol]);
      },
    });
    expect((await faultOf(ask(protocol, { deadlineMs: 200 }))).code).toBe('unknown');
    answerNow();
    api.on('/', good());
    expect(await ask(protocol)).toBe(7);
  });

  it('the connection ends with the deadline', async () => {
    let ended = false;
    api.on('/', { write: (response) => void response.on('close', () => (ended = true)) });
    await faultOf(ask(protocol, { deadlineMs: 200 }));
    await until('it is closed', () => ended);
  });

  it('a call is given up when it is told to', async () => {
    const stop = new AbortController();
    api.on('/', 'hang');
    const before = api.calls.length;
    const pending = faultOf(ask(protocol, { signal: stop.signal }));
    await until('it was sent', () => api.calls.length > before);
    stop.abort();
    expect(await pending).toMatchObject({ code: 'unknown' });
    expect((await faultOf(ask(protocol, { signal: stop.signal }))).code).toBe('unreachable');
    expect(api.calls.length).toBe(before + 1);
  });

  it('nobody there is nothing done', async () => {
    await api.down();
    try {
      for (const writes of [true, false]) {
        const fault = await faultOf(ask(protocol, { writes }));
        expect(fault).toMatchObject({
          code: 'unreachable',
          message: 'Odoo cannot be reached: nothing answers at its address',
        });
      }
    } finally {
      await api.up();
    }
  });

  it("a certificate of one's own authority is trusted when it is given, and else nothing is sent", async () => {
    const seen: string[] = [];
    const tls = createTlsServer({ cert: LOCALHOST_CERT, key: LOCALHOST_KEY }, (request, response) => {
      seen.push(request.url ?? '');
      response.setHeader('content-type', protocol === 'xmlrpc' ? 'text/xml' : 'application/json');
      request.resume().on('end', () => response.end(SEVEN[protocol]));
    });
    tls.listen(0, '127.0.0.1');
    await once(tls, 'listening');
    const url = `https://localhost:${(tls.address() as AddressInfo).port}`;
    try {
      const fault = await faultOf(ask(protocol, { url }));
      expect(fault.code).toBe('unreachable');
      expect(fault.message).toBe(
        'there is no connection to Odoo that can be trusted: nobody whom this machine trusts vouches for its certificate',
      );
      expect(seen).toEqual([]);
      expect(await ask(protocol, { url, ca: LOCALHOST_CERT })).toBe(7);
      expect(seen).toEqual([PATHS[protocol]]);
    } finally {
      tls.closeAllConnections();
      tls.close();
    }
  });
});

describe('JSON-2 with "404" as a page', () => {
  const notFound = page(404, '<!DOCTYPE html><title>404 Not Found</title>');
  const health = (up: boolean): Answer => ({
    ...{ status: up ? 200 : 500, json: { status: up ? 'pass' : 'fail', db_server_status: up } },
  });

  it('is the wrong database when the database server is well', async () => {
    api.on('/', notFound);
    api.on('/web/health', health(true));
    const before = api.calls.length;
    expect((await faultOf(ask('json2'))).code).toBe('wrong_database');
    expect(api.calls.slice(before)).toHaveLength(3);
  });

  it('is a database server that is down when Odoo says so', async () => {
    api.on('/', notFound);
    api.on('/web/health', health(false));
    expect(await faultOf(ask('json2'))).toMatchObject({ code: 'unreachable', class: 'transient' });
  });

  it('is asked again once: the database may have come back in between', async () => {
    const answers = [notFound, page(200, '7', 'application/json')];
    api.on('/json', () => answers.shift() ?? 'reset');
    api.on('/web/health', health(true));
    expect(await ask('json2')).toBe(7);
  });
});

describe('the way that is chosen by itself', () => {
  const version14 =
    '{"jsonrpc":"2.0","id":1,"result":{"server_version":"14.0","server_version_info":[14,0,0,"final",0,""]}}';
  const xml = (version: string): Answer => ({
    text: `<?xml version='1.0'?><methodResponse><params><param><value><struct><member><name>server_version</name>
<value><string>${version}</string></value></member></struct></value></param></params></methodResponse>`,
  });
  const choose = (): Promise<{ protocol: OdooProtocol; version: string }> =>
    askVersion(addressOf(api.url), 'auto', 5000);
  const web = (version: string): Answer => ({ json: { version, version_info: [] } });
  const closed = page(403);
  const none = page(404);

  it.each([
    ['19.0 over JSON-2', '19.0', 'json2', web('19.0'), none, none],
    ['a hosted 19.0 over JSON-2', '19.0', 'json2', web('19.0+e'), none, none],
    ['14.0 over JSON-RPC', '14.0', 'jsonrpc', none, { text: version14 }, xml('14.0')],
    ['18 with a page of its own over JSON-RPC', '14.0', 'jsonrpc', web('18.0'), { text: version14 }, none],
    [
      'a hosted 18.3 over XML-RPC, when nothing else is open',
      '18.3',
      'xmlrpc',
      closed,
      closed,
      xml('saas~18.3'),
    ],
  ] as const)('is %s', async (_what, version, protocol, one, two, three) => {
    api.on('/', none);
    api.on('/web/version', one);
    api.on('/jsonrpc', two);
    api.on('/xmlrpc/2/common', three);
    expect(await choose()).toEqual({ protocol, version });
  });

  it.each([
    ['no Odoo', none, 'wrong_database'],
    ['a web page', page(200), 'wrong_database'],
    ['a proxy without its server', page(502), 'unreachable'],
  ] as const)('is none where there is %s', async (_what, answer, code) => {
    for (const path of ['/web/version', '/jsonrpc', '/xmlrpc/2/common']) api.on(path, answer);
    expect((await faultOf(choose())).code).toBe(code);
  });
});

describe('an address', () => {
  const open = (change: object): Promise<OdooFault> =>
    faultOf(
      openOdoo({
        ...{ url: api.url, db: 'books', username: 'bot', apiKey: KEY, protocol: 'json2', allow: DRAFT_CALLS },
        ...change,
      }),
    );

  it.each([
    ['plain http to another machine', { url: 'http://books.example.org' }],
    ['another scheme', { url: 'ftp://127.0.0.1' }],
    ['no address at all', { url: 'books' }],
    ['a user in it', { url: 'https://me:secret@books.example.org' }],
    ['a query', { url: 'https://books.example.org/?db=x' }],
    ['a line break in the key', { apiKey: 'a\r\nx-odoo-database: other' }],
    ['a line break in the database', { db: 'books\r\nx: y' }],
  ])('is refused with %s, and nothing is asked', async (_what, change) => {
    const before = api.calls.length;
    expect((await open(change)).code).toBe('invalid_call');
    expect(api.calls.length).toBe(before);
  });

  it('with a key of another user is refused on JSON-2, which asks for no name', async () => {
    const answers: Record<string, OdooValue> = {
      '/web/version': { version: '19.0' },
      '/json/2/res.users/context_get': { lang: 'en_US', tz: false, uid: 7 },
      '/json/2/res.users/read': [{ id: 7, login: 'admin' }],
    };
    for (const [path, json] of Object.entries(answers)) {
      api.on(path, page(200, JSON.stringify(json), 'application/json'));
    }
    expect(await open({})).toMatchObject({
      ...{ code: 'authentication', message: 'the key of Odoo belongs to another user than "bot"' },
    });
  });
});
