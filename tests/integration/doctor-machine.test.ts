/** `handover doctor` on the machine itself: each thing that can be wrong with it is made wrong, and told with its cure. */
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { checkDisk } from '../../src/cli/doctor-files.ts';
import { inTime } from '../../src/cli/doctor-check.ts';
import { CODES, type FaultCode } from '../../src/cli/doctor-codes.ts';
import { exitOf, type Finding } from '../../src/cli/doctor.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { ActiveEffects } from '../../src/stages/active-effects.ts';
import { type DoctorHost, doctorHost, pm2Entry, ROOT } from '../helpers/doctor-host.ts';
import { sealInput } from '../helpers/sealed.ts';

const NOW = Date.now();
const ID = 'em-0123456789abcdef' as TaskId;
const SYNC = { SYNC: 'syncthing', SYNCTHING_API_KEY: 'x' };
const AS_ROOT = process.getuid?.() === 0;

/** Exactly one finding of this code, with words and a cure; and the level that its table says. */
function told(findings: readonly Finding[], code: FaultCode, words: RegExp): Finding {
  const [one, ...more] = findings.filter((finding) => finding.code === code);
  expect(findings.map((finding) => finding.code)).toContain(code);
  expect(more).toEqual([]);
  expect(one?.words).toMatch(words);
  expect(one?.cure).not.toBe('');
  expect(one?.level).toBe(CODES[code].level);
  return one as Finding;
}

const bad = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ level }) => level === 'warning' || level === 'fault');

describe('the configuration', () => {
  it('is told whole, each key by its name, and ends with 78', async () => {
    const host = await doctorHost();
    const findings = await host.examine(['configuration'], {
      IMAP_PORT: 'many',
      TIMEZONE: 'Nowhere/Town',
      ODOO_URL: 'https://odoo.example.org',
    });
    const words = bad(findings).map((one) => one.words);
    expect(words).toContainEqual(expect.stringMatching(/^TIMEZONE /));
    expect(words).toContainEqual(expect.stringMatching(/^IMAP_PORT /));
    expect(words).toContain('ODOO_API_KEY is missing: ODOO_URL is set');
    expect(new Set(words).size).toBe(words.length);
    expect(exitOf(findings)).toBe(78);
  });

  it('that is not there at all is made by init', async () => {
    const host = await doctorHost();
    const findings = await host.examine(['configuration'], { VAULT_DIR: '', STATE_DIR: '' });
    const missing = findings.filter(({ words }) => /^(VAULT|STATE)_DIR is missing/.test(words));
    expect(missing.map(({ cure }) => cure)).toEqual(['run: handover init', 'run: handover init']);
  });

  it('that others can read is not read, and nothing else is said of it', async () => {
    const host = await doctorHost();
    await chmod(join(host.dir, 'home/.env'), 0o644);
    const findings = await host.examine(['configuration'], { VAULT_DIR: '' });
    expect(told(findings, 'config-open', /can be read by other users/).cure).toMatch(
      /^run: chmod 600 .*\.env$/,
    );
    expect(bad(findings)).toHaveLength(1);
    expect(exitOf(findings)).toBe(78);
  });

  it('warns of the key of an administrator that was left behind', async () => {
    const host = await doctorHost();
    const findings = await host.examine(['configuration'], { ODOO_ADMIN_API_KEY: 'secret key' });
    told(findings, 'admin-key-left', /administrator/);
    expect(JSON.stringify(findings)).not.toContain('secret key');
    expect(exitOf(findings)).toBe(1);
  });
});

