/** The real Caddy on 127.0.0.1, with the configuration of deployment/cloud/odoo. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { join } from 'node:path';
import { freePort } from '../../src/demo/free-port.ts';
import { tempDir } from './testdir.ts';
import { until } from './until.ts';

const PROGRAM = '/usr/bin/caddy';
export const CADDYFILE = join(import.meta.dirname, '../../deployment/cloud/odoo/Caddyfile');

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Without TLS, at the other port. */
  readonly plain?: boolean;
}

export interface Caddy {
  readonly httpsPort: number;
  readonly httpPort: number;
  readonly healthPort: number;
  /** The certificate of its own authority, a file. */
  readonly caFile: string;
  /** `path` goes out as it is given; the certificate is verified. */
  ask(path: string, asked?: Asked): Promise<Answer>;
  log(): string;
  stop(): Promise<void>;
}

/**
 * With certificates of an authority of its own, since the name is `localhost`.
 * @param upstream `host:port` of what stands behind it, and the one of its websocket
 */
export async function startCaddy(
  upstream: { readonly http: string; readonly websocket: string },
  caddyfile = CADDYFILE,
): Promise<Caddy> {
  const dir = await tempDir('cy-');
  const [httpsPort, httpPort, healthPort] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(PROGRAM, ['run', '--config', caddyfile, '--adapter', 'caddyfile'], {
    cwd: dir.path,
    env: {
      HOME: dir.path,
      XDG_DATA_HOME: dir.path,
      XDG_CONFIG_HOME: dir.path,
      ODOO_DOMAIN: 'localhost',
      PROXY_BIND: '127.0.0.1',
      PROXY_HTTP_PORT: String(httpPort),
      PROXY_HTTPS_PORT: String(httpsPort),
      PROXY_HEALTH_PORT: String(healthPort),
      ODOO_UPSTREAM: upstream.http,
      ODOO_UPSTREAM_WEBSOCKET: upstream.websocket,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += String(chunk)));
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const stop = async (): Promise<void> => {
    process.off('exit', killAtExit);
    await end(child);
    await dir.remove();
  };
  const caFile = join(dir.path, 'caddy/pki/authorities/local/root.crt');
  const ask = async (path: string, asked: Asked = {}): Promise<Answer> =>
    asked.plain === true
      ? send({ path, port: httpPort }, asked)
      : send({ path, port: httpsPort, ca: await readFile(caFile) }, asked);
  try {
    await until('Caddy answers over TLS', async () => {
      if (child.exitCode !== null) throw new Error(`Caddy ended: ${log}`);
      return ask('/web/database/manager').then(
        () => true,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { httpsPort, httpPort, healthPort, caFile, ask, log: () => log, stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Resolves with the answer also when the other side stopped reading what we send. */
function send(to: { path: string; port: number; ca?: Buffer }, asked: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = asked;
    const options = { host: '127.0.0.1', port: to.port, path: to.path, method, headers, agent: false };
    const start = to.ca === undefined ? plainRequest : secureRequest;
    const secure = { servername: 'localhost', ca: to.ca };
    const named = { ...options, headers: { host: `localhost:${to.port}`, ...headers } };
    const request = start({ ...named, ...(to.ca === undefined ? {} : secure) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
