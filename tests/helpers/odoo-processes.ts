/** The two programs of a real Odoo: PostgreSQL and Odoo itself, on folders and ports that are given. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  DATABASE,
  ODOO_PROGRAM,
  ODOO_PYTHON,
  odooUser,
  PATH,
  postgresPrograms,
  type RunsAs,
} from './odoo-place.ts';
import { until } from './until.ts';

const run = promisify(execFile);

/** Everything of one Odoo. `root` holds pg/, files/, odoo.conf and the logs, and belongs to `low`. */
export interface OdooParts {
  readonly root: string;
  readonly low: RunsAs;
  readonly httpPort: number;
  readonly geventPort: number;
  readonly pgPort: number;
  /** Of the role `odoo`, which owns the databases and is no superuser. */
  readonly pgPassword: string;
  readonly workers: number;
}

/** A running program; `gone` resolves when its process is reaped. */
export interface Running {
  readonly child: ChildProcess;
  /** To its whole process group; nothing when it has ended. */
  signal(name: NodeJS.Signals): void;
  gone(): Promise<void>;
}

/**
 * With a process group of its own, and ended by the kernel (`deathSignal`) when we are: a killed test runner runs no
 * exit handler.
 */
function start(
  command: string,
  args: readonly string[],
  deathSignal: string,
  log: string,
  options: { env: Record<string, string>; cwd: string } & RunsAs,
): Running {
  const out = openSync(log, 'a');
  const child = spawn('/usr/bin/setpriv', ['--pdeathsig', deathSignal, command, ...args], {
    ...options,
    detached: true,
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    child,
    signal: (name) => {
      if (child.pid === undefined || ended()) return;
      try {
        process.kill(-child.pid, name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    },
    gone: async () => {
      if (!ended()) await once(child, 'exit');
    },
  };
}

/** Resolves when it takes connections. */
export async function startPostgres({ root, low, pgPort }: OdooParts): Promise<Running> {
  const log = join(root, 'pg.log');
  const programs = postgresPrograms();
  const args = ['-D', join(root, 'pg'), '-p', String(pgPort)];
  const env = { PATH, LC_ALL: 'C.UTF-8' };
  const running = start(join(programs, 'postgres'), args, 'QUIT', log, { env, cwd: root, ...low });
  const ask = ['-q', '-h', '127.0.0.1', '-p', String(pgPort)];
  await comesUp('PostgreSQL', running, log, () => runs(join(programs, 'pg_isready'), ask));
  return running;
}

/** One statement or several, as the role `odoo`; the answer as `psql -At` prints it. */
export async function psql(parts: OdooParts, query: string, database = DATABASE): Promise<string> {
  const at = ['-h', '127.0.0.1', '-p', String(parts.pgPort), '-U', 'odoo', '-d', database];
  const how = ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-c', query];
  const { stdout } = await run(join(postgresPrograms(), 'psql'), [...at, ...how], {
    env: { PATH, LC_ALL: 'C.UTF-8', PGPASSWORD: parts.pgPassword },
    cwd: '/',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.trimEnd();
}

/** Loopback only, no database manager, no scheduled jobs that would change books behind a test's back. */
export async function writeOdooConf(parts: OdooParts): Promise<void> {
  const lines = [
    '[options]',
    'http_interface = 127.0.0.1',
    `http_port = ${parts.httpPort}`,
    `gevent_port = ${parts.geventPort}`,
    'db_host = 127.0.0.1',
    `db_port = ${parts.pgPort}`,
    'db_user = odoo',
    `db_password = ${parts.pgPassword}`,
    'db_maxconn = 24',
    `data_dir = ${join(parts.root, 'files')}`,
    'list_db = False',
    'admin_passwd = not-used-because-list-db-is-false',
    'max_cron_threads = 0',
    `workers = ${parts.workers}`,
  ];
  await writeFile(join(parts.root, 'odoo.conf'), `${lines.join('\n')}\n`);
}

/** How Odoo is started. */
export function odooCommand({ root, low }: OdooParts): {
  command: string;
  args: readonly string[];
  options: { env: Record<string, string>; cwd: string } & RunsAs;
} {
  const env = {
    PATH,
    LC_ALL: 'C.UTF-8',
    HOME: root,
    PYTHONPATH: ODOO_PYTHON,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
  return {
    command: '/usr/bin/python3',
    args: [ODOO_PROGRAM],
    options: { env, cwd: root, ...odooUser(low) },
  };
}

/** Resolves when it answers HTTP; the first call that needs the database still loads its registry (about a second). */
export async function startOdooServer(parts: OdooParts): Promise<Running> {
  const log = join(parts.root, 'odoo.log');
  const { command, args, options } = odooCommand(parts);
  const all = [...args, '-c', join(parts.root, 'odoo.conf')];
  const running = start(command, all, 'KILL', log, options);
  await comesUp('Odoo', running, log, () =>
    fetch(`http://127.0.0.1:${parts.httpPort}/web/health`).then(
      (answer) => answer.ok,
      () => false,
    ),
  );
  return running;
}

async function comesUp(
  what: string,
  running: Running,
  log: string,
  look: () => Promise<boolean>,
): Promise<void> {
  try {
    await until(`${what} answers, log in ${log}`, async () => {
      if (running.child.exitCode !== null || running.child.signalCode !== null) {
        throw new Error(`${what} ended: ${(await readFile(log, 'utf8')).slice(-4000)}`);
      }
      return look();
    });
  } catch (error) {
    running.signal('SIGKILL');
    throw error;
  }
}

function runs(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args, { env: { PATH }, cwd: '/' }).then(
    () => true,
    () => false,
  );
}