describe('the machine', () => {
  it('has a Node that is too old, and a program that was not built or is older than its sources', async () => {
    const host = await doctorHost();
    told(
      await host.examine(['machine'], {}, { node: '18.19.0' }),
      'node-old',
      /18\.19\.0 is older than 20\.19/,
    );
    await rm(join(host.program, 'dist'), { recursive: true });
    told(await host.examine(['machine']), 'not-built', /dist/);
    await host.put('program/dist/cli/handover.js', '');
    await host.put('program/src/x.ts', '');
    await mkdir(join(host.program, 'deployment'));
    await copyFile(join(ROOT, 'deployment/ensure.mjs'), join(host.program, 'deployment/ensure.mjs'));
    told(await host.examine(['machine']), 'build-old', /older than src/);
  });

  it('lives in another time zone than Handover was told, or was told none', async () => {
    const host = await doctorHost();
    vi.stubEnv('TZ', 'Europe/Vienna');
    onTestFinished(() => void vi.unstubAllEnvs());
    told(await host.examine(['machine']), 'zone-not-set', /those of UTC; this machine is in Europe\/Vienna/);
    expect(bad(await host.examine(['machine'], { TIMEZONE: 'Asia/Tokyo' }))).toEqual([]);
  });

  it('has a clock that nobody sets', async () => {
    const host = await doctorHost();
    const says = (word: string) => host.put('bin/timedatectl', `#!/bin/sh\necho ${word}\n`, 0o700);
    await says('no');
    told(await host.examine(['machine']), 'clock-not-synced', /time server/);
    await says('yes');
    expect(bad(await host.examine(['machine']))).toEqual([]);
  });
});

describe('the folders', () => {
  it('are well as init makes them', async () => {
    const host = await doctorHost();
    expect(bad(await host.examine(['files', 'disk', 'vault', 'state']))).toEqual([]);
  });

  it('are missing, open to others, or somebody else’s', async () => {
    const host = await doctorHost();
    await chmod(host.state, 0o750);
    const open = told(await host.examine(['files']), 'state-open', /mode 750/);
    expect(open.cure).toBe(`run: chmod 700 ${host.state}`);
    const nowhere = { STATE_DIR: join(host.dir, 'nowhere'), VAULT_DIR: join(host.dir, 'no-vault') };
    const gone = await host.examine(['files'], nowhere);
    told(gone, 'state-missing', /nowhere/);
    told(gone, 'vault-missing', /no-vault/);
    told(await host.examine(['files'], { VAULT_DIR: host.program }), 'vault-missing', /is no vault yet/);
    // Root makes it somebody else's; anybody else finds root's.
    if (AS_ROOT) await chown(host.state, 12_345, 12_345);
    const foreign = await host.examine(['files'], AS_ROOT ? {} : { STATE_DIR: '/usr' });
    told(foreign, 'state-foreign', AS_ROOT ? /another user \(12345\)/ : /another user \(0\)/);
    if (!AS_ROOT) told(foreign, 'state-read-only', /cannot be written to/);
  });

  it('are in memory, and would be gone with the next restart', async () => {
    const host = await doctorHost();
    const state = await mkdtemp('/dev/shm/ho-');
    onTestFinished(() => rm(state, { recursive: true }));
    told(await host.examine(['files'], { STATE_DIR: state }), 'state-volatile', /tmpfs/);
  });

  it('are on a disk that is full, nearly full, or out of inodes', async () => {
    const MIB = 1024 * 1024;
    const on = (bytes: number, files: number | null) =>
      checkDisk({ config: { VAULT_DIR: '/v', STATE_DIR: '/s' } } as never, () =>
        Promise.resolve({ bytes, files }),
      );
    const codes = async (bytes: number, files: number | null) =>
      (await on(bytes, files)).map(({ code }) => code);
    expect(await codes(99 * MIB, null)).toEqual(['disk-full', 'disk-full']);
    expect(await codes(101 * MIB, null)).toEqual(['disk-low', 'disk-low']);
    expect(await codes(2048 * MIB, 9_999)).toEqual(['inodes-low', 'inodes-low']);
    expect(await codes(2048 * MIB, 10_000)).toEqual(['ok', 'ok']);
    expect((await on(99 * MIB, null))[1]?.words).toBe('the disk of STATE_DIR is full: 99 MB left');
  });

  it('hold a secret, or what does not belong there', async () => {
    const host = await doctorHost();
    await host.put('vault/Attachments/id_rsa', 'x');
    await host.put('vault/Approved/notes.txt', 'x');
    const findings = await host.examine(['vault']);
    told(findings, 'vault-secret', /Attachments\/id_rsa/);
    told(findings, 'vault-findings', /^\d+ things? in the vault/);
    expect(exitOf(findings)).toBe(3);
  });
});

