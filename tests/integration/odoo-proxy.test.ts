/** The real Caddy with deployment/cloud/odoo/Caddyfile, before a server that tells what reached it. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CADDYFILE, type Caddy, startCaddy } from '../helpers/caddy.ts';
import { tempDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

/** Answers with what it saw; what was asked of it, in order. */
async function echo(name: string): Promise<{ server: Server; at: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('error', () => response.destroy());
    request.on('end', () => {
      response.setHeader('set-cookie', ['session_id=abc; HttpOnly; Path=/', 'frontend_lang=en_US; Path=/']);
      response.setHeader('server', 'Werkzeug');
      response.end(JSON.stringify({ name, url: request.url, headers: request.headers, bytes }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, at: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

let odoo: Awaited<ReturnType<typeof echo>>;
let websocket: Awaited<ReturnType<typeof echo>>;
let caddy: Caddy;

beforeAll(async () => {
  odoo = await echo('odoo');
  websocket = await echo('websocket');
  caddy = await startCaddy({ http: odoo.at, websocket: websocket.at });
});
afterAll(async () => {
  await caddy.stop();
  for (const { server } of [odoo, websocket]) {
    server.closeAllConnections();
    server.close();
  }
});

const DATABASES = [
  ...['/web/database', '/web/database/', '/web/database/manager', '/web/database/selector?x=1'],
  ...['/web//database/manager', '//web/database/manager', '/web/%64atabase/backup', '/WEB/Database/drop'],
  ...['/en/web/database/manager', '/en_US/web/database/restore', '/sr@latin/web/database/create'],
  ...['/x/../web/database/manager', '/web/./database/manager', '/web/database%2Fmanager'],
];
const RPC = [
  ...['/xmlrpc', '/xmlrpc/', '/xmlrpc/2/common', '/xmlrpc/2/object', '/xmlrpc/db', '/jsonrpc', '/jsonrpc/'],
  ...['//xmlrpc/2/object', '/%78mlrpc/2/object', '/XMLRPC/2', '/en_US/xmlrpc/2/common', '/fr/jsonrpc'],
  ...['/x/../jsonrpc', '/./xmlrpc/2/common', '/xmlrpc%2F2%2Fcommon', '/jsonrpc?x=1'],
];

describe('the proxy', () => {
  it.each(DATABASES)('closes the database manager: %s', async (path) => {
    const before = odoo.seen.length;
    expect(await caddy.ask(path, { method: 'POST' })).toMatchObject({ status: 403, body: 'Closed.' });
    expect(odoo.seen.length).toBe(before);
  });

  it.each(RPC)('closes XML-RPC and JSON-RPC: %s', async (path) => {
    const before = odoo.seen.length;
    expect((await caddy.ask(path, { method: 'POST', body: '<methodCall/>' })).status).toBe(403);
    expect(odoo.seen.length).toBe(before);
  });

  it.each([
    ...['/', '/web/login', '/odoo/accounting', '/web/health?db_server_status=1', '/web/dataset/call_kw'],
    ...[
      '/json/2/account.move/search',
      '/web/content/7/xmlrpc.pdf',
      '/web/databases-of-mine',
      '/shop/jsonrpc',
    ],
  ])('lets through: %s', async (path) => {
    const answer = await caddy.ask(path);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ name: 'odoo', url: path });
  });

  it('opens them when the one line is commented out, and only them', async () => {
    const dir = await tempDir();
    const file = join(dir.path, 'Caddyfile');
    const text = await readFile(CADDYFILE, 'utf8');
    const opened = text.replace(/^\timport rpc_closed$/m, '\t# import rpc_closed');
    expect(opened).not.toBe(text);
    await writeFile(file, opened);
    const open = await startCaddy({ http: odoo.at, websocket: websocket.at }, file);
    try {
      expect((await open.ask('/xmlrpc/2/common', { method: 'POST' })).status).toBe(200);
      expect((await open.ask('/jsonrpc', { method: 'POST' })).status).toBe(200);
      expect((await open.ask('/web/database/manager')).status).toBe(403);
    } finally {
      await open.stop();
      await dir.remove();
    }
  });

  it('sends websockets to their own process', async () => {
    expect(JSON.parse((await caddy.ask('/websocket?version=1')).body)).toMatchObject({ name: 'websocket' });
    expect(JSON.parse((await caddy.ask('/websocket/health')).body)).toMatchObject({ name: 'websocket' });
  });

  it('says that this name is for HTTPS alone, also to a browser that came without', async () => {
    const answer = await caddy.ask('/web');
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers.server).toBeUndefined();
    const plain = await caddy.ask('/web/login', { plain: true });
    expect(plain.status).toBe(308);
    expect(plain.headers.location).toMatch(/^https:\/\/localhost[:/]/);
  });

  it('marks the session cookie as one for HTTPS, and leaves the others', async () => {
    expect((await caddy.ask('/web')).headers['set-cookie']).toEqual([
      'session_id=abc; HttpOnly; Path=/; Secure',
      'frontend_lang=en_US; Path=/',
    ]);
  });

  it('tells Odoo who asks, whatever the asker says of himself, and lets nobody choose the database', async () => {
    const lies = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'elsewhere.example.org',
      'x-odoo-dbfilter': 'practice',
    };
    const { body } = await caddy.ask('/web', { headers: lies });
    const { headers } = JSON.parse(body) as { headers: Record<string, string> };
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': `localhost:${caddy.httpsPort}`,
    });
    expect(headers).not.toHaveProperty('x-odoo-dbfilter');
  });

  it('takes 16 MB from a key and 128 MB from a browser', async () => {
    const post = async (path: string, megabytes: number): Promise<number> =>
      (await caddy.ask(path, { method: 'POST', body: Buffer.alloc(megabytes * 1_000_000) })).status;
    expect(await post('/json/2/ir.attachment/create', 15)).toBe(200);
    // Cut off while it is being sent: an answer or a broken connection, and never Odoo's answer.
    expect(await post('/json/2/ir.attachment/create', 17).catch(() => 0)).not.toBe(200);
    expect(await post('/web/binary/upload_attachment', 17)).toBe(200);
  });

  it('writes a log without keys, cookies and tokens in addresses', async () => {
    await caddy.ask('/web/content/7?access_token=token-1&x=seen', {
      headers: { authorization: 'bearer key-1', cookie: 'session_id=cookie-1' },
    });
    await until('the line is written', () => caddy.log().includes('x=seen'));
    expect(caddy.log()).not.toMatch(/token-1|key-1|cookie-1/);
  });

  it('does not tell Odoo’s host from others: another name gets no answer of Odoo’s', async () => {
    const before = odoo.seen.length;
    const answer = await caddy.ask('/web', { headers: { host: 'elsewhere.example.org' } });
    expect(answer.body).toBe('');
    expect(odoo.seen.length).toBe(before);
  });

  it('is well by itself, for the container’s health check, while Odoo is down', async () => {
    const alone = await startCaddy({ http: '127.0.0.1:1', websocket: '127.0.0.1:1' });
    try {
      const answer = await fetch(`http://127.0.0.1:${alone.healthPort}/`);
      expect(answer.status).toBe(200);
      expect((await alone.ask('/web')).status).toBe(502);
    } finally {
      await alone.stop();
    }
  });
});
