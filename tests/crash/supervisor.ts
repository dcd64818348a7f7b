import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until } from '../helpers/until.ts';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const MAINS = {
  'cloud-email-watcher': 'cloud/cloud-email-watcher.main.js',
  'draft-replier': 'cloud/draft-replier.main.js',
  'approval-handler': 'local/approval-handler.main.js',
  orchestrator: 'local/orchestrator.main.js',
  'odoo-mcp': 'cloud/odoo-mcp.main.js',
} as const;
export type ProcessName = keyof typeof MAINS;
/** Of one machine with mail and no Odoo. */
export const PROCESSES = [
  'cloud-email-watcher',
  'draft-replier',
  'approval-handler',
  'orchestrator',
] as const satisfies readonly ProcessName[];

/** Against hanging only. */
const START_MS = 90_000;

export interface Death {
  readonly name: ProcessName;
  readonly pid: number;
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  /** What it was told to die at, or null. */
  readonly crashAt: string | null;
  /** Was it us, with `kill` or `stop`? */
  readonly byUs: boolean;
}

/** What PM2 does, as far as a crash test needs it: start, start again what died. */
export interface Supervisor {
  readonly deaths: readonly Death[];
  /** Resolves when it said `ready` or died. */
  start(name: ProcessName, crashAt?: string): Promise<void>;
  /** Stops it as an operator would, then starts it with another wish. */
  replace(name: ProcessName, crashAt?: string): Promise<void>;
  /** SIGKILL; the restart follows. False when it is not running. */
  kill(name: ProcessName): boolean;
  pid(name: ProcessName): number | undefined;
  crashAt(name: ProcessName): string | null;
  /** The email-mcp processes of the approval handler that run now. */
  emailMcps(): number[];
  /** Its odoo-mcp processes. */
  odooMcps(): number[];
  allReady(): Promise<void>;
  stop(): Promise<void>;
}

interface Slot {
  child: ChildProcess;
  ready: boolean;
  crashAt: string | null;
  byUs: boolean;
  restart: boolean;
}

export interface SupervisorOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Folder for `<process>.log`, appended to over all lives of a process. */
  readonly logs: string;
  /** How to start again what died; default: at once and without a wish. */
  readonly onDeath?: (death: Death) => { readonly afterMs: number; readonly crashAt?: string | undefined };
}

export function supervisor(options: SupervisorOptions): Supervisor {
  const slots = new Map<ProcessName, Slot>();
  const deaths: Death[] = [];
  let stopping = false;
  const pending = new Set<Promise<void>>();

  const launch = (name: ProcessName, crashAt: string | null): Slot => {
    const child = spawnMain(name, crashAt, options);
    const slot: Slot = { child, ready: false, crashAt, byUs: false, restart: true };
    slots.set(name, slot);
    child.on('message', (message) => {
      if (message === 'ready') slot.ready = true;
    });
    child.once('exit', (code, signal) => {
      const death = { name, pid: child.pid ?? 0, signal, code, crashAt, byUs: slot.byUs };
      deaths.push(death);
      if (!slot.restart || stopping) return;
      const how = options.onDeath?.(death) ?? { afterMs: 0 };
      const again = sleep(how.afterMs).then(() => {
        if (!stopping && slots.get(name) === slot) launch(name, how.crashAt ?? null);
      });
      pending.add(again);
      void again.finally(() => pending.delete(again));
    });
    return slot;
  };
  const running = (name: ProcessName): Slot | undefined => {
    const slot = slots.get(name);
    return slot && isRunning(slot.child) ? slot : undefined;
  };
  const endOf = async (name: ProcessName): Promise<void> => {
    const slot = slots.get(name);
    if (!slot) return;
    slot.restart = false;
    slots.delete(name);
    if (!isRunning(slot.child)) return;
    slot.byUs = true;
    slot.child.kill('SIGTERM');
    const hard = setTimeout(() => slot.child.kill('SIGKILL'), 20_000);
    await once(slot.child, 'exit');
    clearTimeout(hard);
  };
  const start = async (name: ProcessName, crashAt?: string): Promise<void> => {
    const slot = launch(name, crashAt ?? null);
    await until(
      `${name} is ready, log in ${options.logs}`,
      () => slot.ready || !isRunning(slot.child),
      START_MS,
    );
  };
  return {
    deaths,
    start,
    replace: async (name, crashAt) => {
      await endOf(name);
      await start(name, crashAt);
    },
    kill: (name) => {
      const slot = running(name);
      if (!slot) return false;
      slot.byUs = true;
      // Its end is told to us only later; until then it must not pass for one that can work.
      slot.ready = false;
      return slot.child.kill('SIGKILL');
    },
    pid: (name) => running(name)?.child.pid,
    crashAt: (name) => running(name)?.crashAt ?? null,
    emailMcps: () => childrenOf(running('approval-handler')?.child.pid, isEmailMcp),
    odooMcps: () => childrenOf(running('approval-handler')?.child.pid, isOdooMcp),
    allReady: async () => {
      const waiting = (): boolean => [...slots.keys()].every((name) => running(name)?.ready === true);
      await until(`all processes are ready, logs in ${options.logs}`, waiting, START_MS);
    },
    stop: async () => {
      stopping = true;
      await Promise.all(pending);
      await Promise.all([...slots.keys()].map(endOf));
    },
  };
}

function spawnMain(name: ProcessName, crashAt: string | null, options: SupervisorOptions): ChildProcess {
  const main = join(DIST, MAINS[name]);
  if (!existsSync(main)) throw new Error('dist/ is missing: npm run build');
  const log = openSync(join(options.logs, `${name}.log`), 'a');
  const env = { ...options.env, ...(crashAt === null ? {} : { HANDOVER_CRASH_AT: crashAt }) };
  // With an IPC channel, as under PM2: `ready` comes through it, and should the test die, they stop.
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  return child;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** From /proc: the supervisor of a real host does not know the handler's children either. */
function childrenOf(pid: number | undefined, is: (child: number) => boolean): number[] {
  if (pid === undefined) return [];
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
      .map(Number)
      .filter((child) => child > 0 && is(child));
  } catch {
    // It died while we looked.
    return [];
  }
}

/** A zombie has no command line any more, so it does not count. */
export function isEmailMcp(pid: number): boolean {
  return runs(pid, 'email-mcp.main.js');
}

export function isOdooMcp(pid: number): boolean {
  return runs(pid, 'odoo-mcp.main.js');
}

function runs(pid: number, script: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(script);
  } catch {
    return false;
  }
}
