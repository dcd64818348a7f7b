/** `handover doctor` as a person meets it: in a terminal, with a real PM2. */
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { doctorHost, ROOT } from '../helpers/doctor-host.ts';
import { startPm2 } from '../helpers/pm2.ts';
import { until } from '../helpers/until.ts';

const CLI = [
  '--import',
  join(ROOT, 'node_modules/tsx/dist/esm/index.mjs'),
  join(ROOT, 'src/cli/handover.ts'),
];

it('tells in a terminal what PM2 runs, with cures, in plain lines, and ends with its worst finding', async () => {
  const host = await doctorHost();
  await host.put('apps/refuses.cjs', 'process.exit(78);');
  await host.put('apps/stays.cjs', 'setInterval(() => undefined, 1000);');
  await host.put(
    'apps/apps.json',
    JSON.stringify([
      { name: 'orchestrator', script: join(host.dir, 'apps/refuses.cjs'), stop_exit_codes: [78] },
      { name: 'draft-replier', script: join(host.dir, 'apps/stays.cjs') },
    ]),
  );
  const pm2 = await startPm2({});
  onTestFinished(() => pm2.stop());
  await pm2.run('start', join(host.dir, 'apps/apps.json'));
  await until('one refuses', async () =>
    (await pm2.list()).some(({ exitCode, pid }) => exitCode === 78 && pid === 0),
  );
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: join(host.dir, 'home'),
    ENV_FILE: join(host.dir, 'home/.env'),
    VAULT_DIR: host.vault,
    STATE_DIR: host.state,
    PM2_HOME: pm2.home,
  };
  // util-linux: a pseudo terminal, and the exit code of what ran in it.
  const typed = async (...args: string[]) => {
    const command = [process.execPath, ...CLI, ...args].map((word) => `'${word}'`).join(' ');
    const options = { env, extendEnv: false, cwd: host.dir, reject: false } as const;
    const { exitCode, stdout } = await execa('script', ['-qec', command, '/dev/null'], options);
    // What it was at stood in the same line before, and was erased.
    return { exitCode, stdout: stdout.split('\r\u001b[K').at(-1) ?? '' };
  };
  const { exitCode, stdout } = await typed('doctor', '--only', 'processes,agents,state,files');
  const lines = stdout.split(/\r?\n/);
  expect(lines).toContain('FAULT  processes: orchestrator does not start: its configuration is wrong');
  expect(lines).toContain(
    '       -> npx pm2 logs orchestrator --nostream names the keys; mend .env, then npx pm2 restart orchestrator',
  );
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^WARN {3}processes: draft-replier runs the program of another folder: .*stays\.cjs$/,
    ),
  );
  expect(stdout).not.toContain('calling its makers');
  expect(stdout).toContain('ok     state: no lock is left over, nothing is in doubt');
  expect(lines.at(-1)).toMatch(/^\d faults?, \d+ warnings?; what to do stands behind the arrows\.$/);
  expect(Array.from(stdout).filter((c) => c < ' ' && c !== '\r' && c !== '\n')).toEqual([]);
  expect(exitCode).toBe(3);

  await pm2.kill();
  const after = await typed('doctor', '--only', 'processes,state', '--json');
  const { findings } = JSON.parse(after.stdout) as { findings: { code: string }[] };
  expect(findings.map(({ code }) => code)).toEqual(['pm2-not-running', 'ok']);
  // Asking must not start one.
  expect(await pm2Runs(pm2.home)).toBe(false);
}, 120_000);

async function pm2Runs(home: string): Promise<boolean> {
  const { stdout } = await execa('ps', ['-eo', 'args'], { reject: false });
  return stdout.includes(`God Daemon (${home})`);
}
