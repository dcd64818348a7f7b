import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HttpFault, type HttpLimits, type McpHttp, serveHttp } from '../../src/mcp/http.ts';
import { type Calls, register } from '../../src/mcp/tool.ts';
import { type RawAnswer, rawHttp } from '../helpers/raw-http.ts';
import { until } from '../helpers/until.ts';

/** The door of every MCP server of ours on HTTP, tried with bytes that no client library would send. */
const TOKEN = 'a-token-of-some-length';

let server: McpHttp;
let refused: number[];
let errors: unknown[];
let running: number;
let most: number;
let finished: number;
let gate: { readonly opened: Promise<void>; readonly open: () => void };

beforeEach(async () => {
  [refused, errors, running, most, finished] = [[], [], 0, 0, 0];
  gate = makeGate();
  server = await serve({});
});
afterEach(async () => {
  gate.open();
  await server.stop();
});

function makeGate(): typeof gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function serve(limits: Partial<HttpLimits>): Promise<McpHttp> {
  return serveHttp({
    port: 0,
    token: TOKEN,
    make,
    onRefused: (status) => refused.push(status),
    onError: (error) => errors.push(error),
    limits,
  });
}

async function again(limits: Partial<HttpLimits>): Promise<void> {
  await server.stop();
  server = await serve(limits);
}

/** `now` answers at once; `later` when the gate opens. */
function make(calls: Calls): McpServer {
  const mcp = new McpServer({ name: 'test', version: '1' });
  const host = { server: mcp, deps: {}, onError: () => undefined, calls };
  const shape = { input: z.strictObject({}), output: z.strictObject({ n: z.int() }), annotations: {} };
  const words = { title: 'A tool', description: 'A tool.' };
  register({ ...shape, ...words, name: 'now', run: () => Promise.resolve({ n: 1 }) }, host);
  register({ ...shape, ...words, name: 'later', run: later }, host);
  return mcp;
}

async function later(): Promise<{ n: number }> {
  most = Math.max(most, ++running);
  await gate.opened;
  running--;
  finished++;
  return { n: 2 };
}

function call(tool: string, id = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: tool, arguments: {} } });
}

