import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Pm2View } from '../core/alive.ts';

/** The PM2 that runs this process, by its own command line: it is AGPL and no part of the program. */
export interface Pm2Commands {
  /** Its processes, by name. @throws when it gives no answer */
  list(): Promise<ReadonlyMap<string, Pm2View>>;
  /** Starts it again, also one that it had given up. @throws when it could not */
  restart(name: string): Promise<void>;
}

/** A restart waits until the process is ready: stop time and start time of the process table, and some. */
const TIMEOUT_MS = 75_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

const listed = z.array(
  z.object({
    name: z.string(),
    pid: z.number().nullish(),
    pm2_env: z.object({ status: z.string(), exit_code: z.number().nullish() }),
  }),
);

/**
 * @param environment of this process, in which PM2 left word of itself.
 * @returns null when it was not started by a PM2.
 */
export function pm2Commands(environment: Readonly<Record<string, string>>): Pm2Commands | null {
  const home = environment['PM2_HOME'];
  if (home === undefined || environment['pm_id'] === undefined) return null;
  const program = join(dirname(createRequire(import.meta.url).resolve('pm2')), 'bin', 'pm2');
  const env = {
    PATH: [dirname(process.execPath), environment['PATH'] ?? '/usr/bin:/bin'].join(':'),
    HOME: environment['HOME'] ?? home,
    PM2_HOME: home,
    // Both keep it from calling home.
    PM2_DISCRETE_MODE: 'true',
    PM2_DISABLE_VERSION_CHECK: 'true',
  };
  const run = (...args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      // Any command to a PM2 that does not run starts a new one, which nobody asked for.
      if (!daemonLives(home)) return reject(new Error('the PM2 that started this process is gone'));
      const options = {
        env,
        timeout: TIMEOUT_MS,
        maxBuffer: MAX_OUTPUT_BYTES,
        killSignal: 'SIGKILL',
      } as const;
      execFile(process.execPath, [program, ...args], options, (error, stdout) => {
        if (error) reject(new Error(`pm2 ${args[0] ?? ''} failed`, { cause: error }));
        else resolve(stdout);
      });
    });
  return {
    list: async () => {
      const output = await run('jlist', '--silent');
      const all = listed.parse(JSON.parse(output.slice(output.indexOf('['))));
      return new Map(
        all.map(({ name, pid, pm2_env: { status, exit_code } }) => [
          name,
          { status, pid: pid ?? 0, exitCode: exit_code ?? null },
        ]),
      );
    },
    restart: async (name) => {
      await run('restart', name, '--silent');
    },
  };
}

function daemonLives(home: string): boolean {
  try {
    const pid = Number(readFileSync(join(home, 'pm2.pid'), 'utf8').trim());
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
