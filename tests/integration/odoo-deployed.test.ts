/** The deployment's odoo.conf and Caddyfile together, on a real Odoo 19 with worker processes. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DRAFT_CALLS } from '../../src/odoo/allow-list.ts';
import { OdooFault } from '../../src/odoo/faults.ts';
import { openOdoo } from '../../src/odoo/open-odoo.ts';
import { type Caddy, startCaddy } from '../helpers/caddy.ts';
import { type DeployedOdoo, startDeployedOdoo } from '../helpers/deployed-odoo.ts';

vi.setConfig({ testTimeout: 240_000 });

let odoo: DeployedOdoo;
let caddy: Caddy;

beforeAll(async () => {
  odoo = await startDeployedOdoo();
  caddy = await startCaddy(odoo.upstream);
}, 120_000);
afterAll(async () => {
  await caddy.stop();
  await odoo.stop();
});

const KEY = (): Record<string, string> => ({
  authorization: `bearer ${odoo.adminKey}`,
  'content-type': 'application/json',
});
const VERSION = JSON.stringify({
  jsonrpc: '2.0',
  method: 'call',
  params: { service: 'common', method: 'version', args: [] },
});

describe('Odoo with the settings of the deployment', () => {
  it('answers through the proxy, and so does its database', async () => {
    expect(await caddy.ask('/web/health?db_server_status=1')).toMatchObject({ status: 200 });
    const login = await caddy.ask('/web/login');
    expect(login.status).toBe(200);
    expect(login.body).toContain('name="login"');
    expect(login.headers['set-cookie']?.join('\n')).toMatch(/^session_id=.*HttpOnly.*; Secure$/m);
  });

  it('serves JSON-2 with a key, and needs no name of the database for it', async () => {
    const body = JSON.stringify({ domain: [['login', '=', 'admin']], fields: ['login'] });
    const answer = await caddy.ask('/json/2/res.users/search_read', { method: 'POST', headers: KEY(), body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject([{ login: 'admin' }]);
  });

  it('has one database for everyone: another one of the same PostgreSQL cannot be named', async () => {
    await odoo.sql('CREATE DATABASE practice', 'postgres');
    const named = { ...KEY(), 'x-odoo-database': 'practice' };
    const ask = { method: 'POST', headers: named, body: JSON.stringify({ domain: [] }) };
    expect((await caddy.ask('/json/2/res.users/search_count', ask)).status).toBe(404);
    // That one is empty: whoever got there would get no page.
    expect((await caddy.ask('/web/login?db=practice')).status).toBe(200);
  });

  it('closes what Odoo itself leaves open: the pages of the database manager', async () => {
    const itself = await fetch(`${odoo.url}/web/database/selector`);
    const behind = await caddy.ask('/web/database/selector');
    // The reason for the rule. When Odoo closes it itself, this says so.
    expect([itself.status, behind.status]).toEqual([200, 403]);
  });

  it('closes XML-RPC and JSON-RPC, under a language too, where Odoo answers them', async () => {
    const headers = { 'content-type': 'application/json' };
    for (const path of ['/jsonrpc', '/en_US/jsonrpc']) {
      expect((await caddy.ask(path, { method: 'POST', headers, body: VERSION })).status, path).toBe(403);
    }
    const itself = await fetch(`${odoo.url}/jsonrpc`, { method: 'POST', headers, body: VERSION });
    expect(await itself.json()).toMatchObject({
      result: { server_version: expect.stringMatching(/^19/) as string },
    });
  });

  it('writes no warning for each call of an older client that was let through', async () => {
    const headers = { 'content-type': 'application/json' };
    await fetch(`${odoo.url}/jsonrpc`, { method: 'POST', headers, body: VERSION });
    await fetch(`${odoo.url}/xmlrpc/2/common`, {
      method: 'POST',
      body: '<?xml version="1.0"?><methodCall><methodName>version</methodName><params/></methodCall>',
    });
    expect(await odoo.log()).not.toMatch(/deprecat/i);
  });

  it('believes the proxy about https: its own links say so', async () => {
    const { headers, status } = await caddy.ask('/odoo');
    expect(status).toBe(303);
    expect(headers.location).toMatch(/^(https:\/\/localhost|\/)/);
  });

  it('opens a websocket through the proxy', async () => {
    const ca = await readFile(caddy.caFile);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: caddy.httpsPort, servername: 'localhost', ca });
      socket.once('error', reject);
      socket.once('data', (chunk) => {
        resolve(String(chunk));
        socket.destroy();
      });
      socket.write(
        [
          'GET /websocket?version=19.0-1 HTTP/1.1',
          `Host: localhost:${caddy.httpsPort}`,
          `Origin: https://localhost:${caddy.httpsPort}`,
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          '\r\n',
        ].join('\r\n'),
      );
    });
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });

  it('gives our own client, through the closed proxy, the best of the three ways', async () => {
    const settings = {
      url: `https://localhost:${caddy.httpsPort}`,
      db: 'books',
      username: 'admin',
      apiKey: odoo.adminKey,
      protocol: 'auto',
      ca: await readFile(caddy.caFile, 'utf8'),
      allow: DRAFT_CALLS,
    } as const;
    const client = await openOdoo(settings);
    expect(client).toMatchObject({ protocol: 'json2', version: expect.stringMatching(/^19/) as string });
    await expect(openOdoo({ ...settings, protocol: 'jsonrpc' })).rejects.toThrow(OdooFault);
    await expect(openOdoo({ ...settings, protocol: 'xmlrpc' })).rejects.toThrow(OdooFault);
  });

  it('takes the draft guard, and its key can draft and not post: what docs/odoo-deployment.md asks for', async () => {
    const env = {
      ODOO_URL: `https://localhost:${caddy.httpsPort}`,
      ODOO_DB: 'books',
      TLS_CA_FILE: caddy.caFile,
      VAULT_DIR: join(odoo.root, 'vault'),
      STATE_DIR: join(odoo.root, 'state'),
      HOME: odoo.root,
      PATH: process.env['PATH'] ?? '',
    };
    const handover = (args: readonly string[], more: Record<string, string>) =>
      execa(
        process.execPath,
        ['--import', 'tsx', 'src/cli/handover.ts', 'odoo', 'guard', ...args, '--json'],
        {
          cwd: join(import.meta.dirname, '../..'),
          extendEnv: false,
          reject: false,
          env: { ...env, ...more },
        },
      );
    const admin = { ODOO_ADMIN_USERNAME: 'admin', ODOO_ADMIN_API_KEY: odoo.adminKey };
    const installed = await handover(['install', '--bot', 'draft-bot', '--yes'], admin);
    expect(installed.stderr).toBe('');
    const { key } = JSON.parse(installed.stdout) as { key: { username: string; key: string } };
    const bot = { ODOO_USERNAME: key.username, ODOO_API_KEY: key.key };
    expect(JSON.parse((await handover(['check'], bot)).stdout)).toMatchObject({ ok: true });
    const asAdmin = { ODOO_USERNAME: 'admin', ODOO_API_KEY: odoo.adminKey };
    expect(JSON.parse((await handover(['check'], asAdmin)).stdout)).toMatchObject({ ok: false });
  });

  it('ends by itself when PostgreSQL goes away, which is why its container is restarted', async () => {
    // Measured: with workers, Odoo 19 gives up as soon as it has to replace one of them.
    await odoo.stopDatabase();
    await odoo.odooEnds();
    expect((await caddy.ask('/web/login')).status).toBe(502);
    await odoo.startDatabase();
    await odoo.stopOdoo();
    await odoo.startOdoo();
    expect((await caddy.ask('/web/health?db_server_status=1')).status).toBe(200);
  });
});

describe('monitor.sh', () => {
  it('says that all is right, certificate included, and exits with 0', async () => {
    expect((await odoo.script('backup.sh')).code).toBe(0);
    const { code, said } = await odoo.script('monitor.sh', [], {
      MONITOR_URL: `https://localhost:${caddy.httpsPort}`,
      MONITOR_CA_FILE: caddy.caFile,
      CERTIFICATE_MIN_DAYS: '0',
    });
    expect(said.split('\n').map((line) => line.split(/\s+/, 2).join(' '))).toEqual([
      'ok odoo',
      'ok database',
      'ok certificate',
      'ok disk',
      'ok backup',
    ]);
    expect(code).toBe(0);
    const quiet = await odoo.script('monitor.sh', ['--quiet', '--only', 'backup']);
    expect(quiet).toEqual({ code: 0, said: '' });
  });

  it('sees a certificate that runs out, one of an authority nobody knows, and one of another name', async () => {
    const look = (env: Record<string, string>) =>
      odoo.script('monitor.sh', ['--only', 'certificate'], {
        MONITOR_URL: `https://localhost:${caddy.httpsPort}`,
        ...env,
      });
    const known = { MONITOR_CA_FILE: caddy.caFile };
    // Caddy's own certificates live for twelve hours.
    expect(await look(known)).toMatchObject({
      code: 2,
      said: expect.stringMatching(/0 days left, at least 14/) as string,
    });
    const cases = [
      await look({ CERTIFICATE_MIN_DAYS: '0' }),
      await look({
        ...known,
        MONITOR_URL: `https://127.0.0.1:${caddy.httpsPort}`,
        CERTIFICATE_MIN_DAYS: '0',
      }),
    ];
    for (const { code, said } of cases)
      expect({ code, said }).toMatchObject({
        code: 2,
        said: expect.stringContaining('not valid for') as string,
      });
    expect(await odoo.script('monitor.sh', ['--only', 'certificate'])).toMatchObject({ code: 1 });
  });

  it('tells PostgreSQL down from Odoo down', async () => {
    const look = async (name: string): Promise<[string, number]> => {
      const { said, code } = await odoo.script('monitor.sh', ['--only', name]);
      return [said.replace(/ +/g, ' '), code];
    };
    await odoo.stopOdoo();
    expect((await look('odoo'))[1]).toBe(2);
    expect(await look('database')).toEqual(['LOOK database takes connections; Odoo cannot be asked', 1]);
    await odoo.stopDatabase();
    expect(await look('database')).toEqual(['WRONG database PostgreSQL takes no connections', 2]);
    await odoo.startDatabase();
    await odoo.startOdoo();
    expect(await look('database')).toEqual(['ok database answers, and Odoo reaches it', 0]);
  });

  it('sees an Odoo that answers while its database does not', async () => {
    const half = createServer(({ url }, response) => {
      response.statusCode = url === '/web/health' ? 200 : 500;
      response.end();
    });
    await new Promise<void>((resolve) => half.listen(0, '127.0.0.1', resolve));
    const { port } = half.address() as AddressInfo;
    const { code, said } = await odoo.script('monitor.sh', ['--quiet'], {
      MONITOR_URL: `http://127.0.0.1:${port}`,
    });
    half.close();
    expect(said).toContain('WRONG  database     takes connections, but Odoo does not reach it (500)');
    expect(said).not.toContain('odoo  ');
    expect(code).toBe(2);
  });

  it('sees a disk with less room than wanted', async () => {
    const look = (percent: string) =>
      odoo.script('monitor.sh', ['--only', 'disk'], { DISK_MIN_FREE_PERCENT: percent });
    expect(await look('0')).toMatchObject({ code: 0 });
    expect(await look('100')).toMatchObject({
      code: 2,
      said: expect.stringContaining('at least 100 % wanted') as string,
    });
    expect((await look('ten')).code).toBe(1);
  });
});