describe('what was left in STATE_DIR', () => {
  it('is a lock of a process that died, or of one that nobody watches', async () => {
    const host = await doctorHost();
    await host.put(
      'state/orchestrator.lock/3',
      JSON.stringify({ pid: 999_999_999, start: '1', boot: 'gone' }),
    );
    const left = told(await host.examine(['state']), 'lock-left', /orchestrator ended .*999999999/);
    expect(left.cure).toContain('by itself');
    await host.put('state/orchestrator.lock/4', JSON.stringify(ownIdentity()));
    expect(bad(await host.examine(['state']))).toEqual([]);
    await host.pm2([]);
    told(await host.examine(['state']), 'process-orphan', /orchestrator runs \(pid \d+\), and not under PM2/);
  });

  it('is what befell a process in the last day, the last of each', async () => {
    const host = await doctorHost();
    const fell = (hours: number, what: string, done: string): object => ({
      ...{ at: NOW - hours * 3_600_000, process: 'orchestrator', pid: 7, what, done },
    });
    const records = [fell(30, 'gone', 'no-pm2'), fell(3, 'fell', 'restarted'), fell(2, 'hung', 'restarted')];
    await host.put('state/monitor/health-monitor.json', JSON.stringify(records));
    const one = told(
      await host.examine(['state']),
      'process-befell',
      /^orchestrator hung and was started again/,
    );
    expect(one.cure).toContain('npx pm2 logs orchestrator');
    const left = [...records, fell(1, 'gone', 'too-often')];
    await host.put('state/monitor/health-monitor.json', JSON.stringify(left));
    expect(told(await host.examine(['state']), 'process-befell', /is gone/).cure).toContain(
      'again and again',
    );
    expect(bad(await host.examine(['state'], {}, { now: () => NOW + 86_400_000 }))).toEqual([]);
  });

  it('is a mail that may have been sent, or a journal that cannot be read', async () => {
    const host = await doctorHost();
    const journal = await openMailJournal({
      stateDir: host.state,
      self: ownIdentity(),
      isAlive,
      now: () => NOW,
    });
    await journal.seal(await sealInput(ID));
    const begun = await journal.beginAttempt(ID, 1);
    if (!begun.ok) throw new Error('no attempt');
    begun.attempt.transmitting();
    await begun.attempt.finish({ verdict: 'in_doubt', words: 'line lost' }, 'body');
    const active = new ActiveEffects(host.state);
    await active.add(ID, 'note');
    expect(told(await host.examine(['state']), 'in-doubt', new RegExp(ID)).cure).toContain(
      `handover resolve ${ID} --sent, or --resend`,
    );
    await host.put(`state/journal/${ID}/what`, '');
    told(await host.examine(['state']), 'journal-unreadable', new RegExp(ID));
  });
});

