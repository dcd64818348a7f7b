/** `handover init`: by flags, by answers, and at a real terminal, against real mail servers. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { atTerminal } from '../helpers/pseudo-terminal.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';
import { PROJECT } from '../helpers/source-tree.ts';
import { testDir } from '../helpers/testdir.ts';
import { type Typed, typed } from '../helpers/typed.ts';

const USER = 'user@example.org';
/** Select Graphic Rendition (ECMA-48). */
const COLOUR = new RegExp('\u001b\\[[\\d;]+m');
let dovecot: Dovecot;
let smtp: TestSmtp;

beforeAll(async () => {
  dovecot = await startDovecot();
  smtp = await startSmtp({ auth: { user: USER, password: dovecot.password } });
});
afterAll(async () => {
  await smtp.stop();
  await dovecot.stop();
});

async function machine() {
  const cwd = await testDir({ password: `${dovecot.password}\n`, wrong: 'wrong\n' });
  const flags = (role: string, password = 'password'): string[] => [
    ...[
      'init',
      '--yes',
      '--role',
      role,
      '--vault',
      'vault',
      '--state',
      'state',
      '--timezone',
      'Europe/Berlin',
    ],
    ...['--mail-from', `Una <${USER}>`, '--imap-host', dovecot.host, '--imap-port', String(dovecot.imapPort)],
    ...['--imap-secure', 'false', '--imap-user', USER, '--imap-password-file', password],
  ];
  const sends = (port = smtp.port): string[] => [
    ...['--smtp-host', smtp.host, '--smtp-port', String(port), '--smtp-secure', 'false'],
    ...['--smtp-user', USER, '--smtp-password-file', 'password'],
  ];
  const env = async (): Promise<NodeJS.Dict<string>> => parseEnv(await readFile(join(cwd, '.env'), 'utf8'));
  const there = (path: string): Promise<boolean> =>
    stat(join(cwd, path)).then(
      () => true,
      () => false,
    );
  return { cwd, flags, sends, env, there, run: (args: string[]) => typed(args, { cwd }) };
}

describe('handover init by flags', () => {
  it('sets one machine up, and a second time changes nothing', async () => {
    const { cwd, flags, sends, env, run } = await machine();
    const first = await run([...flags('both'), ...sends(), '--status-mcp', '--json']);
    expect(first).toMatchObject({ exit: 0 });
    const made = JSON.parse(first.out) as { env: string; findings: { level: string; check: string }[] };
    expect(made.env).toBe('written');
    expect(made.findings.filter(({ level }) => level === 'ok').map(({ check }) => check)).toEqual([
      'mailbox',
      'sending',
    ]);
    expect(await env()).toMatchObject({
      VAULT_DIR: join(cwd, 'vault'),
      SYNC: 'none',
      MAIL_FROM: `Una <${USER}>`,
      IMAP_PASSWORD: dovecot.password,
      SMTP_PASSWORD: dovecot.password,
      DRY_RUN: 'true',
    });
    expect((await env())['STATUS_MCP_TOKEN']?.length).toBeGreaterThan(30);
    const file = join(cwd, '.env');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const before = await readFile(file, 'utf8');
    const again = await run([...flags('both'), ...sends(), '--status-mcp', '--json']);
    expect(JSON.parse(again.out)).toMatchObject({ env: 'kept', changed: [], created: [] });
    expect(await readFile(file, 'utf8')).toBe(before);
    expect(`${first.out}${first.err}${again.out}`).not.toContain(dovecot.password);
    // What .env says needs no flag.
    expect(await run(['init', '--yes', '--role', 'both', '--imap-mailbox', 'INBOX'])).toMatchObject({
      exit: 0,
    });
    expect(smtp.mails).toEqual([]);
  });

  it('writes nothing while a connection does not work, and says which', async () => {
    const { flags, sends, there, run } = await machine();
    const wrong = await run([...flags('both', 'wrong'), ...sends(await freePort())]);
    expect(wrong.exit).toBe(1);
    expect(wrong.err).toMatch(/nothing was written:\n {2}mailbox: .*\n {2}sending: /);
    expect([await there('.env'), await there('vault'), await there('state')]).toEqual([false, false, false]);
    expect((await run([...flags('both', 'wrong'), ...sends(), '--no-check'])).exit).toBe(0);
  });

  it('gives the cloud no key that sends, folders without notes, and an ignore list before Syncthing knows of it', async () => {
    const { cwd, flags, sends, env, there, run } = await machine();
    const cloud = [...flags('cloud'), '--no-check'];
    expect(await run([...cloud, ...sends()])).toMatchObject({ exit: 2 });
    expect(await there('.env')).toBe(false);
    expect(await run(cloud)).toMatchObject({ exit: 0 });
    expect(Object.keys(await env()).filter((key) => key.startsWith('SMTP_'))).toEqual([]);
    expect(await env()).toMatchObject({ SYNC: 'syncthing' });
    expect(await there('vault/Dashboard.md')).toBe(false);
    const ignores = await readFile(join(cwd, 'vault/.stignore'), 'utf8');
    expect(ignores.split('\n').find((line) => !line.startsWith('//'))).toBe('(?i)/Approved');
    await writeFile(join(cwd, 'vault/.stignore'), 'mine\n');
    const again = await run(cloud);
    expect(again.out).toContain('.stignore left as it was');
    expect(again.out).toContain('Next:');
    expect((await run([...cloud, '--no-next'])).out).not.toContain('Next:');
  });

  it('names every key that is missing or wrong at once, and no value', async () => {
    const { run, there } = await machine();
    const { exit, err } = await run([
      'init',
      '--yes',
      '--role',
      'laptop',
      '--imap-port',
      'secret',
      '--no-check',
    ]);
    expect(exit).toBe(78);
    for (const key of ['VAULT_DIR', 'MAIL_FROM', 'IMAP_HOST', 'IMAP_PASSWORD', 'SMTP_HOST', 'IMAP_PORT']) {
      expect(err).toContain(key);
    }
    expect(err).not.toContain('secret');
    expect(await there('.env')).toBe(false);
  });

  it('does not guess what a machine is, and takes no password from a file that is none', async () => {
    const { flags, run } = await machine();
    expect(await run(['init', '--yes', '--imap-host', 'a'])).toMatchObject({ exit: 2 });
    expect(await run(['init', '--yes', '--role', 'phone'])).toMatchObject({ exit: 2 });
    expect(await run(flags('both', 'not-there'))).toMatchObject({ exit: 2 });
  });

  it('makes a token for the books of the cloud, and lets the key of the laptop post', async () => {
    const { cwd, flags, env, run } = await machine();
    const odoo = ['--odoo-url', 'https://books.example.org', '--odoo-db', 'books', '--odoo-username', 'bot'];
    const all = ['--odoo-api-key-file', 'wrong', '--no-check'];
    expect(await run([...flags('cloud'), ...odoo, ...all])).toMatchObject({ exit: 0 });
    expect(await env()).toMatchObject({ ODOO_MODE: 'draft', ODOO_API_KEY: 'wrong' });
    expect((await env())['ODOO_MCP_TOKEN']?.length).toBeGreaterThan(30);
    const other = await testDir({ password: 'x', wrong: 'y' });
    await typed([...flags('laptop'), '--smtp-host', 'smtp.example.org', ...odoo, ...all], { cwd: other });
    expect(parseEnv(await readFile(join(other, '.env'), 'utf8'))).toMatchObject({ ODOO_MODE: 'live' });
    expect(cwd).not.toBe(other);
  });
});

