import { execFile } from 'node:child_process';

export interface Ran {
  /** Null: it is not there, was ended, or did not answer in time. */
  readonly exit: number | null;
  readonly out: string;
}

const DEADLINE_MS = 15_000;
/** PM2's list holds the environment of each process. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Another program, for what only it knows. Never rejects. @param env all that it gets: no key of ours */
export function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const options = { env, timeout: DEADLINE_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    execFile(program, [...args], options, (error, stdout) => {
      const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ exit, out: stdout });
    });
  });
}
