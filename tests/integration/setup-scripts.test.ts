import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellcheck } from '../helpers/shellcheck.ts';
import { testDir } from '../helpers/testdir.ts';

/** The small part of `npm run prove:setup`: what the scripts say and refuse before they do anything. */

const DEPLOYMENT = join(import.meta.dirname, '..', '..', 'deployment');
const SCRIPTS = ['cloud/setup.sh', 'local/setup.sh', 'upgrade.sh', 'uninstall.sh', 'setup/run.sh'];

function run(script: string, args: readonly string[], env: Record<string, string> = {}) {
  const inherited = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env };
  return spawnSync('bash', [join(DEPLOYMENT, script), ...args], { encoding: 'utf8', env: inherited });
}

async function setKeys(role: string, lines: string, ...more: string[]) {
  const dir = await testDir({ '.env': '# a page\nTIMEZONE=UTC\nIMAP_PASSWORD=\nSMTP_HOST=\nSYNC=none\n' });
  const path = join(dir, '.env');
  await writeFile(path, await readFile(path), { mode: 0o600 });
  const args = [join(DEPLOYMENT, 'setup/set-keys.mjs'), path, role, ...more];
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', input: lines });
  return { ...done, text: await readFile(path, 'utf8'), mode: (await stat(path)).mode & 0o777 };
}

describe('setup.sh', () => {
  it('is bash without a fault of syntax, in every file', () => {
    for (const script of SCRIPTS) {
      expect(spawnSync('bash', ['-n', join(DEPLOYMENT, script)]).status, script).toBe(0);
    }
  });

  it('has no finding of shellcheck', () => {
    expect(shellcheck(SCRIPTS.map((script) => join(DEPLOYMENT, script)))).toBe('');
  });

  it('says what it would do, and does nothing', async () => {
    const prefix = join(await testDir(), 'prefix');
    const { status, stdout } = run('cloud/setup.sh', ['--dry-run'], { HANDOVER_PREFIX: prefix });
    expect(status).toBe(0);
    expect(stdout).toMatch(/user {7}handover/);
    expect(existsSync(prefix)).toBe(false);
  });

  it.each([
    [['--nonsense'], /unknown: --nonsense/],
    [['--vault'], /--vault needs a value/],
    [['--settings', '/nonexistent'], /cannot be read/],
    [['--alone'], /for the laptop/],
  ])('refuses %j with exit 2', (args, words) => {
    const { status, stderr } = run('cloud/setup.sh', args);
    expect(status).toBe(2);
    expect(stderr).toMatch(words);
  });

  it.each([
    ['--peer', 'no-device', /device id/],
    ['--peer', `${'ABCDEFG-'.repeat(7)}ABCDEFG@tcp://x;reboot`, /no address/],
    ['--vault', '/tmp/$(reboot)', /letters, digits/],
    ['--vault', 'relative', /absolute/],
    ['--user', 'a;b', /small letters/],
  ])('takes no %s that a shell or a unit could read as more: %s', (flag, value, words) => {
    const { status, stderr } = run('cloud/setup.sh', ['--dry-run', flag, value]);
    expect(status).toBe(1);
    expect(stderr).toMatch(words);
  });
});

describe('the settings', () => {
  it('go where their key stands, quoted so that they are read back, and no value is shown', async () => {
    const done = await setKeys('laptop', 'IMAP_PASSWORD=\'a "b" $c\'\nSMTP_HOST=smtp.example.org\n');
    expect(done.text).toContain(`IMAP_PASSWORD='a "b" $c'\nSMTP_HOST=smtp.example.org\n`);
    expect(done.stdout).toBe('IMAP_PASSWORD, SMTP_HOST\n');
    expect(done.mode).toBe(0o600);
  });

  it('never bring a key that sends to the cloud', async () => {
    const done = await setKeys('cloud', 'SMTP_HOST=smtp.example.org\n');
    expect(done.status).toBe(1);
    expect(done.stderr).toMatch(/never on the cloud/);
    expect(done.text).toContain('SMTP_HOST=\n');
  });

  it('of an unknown key, or that are no lines KEY=value, are refused', async () => {
    expect((await setKeys('laptop', 'IMAP_PASWORD=x\n')).stderr).toMatch(/knows no such key/);
    expect((await setKeys('laptop', 'rm -rf /\n')).stderr).toMatch(/line 1/);
  });

  it('that are there already change nothing', async () => {
    const done = await setKeys('laptop', 'SYNC=none\nTIMEZONE=Europe/Berlin\n', '--if-empty');
    expect(done.stdout).toBe('TIMEZONE\n');
  });
});
