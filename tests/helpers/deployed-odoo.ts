/**
 * A real Odoo 19 with the settings that setup.sh writes for the deployment: the same odoo.conf, with worker
 * processes. What differs are folders and ports.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { freePort } from '../../src/demo/free-port.ts';
import type { OdooServer } from './odoo.ts';
import { makeKey } from './odoo-keys.ts';
import { DATABASE, lowUser, ODOO_PROGRAM, ODOO_PYTHON, PATH, postgresPrograms } from './odoo-place.ts';
import { odooCommand, type OdooParts, psql, type Running, startPostgres } from './odoo-processes.ts';
import { type Ran, runScript } from './odoo-scripts.ts';
import { unpackTemplate } from './odoo-template.ts';
import { tempDir } from './testdir.ts';
import { until } from './until.ts';

/** As the package starts it. `python3 -m odoo` does not do with workers: it cannot start its websocket process. */

/** `url` is Odoo itself, behind no proxy; `stopOdoo` ends its workers too, without warning. */
export interface DeployedOdoo
  extends Pick<OdooServer, 'url' | 'call' | 'log' | 'stop' | 'stopDatabase' | 'startDatabase'> {
  /** `host:port` of its HTTP and of its websocket process. */
  readonly upstream: { readonly http: string; readonly websocket: string };
  readonly root: string;
  readonly filestore: string;
  readonly backups: string;
  readonly adminKey: string;
  /** What the scripts need, PATH included. */
  readonly environment: Readonly<Record<string, string>>;
  /** One of the scripts, `--bare`, with what it needs in its environment. */
  script(name: string, args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  sql(query: string, database?: string): Promise<string>;
  startOdoo(): Promise<void>;
  stopOdoo(): Promise<void>;
  /** Resolves when it has ended by itself. */
  odooEnds(): Promise<unknown>;
}

/** Takes three to six seconds. */
export async function startDeployedOdoo(): Promise<DeployedOdoo> {
  const dir = await tempDir('od-');
  const root = dir.path;
  const low = lowUser();
  const parts: OdooParts = {
    root,
    low,
    httpPort: await freePort(),
    geventPort: await freePort(),
    pgPort: await freePort(),
    pgPassword: await unpackTemplate(root, low),
    workers: 2,
  };
  const running: { odoo: ChildProcess | null; postgres: Running | null } = { odoo: null, postgres: null };
  const killAtExit = (): void => {
    signalGroup(running.odoo, 'SIGKILL');
    running.postgres?.signal('SIGQUIT');
  };
  // Before the folder goes, which was registered earlier.
  process.prependOnceListener('exit', killAtExit);
  const stopOdoo = async (): Promise<void> => {
    const { odoo } = running;
    running.odoo = null;
    signalGroup(odoo, 'SIGKILL');
    if (odoo !== null && !ended(odoo)) await once(odoo, 'exit');
  };
  const stopDatabase = async (): Promise<void> => {
    running.postgres?.signal('SIGINT');
    await running.postgres?.gone();
    running.postgres = null;
  };
  const stop = async (): Promise<void> => {
    await stopOdoo();
    await stopDatabase();
    process.off('exit', killAtExit);
    await dir.remove();
  };
  const admin = makeKey("(select id from res_users where login = 'admin')", null);
  const url = `http://127.0.0.1:${parts.httpPort}`;
  const environment = scriptEnvironment(parts, url);
  try {
    await writeSettings(parts);
    running.postgres = await startPostgres(parts);
    await psql(parts, admin.sql);
    running.odoo = await startWithWorkers(parts);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    upstream: { http: `127.0.0.1:${parts.httpPort}`, websocket: `127.0.0.1:${parts.geventPort}` },
    root,
    filestore: join(root, 'files/filestore'),
    backups: join(root, 'site/backups'),
    adminKey: admin.key,
    environment,
    script: (name, args = [], env = {}) => runScript(name, ['--bare', ...args], { ...environment, ...env }),
    call: (model, method, args) => json2(url, admin.key, model, method, args),
    sql: (query, database) => psql(parts, query, database),
    log: () => readFile(join(root, 'odoo.log'), 'utf8'),
    startOdoo: async () => void (running.odoo = await startWithWorkers(parts)),
    odooEnds: () => until('Odoo ended by itself', () => running.odoo !== null && ended(running.odoo)),
    stopOdoo,
    stopDatabase,
    startDatabase: async () => void (running.postgres = await startPostgres(parts)),
    stop,
  };
}

/** Resolves when both its ports answer. */
async function startWithWorkers(parts: OdooParts): Promise<ChildProcess> {
  const log = join(parts.root, 'odoo.log');
  const out = openSync(log, 'a');
  const { command, options } = odooCommand(parts);
  const args = ['--pdeathsig', 'KILL', command, ODOO_PROGRAM, '-c', join(parts.root, 'odoo.conf')];
  const stdio = ['ignore', out, out] as const;
  const child = spawn('/usr/bin/setpriv', args, { ...options, detached: true, stdio: [...stdio] });
  closeSync(out);
  try {
    for (const path of [`${parts.httpPort}/web/health`, `${parts.geventPort}/websocket/health`]) {
      await until(`Odoo answers, log in ${log}`, async () => {
        if (ended(child)) throw new Error(`Odoo ended: ${(await readFile(log, 'utf8')).slice(-4000)}`);
        const look = (await fetch(`http://127.0.0.1:${path}`).catch(() => null))?.ok;
        return look === true;
      });
    }
  } catch (error) {
    signalGroup(child, 'SIGKILL');
    throw error;
  }
  return child;
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Also to the workers of a master that has ended: they hold its port until they notice. */
function signalGroup(child: ChildProcess | null, name: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** As setup.sh does it on the VM; only PostgreSQL's password is there already. */
async function writeSettings(parts: OdooParts): Promise<void> {
  const site = join(parts.root, 'site');
  await mkdir(join(site, 'secrets'), { recursive: true });
  await writeFile(join(site, 'secrets/odoo_db_password'), parts.pgPassword);
  const settings = ['--no-checks', '--domain', 'localhost', '--email', 'you@example.org', '--dir', site];
  const made = await runScript('setup.sh', [...settings, '--workers', String(parts.workers)], {
    CONF_DB_HOST: '127.0.0.1',
    CONF_DB_PORT: String(parts.pgPort),
    CONF_HTTP_INTERFACE: '127.0.0.1',
    CONF_HTTP_PORT: String(parts.httpPort),
    CONF_GEVENT_PORT: String(parts.geventPort),
    CONF_DATA_DIR: join(parts.root, 'files'),
  });
  if (made.code !== 0) throw new Error(`setup.sh: ${made.said}`);
  // Its folder is closed to the user who runs Odoo here; in a container Docker hands it in.
  await copyFile(join(site, 'secrets/odoo.conf'), join(parts.root, 'odoo.conf'));
}

function scriptEnvironment(parts: OdooParts, url: string): Record<string, string> {
  return {
    PATH: [postgresPrograms(), PATH].join(delimiter),
    HOME: parts.root,
    PGHOST: '127.0.0.1',
    PGPORT: String(parts.pgPort),
    PGUSER: 'odoo',
    PGPASSWORD_FILE: join(parts.root, 'site/secrets/odoo_db_password'),
    ODOO_DB: DATABASE,
    ODOO_FILESTORE: join(parts.root, 'files/filestore'),
    BACKUP_DIR: join(parts.root, 'site/backups'),
    MONITOR_URL: url,
    PYTHONPATH: ODOO_PYTHON,
    PYTHONDONTWRITEBYTECODE: '1',
    ODOO_COMMAND: `/usr/bin/python3 ${ODOO_PROGRAM}`,
    ODOO_RC: join(parts.root, 'odoo.conf'),
  };
}

async function json2(
  url: string,
  key: string,
  model: string,
  method: string,
  args: Record<string, unknown>,
): Promise<unknown> {
  const answer = await fetch(`${url}/json/2/${model}/${method}`, {
    method: 'POST',
    headers: { authorization: `bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${model}.${method}: ${answer.status} ${text.slice(0, 500)}`);
  return JSON.parse(text) as unknown;
}