interface Head {
  readonly method?: string;
  readonly path?: string;
  /** null leaves the header out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly extra?: readonly string[];
  readonly body?: string;
}

/** A request that is right in everything that `change` does not name. */
function request({
  method = 'POST',
  path = '/mcp',
  headers = {},
  extra = [],
  body = call('now'),
}: Head): string {
  const all: Record<string, string | null> = {
    host: `127.0.0.1:${server.port}`,
    authorization: `Bearer ${TOKEN}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : `${name}: ${value}`));
  return [`${method} ${path} HTTP/1.1`, ...lines, ...extra, '', body].join('\r\n');
}

const send = (change: Head): Promise<RawAnswer> => rawHttp(server.port, request(change), { once: true });

/** What was sent before has reached the server when these have come and gone. */
async function seen(): Promise<void> {
  for (let n = 0; n < 20; n++) await send({ path: '/' });
}

describe('a call of somebody who may', () => {
  it.each([
    { what: 'as a program sends it', headers: {} },
    { what: 'by the name localhost', headers: { host: 'LOCALHOST' } },
    { what: 'with the scheme in any case', headers: { authorization: `bearer   ${TOKEN}` } },
    { what: 'from a page of this machine', headers: { origin: 'http://localhost:6274' } },
    { what: 'with a charset', headers: { 'content-type': 'Application/JSON; charset=utf-8' } },
  ])('is answered: $what', async ({ headers }) => {
    const host = headers.host === undefined ? {} : { host: `${headers.host}:${server.port}` };
    const { status, text } = await send({ headers: { ...headers, ...host } });
    expect(status, text).toBe(200);
    expect(text).toContain('"structuredContent":{"n":1}');
    expect(text).toMatch(/content-type: application\/json/i);
    expect(text).toMatch(/cache-control: no-store/i);
    expect(refused).toEqual([]);
  });

  it('is answered although two hundred others call at the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, id) =>
        rawHttp(server.port, request({ body: call('now', id) }), { once: true }),
      ),
    );
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const ids = answers.map(({ text }) => Number(/"id":(\d+)/.exec(text)?.[1]));
    expect(ids).toEqual(Array.from({ length: 200 }, (_, id) => id));
    expect(errors).toEqual([]);
  });

  it('waits its turn when many are worked on, and none is lost', async () => {
    await again({ calls: 3 });
    const answers = Array.from({ length: 12 }, (_, id) => send({ body: call('later', id) }));
    await until('three run', () => running === 3);
    gate.open();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(12).fill(200));
    expect(most).toBe(3);
  });

  it('keeps its turn until the tool is done, also when the caller hangs up', async () => {
    await again({ calls: 1 });
    const socket = connect(server.port, '127.0.0.1', () => socket.write(request({ body: call('later') })));
    await until('it runs', () => running === 1);
    socket.destroy();
    const next = send({ body: call('later') });
    const other = send({});
    await seen();
    expect(running).toBe(1);
    gate.open();
    expect([(await next).status, (await other).status]).toEqual([200, 200]);
    expect(most).toBe(1);
    expect(errors).toEqual([]);
  });
});

describe('a call of somebody else', () => {
  it.each([
    ['another Host', 403, { host: 'evil.example' }],
    ['another Host on the right port', 403, { host: 'evil.example:PORT' }],
    ['the right Host on another port', 403, { host: '127.0.0.1:1' }],
    ['a Host that begins like ours', 403, { host: '127.0.0.1:PORT.evil.example' }],
    ['no Host', 400, { host: null }],
    ['the Origin of a page elsewhere', 403, { origin: 'https://evil.example' }],
    ['an Origin that begins like ours', 403, { origin: 'http://localhost.evil.example' }],
    ['the Origin of a file or a sandbox', 403, { origin: 'null' }],
    ['an empty Origin', 403, { origin: '' }],
    ['no token', 401, { authorization: null }],
    ['an empty token', 401, { authorization: 'Bearer ' }],
    ['another token', 401, { authorization: 'Bearer not-that-token-at-all' }],
    ['half of the token', 401, { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['the token and more', 401, { authorization: `Bearer ${TOKEN}x` }],
    ['the token under another scheme', 401, { authorization: `Basic ${TOKEN}` }],
  ] as const)('with %s is turned away with %i', async (_what, expected, change) => {
    const headers = Object.fromEntries(
      Object.entries(change).map(([k, v]) => [k, v?.replace('PORT', String(server.port)) ?? null]),
    );
    const { status, text } = await send({ headers });
    expect(status).toBe(expected);
    expect(text).toMatch(/connection: close/i);
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('structuredContent');
    // What has no Host at all Node itself turns away.
    expect(refused).toEqual(expected === 400 ? [] : [expected]);
  });

  it('says that a token is needed, in the way of HTTP', async () => {
    expect((await send({ headers: { authorization: null } })).text).toMatch(/www-authenticate: bearer/i);
  });

  it.each([
    ['two tokens', 401, [`authorization: Bearer ${TOKEN}`]],
    ['two origins', 403, ['origin: http://localhost', 'origin: https://evil.example']],
  ] as const)('with %s is turned away with %i', async (_what, expected, extra) => {
    expect((await send({ extra })).status).toBe(expected);
  });

  it('with two Hosts gets no answer of a tool', async () => {
    const { status } = await send({ extra: ['host: evil.example'] });
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('is not reached on another address of this machine', async () => {
    await expect(rawHttp(server.port, request({}), { host: '127.0.0.2' })).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a call that is wrong', () => {
  it.each([
    ['/', 404],
    ['/mcp/', 404],
    ['/mcp?x=1', 404],
    ['/../mcp', 404],
    ['http://evil.example/mcp', 404],
  ])('to %s is answered with %i', async (path, expected) => {
    const { status, text } = await send({ path });
    expect(status).toBe(expected);
    expect(text.toLowerCase()).toContain('not found');
  });

  it.each(['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'HEAD'])(
    'by %s hears 405 and what is allowed',
    async (method) => {
      const { status, text } = await send({ method });
      expect(status).toBe(405);
      expect(text).toMatch(/allow: POST\r/i);
    },
  );

  it('tells nobody without the token which methods there are', async () => {
    expect((await send({ method: 'GET', headers: { authorization: null } })).status).toBe(401);
  });

  it.each([
    ['no JSON', 400, { body: '{"jsonrpc":' }],
    ['no UTF-8', 400, { body: '"\xff\xfe"', headers: { 'content-length': '4' } }],
    ['no message', 400, { body: 'null' }],
    ['many messages', 400, { body: `[${call('now')},${call('now')}]` }],
    ['another type', 415, { headers: { 'content-type': 'text/plain' } }],
    ['a client that reads no JSON', 406, { headers: { accept: 'text/html' } }],
    ['an unknown version of the protocol', 400, { headers: { 'mcp-protocol-version': '1999-01-01' } }],
  ] as const)('with %s is answered with %i', async (_what, expected, change) => {
    const bytes = Buffer.from(request(change), 'latin1');
    expect((await rawHttp(server.port, bytes, { once: true })).status).toBe(expected);
    expect(errors).toEqual([]);
  });

  it('is turned away by the length it announces, before it sends it', async () => {
    const head = request({ headers: { 'content-length': '100000000' }, body: '' });
    expect((await rawHttp(server.port, head)).status).toBe(413);
  });

  it('is turned away as soon as it is too long, when it announces nothing', async () => {
    await again({ bodyBytes: 1000 });
    const head = request({ headers: { 'content-length': null, 'transfer-encoding': 'chunked' }, body: '' });
    const chunk = `200\r\n${'x'.repeat(512)}\r\n`;
    const { status } = await rawHttp(server.port, head + chunk.repeat(50));
    expect(status).toBe(413);
  });

  it('is not asked to upload when it would be turned away', async () => {
    const headers = { authorization: null, expect: '100-continue' };
    const refusedFirst = await rawHttp(server.port, request({ headers, body: '' }));
    expect(refusedFirst.text).not.toContain('100 Continue');
    expect(refusedFirst.status).toBe(401);
    const body = call('now');
    const head = { expect: '100-continue', 'content-length': String(body.length) };
    let asked = false;
    const welcome = await rawHttp(server.port, request({ headers: head, body: '' }), {
      once: false,
      then: (more, sofar) => {
        if (!asked && sofar.includes('100 Continue')) more(body);
        asked = true;
        if (sofar.includes('structuredContent')) void server.stop();
      },
    });
    expect(welcome.text).toContain('structuredContent');
  });

  it('with endless headers is cut off', async () => {
    const { status } = await send({ extra: [`x: ${'y'.repeat(20_000)}`] });
    expect(status).toBe(431);
  });
});

describe('a slow client', () => {
  beforeEach(() => again({ headersMs: 300, requestMs: 600, silenceMs: 1_500 }));

  it('that says nothing is cut off', async () => {
    expect([0, 408]).toContain((await rawHttp(server.port, '')).status);
  });

  it('that drips its headers is cut off', async () => {
    let drip: NodeJS.Timeout | undefined;
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write('POST /mcp HTTP/1.1\r\n');
      drip = setInterval(() => socket.write('x: y\r\n'), 50);
    });
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    clearInterval(drip);
  });

  it('that drips its body is cut off, and no error is made of it', async () => {
    let drip: NodeJS.Timeout | undefined;
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(request({ headers: { 'content-length': '5000' }, body: '' }));
      drip = setInterval(() => socket.write('x'), 50);
    });
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    clearInterval(drip);
    expect(errors).toEqual([]);
  });

  it('does not keep others from being answered', async () => {
    const idle = Array.from({ length: 100 }, () => rawHttp(server.port, 'POST /mcp HTTP/1.1\r\n'));
    expect((await send({})).status).toBe(200);
    await Promise.all(idle);
  });
});

describe('the end of the server', () => {
  it('comes after the call under way was answered, and takes no new one', async () => {
    const under = send({ body: call('later') });
    await until('it runs', () => running === 1);
    let stopped = false;
    const stopping = server.stop().then(() => {
      stopped = true;
    });
    await expect(rawHttp(server.port, request({}))).rejects.toThrow('ECONNREFUSED');
    expect(stopped).toBe(false);
    gate.open();
    const { status, text } = await under;
    expect(status).toBe(200);
    expect(text).toMatch(/connection: close/i);
    await stopping;
  });

  it('waits for a tool whose caller hung up', async () => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(request({ body: call('later') })));
    await until('it runs', () => running === 1);
    socket.destroy();
    const stopping = server.stop();
    gate.open();
    await stopping;
    expect(finished).toBe(1);
  });

  it('does not wait for a connection that is kept, nor for half a request', async () => {
    const kept = rawHttp(server.port, request({}));
    const half = rawHttp(server.port, request({ headers: { 'content-length': '500' } }));
    await seen();
    await server.stop();
    expect((await kept).status).toBe(200);
    expect((await half).status).toBe(0);
  });

  it('comes in the end although a call never returns', async () => {
    await again({ stopMs: 200 });
    const hung = send({ body: call('later') });
    await until('it runs', () => running === 1);
    await server.stop();
    expect((await hung).status).toBe(0);
  });
});

describe('a server that cannot be', () => {
  it('says that its port is taken', async () => {
    const second = serveHttp({ port: server.port, token: TOKEN, make, onRefused: () => 0, onError: () => 0 });
    await expect(second).rejects.toThrow(HttpFault);
    await expect(second).rejects.toThrow(`port ${server.port} of 127.0.0.1 is taken`);
  });

  it('is none without a token', async () => {
    const open = serveHttp({ port: 0, token: '', make, onRefused: () => 0, onError: () => 0 });
    await expect(open).rejects.toMatchObject({ code: 'no-token' });
  });
});
