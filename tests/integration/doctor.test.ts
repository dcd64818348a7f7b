/** `handover doctor` as a process, against real servers: what works, what does not, and whether the cloud's key can send. */
import { createServer, connect as dial, type Server } from 'node:net';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { mailHost } from '../helpers/mail-host.ts';
import { age, logIn, tokenPath } from '../helpers/oauth-login.ts';
import { type OAuthServer, startOAuthServer } from '../helpers/oauth-server.ts';
import { startSmtp, type SmtpOptions, type TestSmtp } from '../helpers/smtp.ts';

const USER = 'user@example.org';
/** The rest of the machine is tests/integration/doctor-machine.test.ts's. */
const MAIL = ['--only', 'access,mailbox,sending'] as const;
let server: OAuthServer;
let dovecot: Dovecot;

beforeAll(async () => {
  server = await startOAuthServer();
  dovecot = await startDovecot({ introspectionUrl: server.introspectionUrl });
});
afterAll(async () => {
  await dovecot.stop();
  await server.stop();
});

async function smtpServer(options: SmtpOptions = {}): Promise<TestSmtp> {
  const smtp = await startSmtp(options);
  onTestFinished(() => smtp.stop());
  return smtp;
}

/** A submission server that takes the mailbox's own password, as most do. */
const taking = () => smtpServer({ auth: { user: USER, password: dovecot.password } });
const refusing = () => smtpServer({ auth: { user: USER, password: 'another' } });

/** One that answers each line in words of the test. */
async function scripted(answer: (line: string) => string, greeting = '220 here'): Promise<number> {
  const script = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => void socket.write(`${answer(String(chunk))}\r\n`));
    socket.write(`${greeting}\r\n`);
  });
  return listening(script);
}

async function listening(one: Server): Promise<number> {
  one.listen(0, '127.0.0.1');
  await once(one, 'listening');
  onTestFinished(() => void one.close());
  const address = one.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Every line a client says to the server behind it. */
async function overheard(target: TestSmtp): Promise<{ port: number; commands: string[] }> {
  const commands: string[] = [];
  const proxy = createServer((socket) => {
    const upstream = dial(target.port, target.host);
    socket.on('data', (chunk: Buffer) =>
      commands.push(
        ...String(chunk)
          .split('\r\n')
          .filter((line) => line !== ''),
      ),
    );
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => undefined);
  });
  return { port: await listening(proxy), commands };
}

describe('handover doctor on the cloud', () => {
  it('warns that the key of the mailbox can send, having sent nothing', async () => {
    const smtp = await taking();
    const { port, commands } = await overheard(smtp);
    const { run } = await mailHost({ dovecot, user: USER });
    const { exit, out } = await run('doctor', ...MAIL, '--smtp', `127.0.0.1:${port}`);
    expect(exit).toBe(1);
    expect(out.split('\n')[0]).toBe(
      'This machine has no key for sending configured, so its mailbox key should only read.',
    );
    expect(out).toContain('ok     default, mailbox: INBOX of user@example.org on 127.0.0.1 opens, read-only');
    expect(out).toContain(
      `WARN   default, sending: THIS KEY CAN SEND: 127.0.0.1, port ${port}, takes the key of the mailbox.`,
    );
    expect(out).toContain('no mail was sent');
    expect(out).toContain('docs/providers.md');
    expect(commands.map((line) => line.split(' ')[0])).toEqual(['EHLO', 'AUTH', 'QUIT']);
    expect(smtp.mails).toEqual([]);
    expect(out).not.toContain(dovecot.password);
  });

  it('is content with a key that the submission server refuses, and asks it once', async () => {
    const smtp = await refusing();
    const { run } = await mailHost({ dovecot, user: USER });
    const { exit, out } = await run('doctor', ...MAIL, '--smtp', `127.0.0.1:${smtp.port}`);
    expect(out).toContain('ok     default, sending: this key cannot send: 127.0.0.1 refuses it');
    expect(out).toContain('Everything that was tried is as it should be.');
    expect(exit).toBe(0);
    expect(smtp.connections()).toBe(1);
  });

  it('does not take silence, a mood of the server, or a server without logins for a proof', async () => {
    const { run } = await mailHost({ dovecot, user: USER });
    const silent = await freePort();
    const busy = await smtpServer({
      auth: { user: USER, password: 'x' },
      hooks: { fault: () => 'auth-454' },
    });
    const loginless = await scripted((line) => (line.startsWith('EHLO') ? '250 here' : '221 bye'));
    for (const port of [silent, busy.port, loginless]) {
      const { exit, out } = await run('doctor', ...MAIL, '--smtp', `127.0.0.1:${port}`);
      expect(exit).toBe(1);
      expect(out).toContain('not proved that this key cannot send');
      expect(out).toContain('handover doctor --smtp smtp.example.org:465');
    }
  });

  it('judges a token by its scope', async () => {
    const smtp = await smtpServer({ userOf: (token) => server.userOf(token, 'smtp') });
    for (const [scopes, exit] of [
      [['imap'], 0],
      [['imap', 'smtp'], 1],
    ] as const) {
      const { run, stateDir } = await mailHost({ dovecot, user: USER, oauth: server });
      server.next.user = USER;
      await logIn(server, stateDir, { settings: { ...server.settings, scopes } });
      const answer = await run('doctor', ...MAIL, '--smtp', `127.0.0.1:${smtp.port}`);
      expect(answer.exit).toBe(exit);
      expect(answer.out).toContain(exit === 0 ? 'this key cannot send' : 'THIS KEY CAN SEND');
    }
    expect(smtp.mails).toEqual([]);
  });

  it('judges a machine with a key for sending as the cloud when it is told to', async () => {
    const smtp = await taking();
    const { run } = await mailHost({ dovecot, user: USER, smtp });
    expect((await run('doctor', ...MAIL)).exit).toBe(0);
    const { exit, out } = await run('doctor', ...MAIL, '--cloud', '--smtp', `127.0.0.1:${smtp.port}`);
    expect(exit).toBe(1);
    expect(out).toContain('THIS KEY CAN SEND');
  });
});

