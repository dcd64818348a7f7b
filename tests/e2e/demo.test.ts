import { execFile, spawn } from 'node:child_process';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
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

/** The user, who moves a note whose name begins so, once it lies there. */
async function moves(vault: string, name: string, from: string, to: string): Promise<void> {
  const found = await until(`${name} in ${from}`, async () =>
    (await readdir(join(vault, from))).find((file) => file.startsWith(name) && file.endsWith('.md')),
  );
  await rename(join(vault, from, found), join(vault, to, found));
}

async function writes(
  vault: string,
  folder: string,
  name: string,
  old: string,
  words: string,
): Promise<void> {
  const file = (await readdir(join(vault, folder))).find((one) => one.startsWith(name)) ?? '';
  const text = await readFile(join(vault, folder, file), 'utf8');
  const at = text.lastIndexOf(old);
  await writeFile(join(vault, folder, file), text.slice(0, at) + words + text.slice(at + old.length));
}

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
  expect(pidsIn(output).length).toBeGreaterThanOrEqual(5);
  expect(pidsIn(output).filter(isAlive)).toEqual([]);
  expect(await readdir(temp)).toEqual([]);
});

it('goes as docs/demo-script.md says when somebody plays it, line by line', async () => {
  const temp = await testDir();
  const run = demo(temp, '--hands-on');
  const vault = await until('it waits for the user', () => /▌ (\/.+\/vault)\n/.exec(run.output())?.[1]);
  const says = (what: string, times = 1): Promise<boolean> =>
    until(`it says ${what} ${times} times`, () => run.output().split(what).length > times);
  const pending = 'Pending_Approval/email';
  const yes = 'Anna Berg - Re Maintenance of our ovens: your yes';
  await moves(vault, 'The Boss', pending, 'Rejected');
  await writes(vault, pending, 'Anna Berg', 'thank you for your interest', 'thanks for your interest');
  await moves(vault, 'Anna Berg', pending, 'Approved');
  await says(yes);
  await moves(vault, 'Anna Berg', 'Approved', pending);
  await says('Anna Berg - Re Maintenance of our ovens: waits for you');
  await moves(vault, 'Anna Berg', pending, 'Approved');
  await says('12. Your turn again');
  expect(run.output()).toContain('│ thanks for your interest');
  await writes(vault, 'Pending_Approval/odoo', 'Invoice', '180.00', '190.00');
  await moves(vault, 'Invoice', 'Pending_Approval/odoo', 'Needs_Action/odoo');
  await says('Invoice for the bakery: waits for you');
  await moves(vault, 'Invoice', 'Pending_Approval/odoo', 'Approved');
  expect(await run.exit, run.output()).toBe(0);

  const shown = run.output().replace(/ +/g, ' ').split('\n');
  const script = await readFile(join(ROOT, 'docs/demo-script.md'), 'utf8');
  const lines = [...script.matchAll(/^```demo\n([^]*?)^```/gm)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
  expect(lines.length).toBeGreaterThan(40);
  expect(lines.filter((line) => !shown.some((one) => isShown(one, line)))).toEqual([]);
  expect(await readdir(temp)).toEqual([]);
});

/** `…` stands for what differs. */
function isShown(shown: string, line: string): boolean {
  const pieces = line
    .replace(/ +/g, ' ')
    .split('…')
    .map((piece) => piece.trim());
  let from = 0;
  return pieces.every((piece) => {
    const at = shown.indexOf(piece, from);
    from = at + piece.length;
    return at !== -1;
  });
}

it('cleans up after Ctrl-C in the middle', async () => {
  const temp = await testDir();
  const run = demo(temp);
  await until('it is at work', () => run.output().includes('Mails arrive'));
  expect(run.output()).toContain(temp);
  run.signal('SIGINT');
  expect(await run.exit, run.output()).toBe(130);
  expect(pidsIn(run.output()).length).toBeGreaterThanOrEqual(5);
  expect(pidsIn(run.output()).filter(isAlive)).toEqual([]);
  expect(await readdir(temp)).toEqual([]);
});
