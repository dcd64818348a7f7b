import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { MailAccount } from '../tests/helpers/dovecot.ts';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

export type ProcessName =
  | 'cloud-email-watcher'
  | 'draft-replier'
  | 'odoo-mcp'
  | 'approval-handler'
  | 'orchestrator';

/** One process as PM2 would run it, without PM2. */
export interface Started {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it said that it can work. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** One machine that is cloud and laptop in one: a vault from the template, a state folder, an .env. */
export interface Host {
  readonly vault: string;
  start(name: ProcessName): Promise<Started>;
  startAll(): Promise<Started[]>;
  running(): readonly Started[];
  stopAll(): Promise<void>;
}

export interface HostSettings {
  readonly folder: string;
  readonly imap: MailAccount;
  readonly smtpPort: number;
  readonly backfillDays: number;
  /** A vault that is there already; without: one of its own in `folder`. */
  readonly vault?: string;
  /** Keys of .env beside or instead of those that every host has. */
  readonly more?: Readonly<Record<string, string>>;
}

export async function makeHost(settings: HostSettings): Promise<Host> {
  const vault = settings.vault ?? join(settings.folder, 'vault');
  const logs = join(settings.folder, 'logs');
  const envFile = join(settings.folder, '.env');
  await mkdir(logs, { recursive: true });
  await cp(join(ROOT, 'vault-template'), vault, { recursive: true });
  await writeFile(envFile, environment(settings, vault), { mode: 0o600 });
  const running = new Set<Started>();

  const start = async (name: ProcessName): Promise<Started> => {
    const log = await open(join(logs, `${name}.log`), 'a');
    const child = spawn(process.execPath, await commandOf(name), {
      cwd: ROOT,
      // A file, not a pipe: nobody has to read along while it is being timed.
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
      env: { PATH: process.env['PATH'] ?? '', ENV_FILE: envFile },
    });
    await log.close();
    const started = describeChild(name, child, join(logs, `${name}.log`));
    running.add(started);
    child.once('exit', () => running.delete(started));
    return started;
  };
  return {
    vault,
    start,
    startAll: async () => {
      const names = ['cloud-email-watcher', 'draft-replier', 'approval-handler', 'orchestrator'] as const;
      const all = await Promise.all(names.map((name) => start(name)));
      await Promise.all(all.map((one) => one.ready));
      return all;
    },
    running: () => [...running],
    stopAll: async () => {
      await Promise.all([...running].map((one) => one.stop()));
    },
  };
}

function environment(settings: HostSettings, vault: string): string {
  const { imap } = settings;
  const values = {
    VAULT_DIR: vault,
    STATE_DIR: join(settings.folder, 'state'),
    SYNC: 'none',
    IMAP_HOST: imap.host,
    IMAP_PORT: imap.port,
    IMAP_SECURE: 'false',
    IMAP_USER: imap.user,
    IMAP_PASSWORD: imap.password,
    IMAP_BACKFILL_DAYS: settings.backfillDays,
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: settings.smtpPort,
    SMTP_SECURE: 'false',
    MAIL_FROM: `Bench <${imap.user}@example.com>`,
    DRAFTER: 'template',
    DRY_RUN: 'false',
    UNDO_SECONDS: 0,
    MAX_SENDS_PER_HOUR: 10_000,
    ...settings.more,
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('');
}

/** With the options of the process table: what is measured is what runs at a user's. */
async function commandOf(name: ProcessName): Promise<string[]> {
  const cloud = ['cloud-email-watcher', 'draft-replier', 'odoo-mcp'].includes(name);
  const table = (await import(pathToFileURL(join(ROOT, 'deployment/process-table.js')).href)) as ProcessTable;
  // An edge that is not configured here and now is not in the table; all of a host have the same options.
  const [app] = cloud ? table.cloudApps() : table.localApps();
  const options = app?.node_args ?? [];
  const script = join(ROOT, 'dist', cloud ? 'cloud' : 'local', `${name}.main.js`);
  return [...(typeof options === 'string' ? options.split(' ') : options), script];
}

/** Plain JavaScript, since PM2 loads it. */
interface ProcessTable {
  cloudApps(): { node_args?: string | string[] }[];
  localApps(): { node_args?: string | string[] }[];
}

function describeChild(name: string, child: ChildProcess, logFile: string): Started {
  const exited = once(child, 'exit');
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve();
    });
    child.once('exit', () => {
      void readFile(logFile, 'utf8').then((log) =>
        reject(new Error(`${name} ended:\n${log.split('\n').slice(-12).join('\n')}`)),
      );
    });
  });
  // Who does not wait for it is not to fall over it.
  ready.catch(() => undefined);
  return {
    name,
    pid: child.pid ?? 0,
    ready,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGINT');
      await exited;
    },
  };
}
