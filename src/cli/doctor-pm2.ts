/** What PM2 says of our processes. Reads only: `pm2 jlist` would start a PM2 where none runs, so that is looked at first. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Host, variable } from './doctor-host.ts';
import { runProgram } from './doctor-run.ts';

export interface Pm2Process {
  readonly name: string;
  /** 0 when it does not run, whatever PM2 calls its status. */
  readonly pid: number;
  readonly status: string;
  /** Starts that ended at once, and all of them. */
  readonly unstable: number;
  readonly restarts: number;
  readonly exitCode: number | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly script: string;
}

export type Pm2Look =
  | { readonly is: 'missing' | 'not-running' | 'silent' }
  | { readonly is: 'running'; readonly daemon: number; readonly processes: readonly Pm2Process[] };

const entry = z.object({
  name: z.string().max(200),
  pid: z.int().min(0).catch(0),
  pm2_env: z.object({
    status: z.string().max(50),
    unstable_restarts: z.int().min(0).catch(0),
    restart_time: z.int().min(0).catch(0),
    exit_code: z.int().nullable().catch(null),
    pm_uptime: z.number().catch(0),
    pm_exec_path: z.string().max(4096).catch(''),
  }),
});
const list = z.array(entry).max(1000);

export function pm2Home(host: Pick<Host, 'env'>): string {
  return variable(host, 'PM2_HOME') ?? join(variable(host, 'HOME') ?? homedir(), '.pm2');
}

export async function lookAtPm2(host: Host): Promise<Pm2Look> {
  const script = join(host.programDir, 'node_modules', 'pm2', 'bin', 'pm2');
  if ((await stat(script).catch(() => null)) === null) return { is: 'missing' };
  const home = pm2Home(host);
  const daemon = await daemonOf(host, home);
  if (daemon === 0) return { is: 'not-running' };
  const env = {
    PATH: variable(host, 'PATH') ?? '',
    HOME: variable(host, 'HOME') ?? homedir(),
    PM2_HOME: home,
    PM2_DISCRETE_MODE: 'true',
    PM2_DISABLE_VERSION_CHECK: 'true',
  };
  const { exit, out } = await runProgram(process.execPath, [script, 'jlist', '--silent'], env);
  const processes = exit === 0 ? processesIn(out) : null;
  return processes === null ? { is: 'silent' } : { is: 'running', daemon, processes };
}

/** 0: none. A pid that is left from before may be another program's by now. */
async function daemonOf({ places }: Host, home: string): Promise<number> {
  const pid = Number((await readFile(join(home, 'pm2.pid'), 'utf8').catch(() => '')).trim());
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isRunning(pid)) return 0;
  const title = await readFile(join(places.proc, String(pid), 'cmdline'), 'utf8').catch(() => null);
  return title === null || title.includes('PM2') ? pid : 0;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** One line; PM2 may say other things before it, in brackets too. */
function processesIn(out: string): readonly Pm2Process[] | null {
  for (const line of out.split('\n').reverse()) {
    if (!line.startsWith('[')) continue;
    try {
      const said = list.safeParse(JSON.parse(line));
      if (said.success) return said.data.map(asProcess);
    } catch {
      // Not the list.
    }
  }
  return null;
}

function asProcess({ name, pid, pm2_env: env }: z.output<typeof entry>): Pm2Process {
  return {
    name,
    pid,
    status: env.status,
    unstable: env.unstable_restarts,
    restarts: env.restart_time,
    exitCode: env.exit_code,
    startedAt: env.pm_uptime,
    script: env.pm_exec_path,
  };
}

/** Both are needed, in PM2's own environment. Null where it cannot be seen. */
export async function callsHome({ places }: Host, daemon: number): Promise<boolean | null> {
  const text = await readFile(join(places.proc, String(daemon), 'environ'), 'utf8').catch(() => null);
  if (text === null) return null;
  const has = (name: string): boolean => text.split('\0').includes(`${name}=true`);
  const quietAtFirst = has('PM2_DISCRETE_MODE') || has('PM2_PROGRAMMATIC');
  return !(quietAtFirst && has('PM2_DISABLE_VERSION_CHECK'));
}

const MAX_UNIT_BYTES = 65_536;

/** Is there a unit that starts PM2 with the machine, and is it switched on? Null: this machine has no systemd. */
export async function startsOnBoot({ places }: Host): Promise<boolean | null> {
  if ((await stat(places.systemd).catch(() => null)) === null) return null;
  for (const folder of places.units) {
    const names = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const wants = names.filter((one) => one.isDirectory() && one.name.endsWith('.wants'));
    const enabled = await Promise.all(wants.map((one) => readdir(join(folder, one.name)).catch(() => [])));
    for (const name of new Set(enabled.flat().filter((one) => one.endsWith('.service')))) {
      if (await namesPm2(join(folder, name))) return true;
    }
  }
  return false;
}

async function namesPm2(unit: string): Promise<boolean> {
  try {
    const path = await realpath(unit);
    if ((await stat(path)).size > MAX_UNIT_BYTES) return false;
    return /^Exec(Start|StartPre)=.*pm2/m.test(await readFile(path, 'utf8'));
  } catch {
    return false;
  }
}