/** Types the answer to the first question that matches; Enter to every other one. */
async function answering(
  cwd: string,
  args: readonly string[],
  answers: readonly (readonly [RegExp, string])[],
): Promise<Typed & { readonly asked: readonly string[] }> {
  const left = [...answers];
  const asked: string[] = [];
  const reply = (question: string): Promise<string> => {
    asked.push(question);
    const at = left.findIndex(([pattern]) => pattern.test(question));
    if (asked.length > 100) throw new Error(`it keeps asking: ${asked.slice(-5).join('; ')}`);
    return Promise.resolve(at < 0 ? '' : (left.splice(at, 1)[0]?.[1] ?? ''));
  };
  return { ...(await typed(args, { cwd, ask: reply, askSecret: reply })), asked };
}

const ANSWERS = (): (readonly [RegExp, string])[] => [
  [/^both, cloud or laptop/, 'both'],
  [/^The vault/, 'vault'],
  [/^The state/, 'state'],
  [/^You, as/, 'not an address'],
  [/^You, as/, `Una <${USER}>`],
  [/^IMAP server/, dovecot.host],
  [/^IMAP port/, String(dovecot.imapPort)],
  [/^IMAP TLS/, 'false'],
  [/^Password that reads/, 'wrong'],
  [/^Other values/, 'y'],
  [/^Password that reads/, dovecot.password],
  [/^SMTP server/, smtp.host],
  [/^SMTP port/, String(smtp.port)],
  [/^SMTP TLS/, 'false'],
];

