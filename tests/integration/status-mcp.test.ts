import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Agent } from '../../src/core/states.ts';
import { agents } from '../../src/mcp/status/agents.ts';
import { queue } from '../../src/mcp/status/queue.ts';
import { sync } from '../../src/mcp/status/sync.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { mcpOverHttp, mcpOverStdio, startMain } from '../helpers/mcp-process.ts';
import { askTool } from '../helpers/status-client.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

/** The two entries as they are started, and the SDK's own client. */
const TOKEN = 'the-token-of-this-test';
const MAINS = {
  'cloud-agent': 'src/cloud/status-mcp.main.ts',
  'local-agent': 'src/local/status-mcp.main.ts',
};
const HOSTS = ['cloud-agent', 'local-agent'] as const satisfies readonly Agent[];

let dir: string;
let port: number;

beforeEach(async () => {
  dir = await testDir();
  port = await freePort();
  await mkdir(join(dir, 'vault/Pending_Approval/email'), { recursive: true });
  await writeFile(join(dir, 'vault/Pending_Approval/email/A em-0123456789abcdef.md'), '---\nid: x\n---\n');
  // A developer's own .env must not reach the process.
  await writeFile(join(dir, 'env'), '', { mode: 0o600 });
});

function environment(extra: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    ENV_FILE: join(dir, 'env'),
    VAULT_DIR: join(dir, 'vault'),
    STATE_DIR: join(dir, 'state'),
    STATUS_MCP_PORT: String(port),
    STATUS_MCP_TOKEN: TOKEN,
    LOG_LEVEL: 'trace',
    ...extra,
  };
}

const start = (host: Agent, env: Record<string, string> = {}) => startMain(MAINS[host], environment(env));
const overHttp = (token = TOKEN): Promise<Client> => mcpOverHttp(port, token);
const overStdio = (host: Agent, env: Record<string, string> = {}): Promise<Client> =>
  mcpOverStdio(MAINS[host], environment(env));

const heartbeat = async (host: Agent): Promise<string> =>
  readFile(join(dir, `vault/Updates/${host}/status-mcp.json`), 'utf8').catch(() => '');

describe.each(HOSTS)('status-mcp of the %s', (host) => {
  it('answers the client of the SDK on HTTP, and stops when asked', async () => {
    const server = start(host);
    await server.ready();
    const client = await overHttp();
    expect(client.getServerVersion()?.name).toBe('handover-status');
    const { states } = await askTool(client, queue);
    expect(states).toContainEqual(expect.objectContaining({ folder: 'Pending_Approval/email', total: 1 }));
    const { processes } = await askTool(client, agents);
    const self = processes.find((one) => one.process === 'status-mcp' && one.agent === host);
    expect(self?.seen).toEqual({ presence: 'alive', state: 'ok' });
    server.child.kill('SIGTERM');
    expect((await server.gone)[0]).toBe(0);
    expect(await heartbeat(host)).toContain('"state":"stopped"');
  });

  it('answers on stdio without port, token, lock or heartbeat', async () => {
    const client = await overStdio(host, { STATUS_MCP_TOKEN: '', STATUS_MCP_PORT: '' });
    const second = await overStdio(host);
    for (const one of [client, second]) {
      expect((await askTool(one, queue)).states).toContainEqual(
        expect.objectContaining({ folder: 'Pending_Approval/email', total: 1 }),
      );
      expect((await askTool(one, sync)).sync).toBe('off');
    }
    // It makes nothing, neither in the vault nor beside it.
    expect((await readdir(join(dir, 'vault'))).sort()).toEqual(['Pending_Approval']);
    expect((await readdir(dir)).sort()).toEqual(['env', 'vault']);
  });

  it('offers on HTTP what it offers on stdio', async () => {
    const server = start(host);
    await server.ready();
    const [http, stdio] = [await overHttp(), await overStdio(host)];
    expect((await http.listTools()).tools).toEqual((await stdio.listTools()).tools);
  });
});

describe('status-mcp on HTTP', () => {
  it('answers two hundred calls at once, and what it logs holds no token and no path', async () => {
    const server = start('local-agent');
    await server.ready();
    const client = await overHttp();
    const answers = await Promise.all(Array.from({ length: 200 }, () => askTool(client, queue)));
    expect(new Set(answers.map(({ states }) => states.length)).size).toBe(1);
    await expect(overHttp('not-the-token-of-this-test')).rejects.toThrow('bearer token');
    await fetch(`http://127.0.0.1:${port}/secret-path`, { headers: { origin: 'https://evil.example' } });
    await until('the refusals are logged', () => server.output().includes('"status":403'));
    expect(server.output()).toContain('"status":401');
    for (const word of [TOKEN, 'not-the-token', 'secret-path', 'evil.example', 'authorization']) {
      expect(server.output()).not.toContain(word);
    }
  });

  it('ends with 78 and every fault told when it has no token', async () => {
    const server = start('local-agent', { STATUS_MCP_TOKEN: '', VAULT_DIR: '' });
    expect((await server.gone)[0]).toBe(78);
    expect(server.output()).toContain('STATUS_MCP_TOKEN is missing');
    expect(server.output()).toContain('VAULT_DIR is missing');
  });

  it('ends with 78 when its token is one that could be guessed, and does not show it', async () => {
    const server = start('cloud-agent', { STATUS_MCP_TOKEN: 'guess-me' });
    expect((await server.gone)[0]).toBe(78);
    expect(server.output()).toContain('STATUS_MCP_TOKEN');
    expect(server.output()).not.toContain('guess-me');
  });

  it('is not started twice', async () => {
    const first = start('local-agent');
    await first.ready();
    const second = start('cloud-agent', { STATUS_MCP_PORT: String(await freePort()) });
    expect((await second.gone)[0]).toBe(1);
    expect(second.output()).toContain('not started twice');
    await overHttp();
  });

  it('says so when its port is taken', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const server = start('local-agent');
    expect((await server.gone)[0]).toBe(1);
    expect(server.output()).toContain(`port ${port} of 127.0.0.1 is taken by another program`);
  });

  it('says in its answer, not by dying, that Syncthing is away', async () => {
    const server = start('local-agent', {
      SYNC: 'syncthing',
      SYNCTHING_URL: `http://127.0.0.1:${await freePort()}`,
      SYNCTHING_API_KEY: 'some-key-of-syncthing',
    });
    await server.ready();
    const client = await overHttp();
    expect(await askTool(client, sync)).toMatchObject({ sync: 'unknown', folder: null });
    expect(server.output()).not.toContain('some-key-of-syncthing');
  });
});
