import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PM2 = join(ROOT, 'node_modules', 'pm2', 'bin', 'pm2');
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface Pm2Process {
  readonly name: string;
  /** 0 when it does not run, whatever PM2 calls its status. */
  readonly pid: number;
  readonly status: string;
  readonly restarts: number;
  readonly exitCode: number | null;
  readonly memoryBytes: number;
}

/** A PM2 of its own in its own folder: it knows nothing of another PM2 on this machine. */
export interface Pm2 {
  readonly home: string;
  run(...args: readonly string[]): Promise<string>;
  list(): Promise<readonly Pm2Process[]>;
  /** Ends its processes, then itself; what does not listen is killed. */
  kill(): Promise<void>;
  /** The same without waiting, for the end of our own process. */
  killNow(): void;
}

/**
 * `extra` is all of the environment besides PATH and HOME: a mail account that stands in the user's
 * shell must not find its way into a demo or a test.
 */
export async function ownPm2(home: string, extra: Readonly<Record<string, string>>): Promise<Pm2> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const env = {
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: homedir(),
    ...extra,
    PM2_HOME: home,
    // Both are needed to keep PM2 from calling home: the first run and the daily check.
    PM2_DISCRETE_MODE: 'true',
    PM2_DISABLE_VERSION_CHECK: 'true',
  };
  let pids: readonly number[] = [];
  let killed = false;
  const run = (...args: readonly string[]): Promise<string> =>
    // Any command to a PM2 that does not run starts one, which nobody would end.
    killed ? Promise.reject(new Error('this PM2 was killed')) : execute([PM2, ...args], env);
  const list = async (): Promise<readonly Pm2Process[]> => {
    // Before the list PM2 may print that it has just started its daemon.
    const output = await run('jlist', '--silent');
    const processes = (JSON.parse(output.slice(output.indexOf('['))) as RawProcess[]).map(asProcess);
    pids = processes.map((process_) => process_.pid).filter((pid) => pid > 0);
    return processes;
  };
  return {
    home,
    run: async (...args) => {
      const output = await run(...args);
      await list();
      return output;
    },
    list,
    kill: async () => {
      const daemon = daemonPid(home);
      const alive = isAlive(daemon);
      try {
        if (alive && !killed) await list();
        killed = true;
        if (alive) await execute([PM2, 'kill'], env);
      } catch {
        killAll([daemon, ...pids]);
      }
    },
    killNow: () => {
      killed = true;
      killAll([daemonPid(home), ...pids]);
    },
  };
}

interface RawProcess {
  readonly name: string;
  readonly pid: number;
  readonly monit?: { readonly memory?: number };
  readonly pm2_env: {
    readonly status: string;
    readonly restart_time: number;
    readonly exit_code?: number;
  };
}

function asProcess({ name, pid, monit, pm2_env: env }: RawProcess): Pm2Process {
  return {
    name,
    pid,
    status: env.status,
    restarts: env.restart_time,
    exitCode: env.exit_code ?? null,
    memoryBytes: monit?.memory ?? 0,
  };
}

function execute(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env, cwd: ROOT, maxBuffer: MAX_OUTPUT_BYTES };
    execFile(process.execPath, [...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`pm2 ${args.slice(1).join(' ')}: ${stderr || stdout}`, { cause: error }));
      else resolve(stdout);
    });
  });
}

function daemonPid(home: string): number {
  try {
    return Number(readFileSync(join(home, 'pm2.pid'), 'utf8').trim());
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Only processes that this PM2 started, by number. */
function killAll(pids: readonly number[]): void {
  for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
}