describe('handover init by answers', () => {
  it('asks again what does not work, and offers what was said', async () => {
    const { cwd, env } = await machine();
    const { exit, out, asked } = await answering(cwd, ['init'], ANSWERS());
    expect(out).toContain('MAIL_FROM must be one mail address');
    expect(out).toContain('FAULT');
    expect(asked).toContain(`IMAP user [${USER}]: `);
    expect(out).toContain('.env gets: DRAFTER, IMAP_AUTH');
    expect(exit).toBe(0);
    expect(await env()).toMatchObject({ IMAP_PASSWORD: dovecot.password, SMTP_USER: USER, SYNC: 'none' });
    const text = await readFile(join(cwd, '.env'), 'utf8');
    const again = await answering(cwd, ['init'], []);
    expect(again.out).toContain('.env says all of this already.');
    expect(again.asked.join()).not.toContain(dovecot.password);
    expect(again.exit).toBe(0);
    expect(await readFile(join(cwd, '.env'), 'utf8')).toBe(text);
  });

  it('writes nothing when the user says no, or stops at a fault', async () => {
    const { cwd, there } = await machine();
    const no = await answering(cwd, ['init'], [...ANSWERS(), [/^Write it/, 'n']]);
    expect(no).toMatchObject({ exit: 1, err: 'handover: stopped; nothing was written\n' });
    const stop = ANSWERS().map(([q, a]) => [q, String(q).includes('Other') ? 'q' : a] as const);
    expect(await answering(cwd, ['init'], stop)).toMatchObject({ exit: 1 });
    expect([await there('.env'), await there('vault'), await there('state')]).toEqual([false, false, false]);
  });

  it('takes a login that comes later for no fault, and says that it comes', async () => {
    const { cwd, env, there } = await machine();
    const answers = ANSWERS().filter(([q]) => !/Password|Other/.test(q.source));
    const oauth = [...answers, [/^Log in by/, 'oauth'], [/^Client id/, 'an-id']] as const;
    const no = await answering(cwd, ['init'], [...oauth, [/^Write it/, 'n']]);
    expect(no.exit).toBe(1);
    expect(await there('state')).toBe(false);
    const { exit, out, asked } = await answering(cwd, ['init'], oauth);
    expect(exit).toBe(0);
    expect(out).toMatch(/FAULT .*access: /);
    expect(out).toContain('handover login                 log in at the provider');
    expect(asked.join('\n')).not.toMatch(/Password|Other values/);
    expect(await env()).toMatchObject({ IMAP_AUTH: 'oauth', SMTP_AUTH: 'oauth', IMAP_PASSWORD: '' });
  });

  it('tells the cloud that its key can send, and asks for no key that does', async () => {
    const { cwd, env } = await machine();
    const answers = ANSWERS().map(([q, a]) => [q, a === 'both' ? 'cloud' : a] as const);
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const { exit, out, asked } = await answering(
      cwd,
      ['init'],
      [...answers, [/^The Syncthing/, nowhere], [/^Its API key/, 'k'], [/^Other values/, 'k']],
    );
    expect(exit).toBe(0);
    expect(asked.join('\n')).not.toMatch(/SMTP|sends mail/);
    expect(out).toContain('not proved that this key cannot send');
    expect(out).toContain(`Syncthing does not answer at ${nowhere}`);
    expect(await env()).toMatchObject({ SYNC: 'syncthing', SYNCTHING_API_KEY: 'k' });
  });
});

describe('handover init at a terminal', () => {
  const command = [
    process.execPath,
    ...[
      '--import',
      join(PROJECT, 'node_modules/tsx/dist/esm/index.mjs'),
      join(PROJECT, 'src/cli/handover.ts'),
    ],
  ];

  it('asks, does not show a password, and colours what it found', async () => {
    const { cwd, env } = await machine();
    const at = atTerminal([...command, 'init', '--role', 'both'], { cwd });
    const server = ['IMAP server', 'IMAP port', 'IMAP TLS', 'IMAP user', 'Log in by'];
    const typing: readonly (readonly [string, string])[] = [
      ['The vault', 'vault'],
      ['The state', 'state'],
      ['Time zone', 'Europe/Berlin'],
      ['You, as', `Una <${USER}>`],
      ['IMAP server', dovecot.host],
      ['IMAP port', String(dovecot.imapPort)],
      ['IMAP TLS', 'false'],
      ['IMAP user', ''],
      ['Log in by', ''],
      ['Password that reads', 'wrong'],
      ['Folder to watch', ''],
      ['Other values', ''],
      ...server.map((question) => [question, ''] as const),
      ['Password that reads', dovecot.password],
      ['Folder to watch', ''],
      ['SMTP server', smtp.host],
      ['SMTP port', String(smtp.port)],
      ['SMTP TLS', 'false'],
      ['Log in by', ''],
      ['SMTP user', ''],
      ['Password that sends', ''],
      ['Who writes drafts', ''],
      ['Do you use Odoo', ''],
      ['Write it', ''],
    ];
    for (const [question, line] of typing) await at.answer(question, line);
    expect(await at.exit).toBe(0);
    expect(at.screen()).not.toContain(dovecot.password);
    expect(at.screen()).not.toContain('wrong');
    expect(at.screen()).toContain('\u001b[32mok');
    expect(await env()).toMatchObject({ IMAP_PASSWORD: dovecot.password, TIMEZONE: 'Europe/Berlin' });
  });

  it('stops at Ctrl+C and has written nothing; NO_COLOR means no colour', async () => {
    const { cwd, there } = await machine();
    const at = atTerminal([...command, 'init'], { cwd, env: { NO_COLOR: '1' } });
    await at.sees('both, cloud or laptop');
    at.press('\u0003');
    expect(await at.exit).toBe(1);
    expect(at.screen()).toContain('handover: interrupted');
    expect(at.screen()).not.toMatch(COLOUR);
    expect(await there('.env')).toBe(false);
  });
});
