/** The scripts of deployment/cloud/odoo, called as a person or cron would call them. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

export const SCRIPTS = join(import.meta.dirname, '../../deployment/cloud/odoo');

export interface Ran {
  readonly code: number;
  /** Both streams. */
  readonly said: string;
}

/** With nothing in the environment but `env` and a PATH. */
export async function runScript(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const result = await execa(join(SCRIPTS, name), args, {
    reject: false,
    all: true,
    stdin: 'ignore',
    extendEnv: false,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', ...env },
  });
  return { code: result.exitCode ?? -1, said: result.all };
}

export interface FakeDocker {
  /** For PATH. */
  readonly folder: string;
  /** What `docker` was called with, one line each, from the name of compose's verb on. */
  calls(): Promise<string[]>;
}

/**
 * A `docker` that notes its arguments, and does what `rules` say: the first pattern (of `case`) that fits the whole
 * line of arguments decides, else it succeeds silently.
 */
export async function fakeDocker(
  dir: string,
  rules: Readonly<Record<string, string>> = {},
): Promise<FakeDocker> {
  const folder = join(dir, 'fake-bin');
  const log = join(dir, 'docker-calls');
  await mkdir(folder, { recursive: true });
  await writeFile(log, '');
  const cases = Object.entries(rules).map(([pattern, action]) => `  ${pattern}) ${action} ;;`);
  const body = ['#!/bin/bash', `printf '%s\\n' "$*" >>'${log}'`, 'case "$*" in', ...cases, 'esac', 'exit 0'];
  await writeFile(join(folder, 'docker'), `${body.join('\n')}\n`);
  await chmod(join(folder, 'docker'), 0o755);
  return {
    folder,
    calls: async () =>
      (await readFile(log, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(/^compose --env-file \S+ -f \S+ /, '')),
  };
}