describe('the processes', () => {
  const NAMES = ['cloud-email-watcher', 'draft-replier', 'orchestrator', 'health-monitor'];
  const script = (host: DoctorHost): string => join(host.program, 'dist/cli/handover.js');
  const all = (host: DoctorHost, more: Readonly<Record<string, object>> = {}): object[] =>
    NAMES.map((name) => pm2Entry(name, script(host), more[name]));

  it('are well when PM2 says so, in any order of its words', async () => {
    const host = await doctorHost();
    await host.pm2(`[PM2] Spawning\n${JSON.stringify(all(host))}`);
    expect(bad(await host.examine(['processes']))).toEqual([]);
  });

  it('cannot be there without PM2, or while it does not run or does not answer', async () => {
    const host = await doctorHost();
    told(await host.examine(['processes']), 'pm2-missing', /not installed/);
    await host.pm2('no list');
    told(await host.examine(['processes']), 'pm2-silent', /does not say/);
    // The pid is another program's by now: asking PM2 for its list would start one.
    await host.put(`proc/${process.pid}/cmdline`, 'vim');
    told(await host.examine(['processes']), 'pm2-not-running', /nothing drafts/);
    await host.put('pm2/pm2.pid', 'x');
    told(await host.examine(['processes']), 'pm2-not-running', /nothing drafts/);
  });

  it('run under a PM2 that calls its makers, lets others read, or does not start with the machine', async () => {
    const host = await doctorHost();
    await host.pm2(all(host), { PM2_DISABLE_VERSION_CHECK: 'no' });
    await chmod(join(host.dir, 'pm2'), 0o755);
    const booted = { places: { proc: host.proc, systemd: host.dir, units: [host.units] } };
    const findings = await host.examine(['processes'], {}, booted);
    told(findings, 'pm2-calls-home', /calling its makers/);
    told(findings, 'pm2-home-open', /can read/);
    told(findings, 'pm2-no-boot', /after a restart/);
    await host.put('units/handover.service', '[Service]\nExecStart=/usr/bin/pm2 resurrect\n');
    told(await host.examine(['processes'], {}, booted), 'pm2-no-boot', /after a restart/);
    await mkdir(join(host.units, 'multi-user.target.wants'));
    await symlink('../handover.service', join(host.units, 'multi-user.target.wants/handover.service'));
    expect((await host.examine(['processes'], {}, booted)).map(({ code }) => code)).not.toContain(
      'pm2-no-boot',
    );
  });

  it('cannot be restarted where there is no ps', async () => {
    const host = await doctorHost();
    await host.pm2(all(host));
    const codes = async (env: Record<string, string>): Promise<unknown[]> =>
      (await host.examine(['processes'], env)).map(({ code }) => code);
    expect(await codes({})).not.toContain('pm2-no-ps');
    expect(await codes({ PATH: host.dir })).toContain('pm2-no-ps');
  });

  it('are missing, down, badly configured, restless, there twice, or of another program', async () => {
    const host = await doctorHost();
    const now = Date.now();
    await host.pm2([
      pm2Entry('draft-replier', script(host), { status: 'errored', exit_code: 1 }, 0),
      pm2Entry('cloud-email-watcher', script(host), { status: 'waiting restart', exit_code: 78 }, 0),
      pm2Entry('health-monitor', script(host), { restart_time: 9, pm_uptime: now }),
      pm2Entry('health-monitor', script(host), { restart_time: 0 }),
      pm2Entry('status-mcp', '/opt/other/dist/cloud/status-mcp.main.js'),
      pm2Entry('somebody-else', '/opt/other/x.js'),
    ]);
    const findings = await host.examine(['processes']);
    told(findings, 'process-missing', /^orchestrator is not/);
    told(findings, 'process-down', /^draft-replier does not run \(errored, exit 1\)/);
    expect(told(findings, 'process-config', /^cloud-email-watcher/).cure).toContain(
      'npx pm2 logs cloud-email-watcher',
    );
    told(findings, 'process-restarts', /^health-monitor was started 9 times/);
    told(findings, 'process-twice', /^health-monitor/);
    told(findings, 'process-elsewhere', /^status-mcp .*\/opt\/other/);
    expect(JSON.stringify(findings)).not.toContain('somebody-else');
  });

  it('run what was built before the last build', async () => {
    const host = await doctorHost();
    await host.put('program/dist/.built', 'x');
    await host.pm2(all(host, { orchestrator: { pm_uptime: NOW - 7_200_000 } }));
    const built = new Date(NOW - 5_400_000);
    await utimes(join(host.program, 'dist/.built'), built, built);
    const one = told(await host.examine(['processes']), 'process-old-code', /^orchestrator/);
    expect(one.cure).toBe('run: npx pm2 restart orchestrator');
  });

  it('are expected as the process table has them', async () => {
    const host = await doctorHost();
    await host.pm2([]);
    const keys = { SMTP_HOST: 'x', ODOO_URL: 'http://127.0.0.1:1', STATUS_MCP_TOKEN: 'x'.repeat(40) };
    const missing = (await host.examine(['processes'], keys)).filter(
      ({ code }) => code === 'process-missing',
    );
    for (const [name, value] of Object.entries({ ...keys, IMAP_HOST: 'x' })) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { bothApps } = await import('../../deployment/process-table.js');
    expect(missing.map(({ words }) => words.split(' ')[0]).sort()).toEqual(
      bothApps()
        .map(({ name }) => name)
        .sort(),
    );
  });
});

