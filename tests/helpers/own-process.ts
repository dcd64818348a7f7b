import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '../..');

/** One of ours as a process of its own, from the sources. Killed when the test is finished. */
export interface OwnProcess extends ChildProcess {
  readonly output: () => string;
}

export function startReplier(env: Readonly<Record<string, string>>): OwnProcess {
  return startMain('src/cloud/draft-replier.main.ts', env);
}

export function startMain(main: string, env: Readonly<Record<string, string>>): OwnProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, main)], {
    cwd: ROOT,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return Object.assign(child, { output: () => output });
}

export async function ready(child: OwnProcess): Promise<void> {
  let said = false;
  child.on('message', (message) => (said ||= message === 'ready'));
  await until('ready', () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${child.output()}`);
    return said;
  });
}

/** Exit code or signal. */
export async function exitOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}