describe('handover doctor on the laptop', () => {
  it('finds that everything works', async () => {
    const smtp = await taking();
    const { run } = await mailHost({ dovecot, user: USER, smtp });
    const { exit, out } = await run('doctor', ...MAIL, '--json');
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toEqual({
      ok: true,
      role: 'laptop',
      faults: 0,
      warnings: 0,
      findings: [
        {
          level: 'ok',
          code: 'ok',
          check: 'mailbox',
          account: 'default',
          words: 'INBOX of user@example.org on 127.0.0.1 opens, read-only',
          cure: '',
        },
        {
          level: 'ok',
          code: 'ok',
          check: 'sending',
          account: 'default',
          words: '127.0.0.1 takes the login of user@example.org; no mail was sent',
          cure: '',
        },
      ],
    });
    expect(smtp.mails).toEqual([]);
  });

  it('says what is wrong with a password, a mailbox, a port, in words with a cure', async () => {
    const smtp = await taking();
    const wrong = await mailHost({
      dovecot,
      user: USER,
      smtp,
      env: { IMAP_PASSWORD: 'wrong', SMTP_PASSWORD: 'wrong' },
    });
    const bad = await wrong.run('doctor', ...MAIL);
    expect(bad.exit).toBe(3);
    expect(bad.out).toMatch(
      /FAULT {2}default, mailbox: user@example\.org on 127\.0\.0\.1: the mail server refuses the login/,
    );
    expect(bad.out).toContain(
      '-> check IMAP_USER and IMAP_PASSWORD; many providers want an app password: see docs/providers.md',
    );
    expect(bad.out).toMatch(
      /FAULT {2}default, sending: 127\.0\.0\.1 refuses the login of user@example\.org: 535/,
    );
    expect(bad.out).toContain('-> check SMTP_USER and SMTP_PASSWORD');
    expect(bad.out).toContain('2 faults; what to do stands behind the arrows.');
    const lost = await mailHost({
      dovecot,
      user: USER,
      smtp,
      env: { IMAP_MAILBOX: 'Nowhere', SMTP_PORT: String(await freePort()) },
    });
    const { out } = await lost.run('doctor', ...MAIL);
    expect(out).toContain('-> check IMAP_MAILBOX');
    expect(out).toContain('-> check SMTP_HOST, SMTP_PORT and SMTP_SECURE');
  });

  it('says of a login that was withdrawn only that, and how to mend it', async () => {
    const smtp = await smtpServer({ userOf: (token) => server.userOf(token, 'smtp') });
    const { run, stateDir } = await mailHost({ dovecot, user: USER, oauth: server, smtp });
    const before = await run('doctor', ...MAIL);
    expect(before.out).toContain('FAULT  default, access: nobody has logged in yet. Run: handover login');
    server.next.user = USER;
    await logIn(server, stateDir);
    const good = await run('doctor', ...MAIL);
    expect(good.out).toContain('ok     default, access: the login by OAuth is good, and renewed by itself');
    expect(good.exit).toBe(0);
    await age(stateDir, 3_600_000);
    server.withdraw();
    const { exit, out } = await run('doctor', ...MAIL);
    expect(exit).toBe(3);
    expect(out).toContain('FAULT  default, access: the login is no longer good');
    expect(out).toContain('-> run: handover login');
    expect(out).not.toContain('mailbox:');
    await chmod(tokenPath(stateDir), 0o644);
    expect((await run('doctor', ...MAIL)).out).toContain(
      'can be read by other users of this machine, so it is not used',
    );
  });

  it('tells a command line that makes no sense, and a configuration that is not there', async () => {
    const { run } = await mailHost({ dovecot, user: USER });
    for (const wish of ['smtp.example.org', 'a b:25', 'x:99999', 'x:0']) {
      expect(await run('doctor', ...MAIL, '--smtp', wish)).toMatchObject({ exit: 2 });
    }
    const bare = await mailHost({ dovecot, user: USER, env: { IMAP_HOST: '' } });
    expect(await bare.run('doctor', ...MAIL)).toMatchObject({ exit: 78 });
  });

  it('cannot be steered by the words of a server', async () => {
    const port = await scripted(() => '554 no', '554 go \u001b[2Jaway \u202etxet');
    const { run } = await mailHost({ dovecot, user: USER });
    const { out } = await run('doctor', ...MAIL, '--smtp', `127.0.0.1:${port}`);
    const steering = Array.from(out).filter((c) => (c < ' ' && c !== '\n') || /\p{Bidi_Control}/u.test(c));
    expect(out).toContain('not proved');
    expect(steering).toEqual([]);
  });
});