describe('what the processes say of themselves', () => {
  const beat = (host: DoctorHost, path: string, more: object): Promise<void> => {
    const [, process = ''] = path.split('/');
    const text = {
      process,
      at: new Date(NOW).toISOString(),
      state: 'ok',
      since: new Date(NOW).toISOString(),
      ...more,
    };
    return host.put(`vault/Updates/${path}.json`, JSON.stringify(text));
  };
  const at = (ms: number) => ({ at: new Date(NOW + ms).toISOString() });

  it('is not taken for good news while none says anything', async () => {
    const host = await doctorHost();
    expect(await host.examine(['agents'])).toMatchObject([{ level: 'off' }]);
    await beat(host, 'local-agent/orchestrator', {});
    expect(await host.examine(['agents'])).toMatchObject([
      { level: 'ok', words: 'all is well with orchestrator' },
    ]);
  });

  it('is told with its reason when it is paused or not well', async () => {
    const host = await doctorHost();
    await beat(host, 'local-agent/orchestrator', { state: 'paused', reason: 'PAUSE lies in the vault.' });
    await beat(host, 'cloud-agent/draft-replier', {
      state: 'degraded',
      reason: 'the model \u001b[2J is down',
    });
    const findings = await host.examine(['agents']);
    told(findings, 'process-paused', /^orchestrator is paused: PAUSE lies/);
    expect(told(findings, 'process-degraded', /^draft-replier: the model/).words).not.toContain('\u001b');
  });

  it('is nothing for minutes, though PM2 says that it runs', async () => {
    const host = await doctorHost();
    await host.pm2([pm2Entry('orchestrator', join(host.program, 'dist/cli/handover.js'))]);
    await beat(host, 'local-agent/orchestrator', at(-4 * 60_000));
    told(await host.examine(['agents'], {}, { now: () => NOW }), 'heartbeat-silent', /^orchestrator runs/);
    const young = pm2Entry('orchestrator', join(host.program, 'dist/cli/handover.js'), {
      pm_uptime: NOW - 1000,
    });
    await host.pm2([young]);
    expect(bad(await host.examine(['agents'], {}, { now: () => NOW }))).toEqual([]);
  });

  it('is nothing from the other machine, ever or for long', async () => {
    const host = await doctorHost();
    told(await host.examine(['agents'], SYNC), 'peer-never', /nothing was ever heard/);
    await beat(host, 'local-agent/orchestrator', {});
    await beat(host, 'local-agent/approval-handler', at(-5 * 3_600_000));
    const silent = told(await host.examine(['agents'], SYNC), 'peer-silent', /approval-handler/);
    expect(silent.words).toContain('5 hours ago');
  });

  it.each([
    [90_000, 'peer-clock-ahead'],
    [3_600_000, 'peer-clock-ahead'],
    [-3_600_000, 'peer-clock-behind'],
  ] as const)('has a stamp %i ms off the time it came: %s', async (ms, code) => {
    const host = await doctorHost();
    for (const process of ['orchestrator', 'approval-handler'])
      await beat(host, `local-agent/${process}`, at(ms));
    told(await host.examine(['agents'], SYNC), code, / \d+ s /);
    for (const process of ['orchestrator', 'approval-handler'])
      await beat(host, `local-agent/${process}`, {});
    expect(bad(await host.examine(['agents'], SYNC))).toEqual([]);
  });
});

describe('a check', () => {
  it('that never ends is a finding like any other', async () => {
    const findings = await inTime('odoo', new Promise<never>(() => undefined), 20);
    expect(findings).toMatchObject([{ code: 'no-answer', check: 'odoo', level: 'fault' }]);
    expect(exitOf(findings)).toBe(3);
  });

  it('decides how doctor ends by its worst finding', () => {
    const of = (...codes: FaultCode[]) =>
      codes.map((code) => ({ ...CODES[code], code, account: '', words: '' }));
    expect(exitOf([])).toBe(0);
    expect(exitOf(of('disk-low'))).toBe(1);
    expect(exitOf(of('disk-low', 'disk-full'))).toBe(3);
    expect(exitOf(of('disk-full', 'config-wrong', 'disk-low'))).toBe(78);
  });
});
