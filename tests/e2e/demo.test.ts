import { execFile, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';
import { ROOT } from './root.ts';

interface Run {
  readonly output: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly exit: Promise<number | null>;
}

/** The demo as `npm run demo` starts it, with its temporary folder inside `temp`. */
function demo(temp: string, ...args: readonly string[]): Run {
  const child = spawn(process.execPath, [join(ROOT, 'dist/demo/demo.js'), ...args], {
    // A mail account in the user's shell must not find its way in: this one would not even connect.
    env: { PATH: process.env['PATH'], TMPDIR: temp, IMAP_HOST: 'mail.invalid', SMTP_HOST: 'mail.invalid' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { output: () => output, signal: (name) => child.kill(name), exit };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const pidsIn = (output: string): number[] =>
  [...output.matchAll(/online, pid (\d+)/g)].map(([, pid]) => Number(pid));

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(ROOT, 'deployment/ensure.mjs'), 'check']);
});

it('shows the whole way of a mail and of an invoice, sees every promise kept, and leaves nothing behind', async () => {
  const temp = await testDir();
  const run = demo(temp);
  expect(await run.exit, run.output()).toBe(0);
  const output = run.output();
  expect(output).toContain('Subject: Re: Maintenance of our ovens');
  expect(output).toContain('In-Reply-To: <b7f1c2e0-4711@bakery.example.org>');
  expect(output).toMatch(/3-newsletter\.eml +Skipped\//);
  expect(output).toMatch(/4-auto-reply\.eml +Skipped\//);
  expect(output).toMatch(/posted once, under the number that stands in the note/);
  expect(output).not.toMatch(/^ *NO /m);

  expect(output).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e\u{e0041}]/u);
  expect(pidsIn(output)).toHaveLength(5);
  expect(pidsIn(output).filter(isAlive)).toEqual([]);
  expect(await readdir(temp)).toEqual([]);
});

it('cleans up after Ctrl-C in the middle', async () => {
  const temp = await testDir();
  const run = demo(temp, '--hands-on');
  await until('it waits for the user', () => /move one/.test(run.output()));
  expect(run.output()).toContain(temp);
  run.signal('SIGINT');
  expect(await run.exit, run.output()).toBe(130);
  expect(pidsIn(run.output())).toHaveLength(5);
  expect(pidsIn(run.output()).filter(isAlive)).toEqual([]);
  expect(await readdir(temp)).toEqual([]);
});
