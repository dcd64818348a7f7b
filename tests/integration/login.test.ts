/** `handover login` as a process: what is typed, shown and kept; against a real authorisation server, Dovecot and SMTP. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { type MailHost, mailHost } from '../helpers/mail-host.ts';
import { readTokens, tokenPath } from '../helpers/oauth-login.ts';
import { type OAuthServer, type OAuthServerOptions, startOAuthServer } from '../helpers/oauth-server.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';

const USER = 'user@example.org';
const URL_SHOWN = /^ {2}(http:\/\/\S+\/authorize\S*)$/m;
let server: OAuthServer;
let dovecot: Dovecot;
let smtp: TestSmtp;

beforeAll(async () => {
  server = await startOAuthServer();
  dovecot = await startDovecot({ introspectionUrl: server.introspectionUrl });
  smtp = await startSmtp({ userOf: (token) => server.userOf(token, 'smtp') });
});
afterAll(async () => {
  await smtp.stop();
  await dovecot.stop();
  await server.stop();
});

async function host(env: Readonly<Record<string, string>> = {}): Promise<MailHost> {
  server.next.user = USER;
  server.next.deny = false;
  return mailHost({ dovecot, user: USER, oauth: server, smtp, env });
}

async function another(options: OAuthServerOptions): Promise<OAuthServer> {
  const one = await startOAuthServer(options);
  onTestFinished(() => one.stop());
  return one;
}

describe('handover login in a browser', () => {
  it('asks for what this machine does, keeps the access, and shows that it works', async () => {
    const { start, stateDir } = await host();
    const login = start('login');
    const [, url = ''] = await login.said(URL_SHOWN);
    const asked = new URL(url).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      client_id: server.settings.clientId,
      scope: 'imap smtp',
      code_challenge_method: 'S256',
      login_hint: USER,
    });
    expect(asked.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(asked.get('state')?.length).toBeGreaterThan(20);
    const page = await server.browse(url);
    expect(page).toMatchObject({
      status: 200,
      text: expect.stringContaining('You can close this window') as string,
    });
    const { exit, out } = await login.done;
    expect(exit).toBe(0);
    expect(out).toContain(
      'Account default: user@example.org, with the provider. Handover asks for access to read the mailbox and to send from it.',
    );
    expect(out).toContain('ok     default, mailbox: INBOX of user@example.org on 127.0.0.1 opens, read-only');
    expect(out).toContain(
      'ok     default, sending: 127.0.0.1 takes the login of user@example.org; no mail was sent',
    );
    expect(out).toContain(`The access is kept in ${tokenPath(stateDir)}, which only you can read`);
    expect((await stat(tokenPath(stateDir))).mode & 0o777).toBe(0o600);
    expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
    expect(smtp.mails).toEqual([]);
  });

  it('shows no token, neither on the terminal nor in the browser', async () => {
    const { start, stateDir } = await host();
    const login = start('login', '--json');
    const [, url = ''] = await login.said(URL_SHOWN);
    const page = await server.browse(url);
    await login.done;
    const { accessToken, refreshToken } = await readTokens(stateDir);
    const verifier = server.asked.at(-1)?.get('code_verifier') ?? 'none';
    for (const secret of [accessToken, refreshToken, verifier]) {
      expect(login.output()).not.toContain(secret);
      expect(page.text).not.toContain(secret);
    }
    const last = login.output().trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ ok: true, account: 'default' });
  });

  it('listens on 127.0.0.1 alone, and is not disturbed by pages that guess', async () => {
    const { start } = await host();
    const login = start('login');
    const [, url = ''] = await login.said(URL_SHOWN);
    const back = new URL(new URL(url).searchParams.get('redirect_uri') ?? '');
    for (const guess of ['/', '/?code=x', '/?code=x&state=wrong', '/?error=access_denied&state=wrong']) {
      expect((await fetch(new URL(guess, back))).status).toBe(404);
    }
    expect((await fetch(back, { method: 'POST' })).status).toBe(404);
    const reachable = await new Promise((resolve) => {
      const socket = connect(Number(back.port), '127.0.0.2');
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    expect(reachable).toBe(false);
    await server.browse(url);
    expect((await login.done).exit).toBe(0);
  });

  it('says so when the user said no, and keeps what was there', async () => {
    const one = await host();
    const first = one.start('login');
    await server.browse((await first.said(URL_SHOWN))[1] ?? '');
    await first.done;
    const before = await readFile(tokenPath(one.stateDir), 'utf8');
    server.next.deny = true;
    const second = one.start('login');
    const page = await server.browse((await second.said(URL_SHOWN))[1] ?? '');
    expect(page.status).toBe(400);
    const { exit, err } = await second.done;
    expect(exit).toBe(1);
    expect(err).toBe(
      'handover: not logged in; an earlier login stays as it was: the provider says access_denied',
    );
    expect(await readFile(tokenPath(one.stateDir), 'utf8')).toBe(before);
  });

  it('as somebody else is kept, and told to be of no use for this mailbox', async () => {
    const { start } = await host();
    server.next.user = 'other@example.org';
    const login = start('login');
    await server.browse((await login.said(URL_SHOWN))[1] ?? '');
    const { exit, out } = await login.done;
    expect(exit).toBe(1);
    expect(out).toMatch(/FAULT {2}default, mailbox: .*is the login that of user@example\.org\?/);
  });

  it('refuses an access that does not last, or is less than was asked for', async () => {
    const less = await another({ grants: ['imap'] });
    const { start, stateDir } = await mailHost({ dovecot, user: USER, oauth: less, smtp });
    const login = start('login');
    await less.browse((await login.said(URL_SHOWN))[1] ?? '');
    const { exit, err } = await login.done;
    expect(exit).toBe(78);
    expect(err).toContain('the provider did not give everything: smtp is missing');
    less.fail({
      status: 200,
      body: '{"access_token":"a","token_type":"Bearer","expires_in":3600,"scope":"imap smtp"}',
    });
    const again = start('login');
    await less.browse((await again.said(URL_SHOWN))[1] ?? '');
    expect((await again.done).err).toContain('gave an access that ends within the hour (no refresh token)');
    expect(await readdir(stateDir).catch(() => [])).not.toContain('tokens');
  });

  it('takes the port it is given, and says when that is taken', async () => {
    const { start } = await host();
    const login = start('login');
    const [, url = ''] = await login.said(URL_SHOWN);
    const port = new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port;
    const { exit, err } = await start('login', '--port', port).done;
    expect(exit).toBe(78);
    expect(err).toContain(`port ${port} of this machine is taken: choose another with --port`);
    await server.browse(url);
    await login.done;
    expect((await start('login', '--port', '80').done).exit).toBe(2);
  });
});

describe('handover login on another device', () => {
  it('shows the address and the code, waits for the yes, and keeps the access', async () => {
    const { start, stateDir } = await host();
    const login = start('login', '--device');
    await login.said(
      /On any device open http:\S+\/enter, enter the code WDJB-MJHT, and log in as user@example\.org\./,
    );
    await login.said(/Waiting, 15 minutes at most\./);
    server.answerDevice('approved');
    const { exit, out } = await login.done;
    expect(exit).toBe(0);
    expect(out).toContain('default, mailbox: INBOX of user@example.org');
    expect(server.userOf((await readTokens(stateDir)).accessToken)).toBe(USER);
  });

  it.each([
    ['denied', 'access_denied'],
    ['expired', 'expired_token'],
  ] as const)('ends when it is %s', async (answer, words) => {
    const { start } = await host();
    const login = start('login', '--device');
    await login.said(/WDJB-MJHT/);
    server.answerDevice(answer);
    const { exit, err } = await login.done;
    expect(exit).toBe(1);
    expect(err).toContain(words);
  });

  it('is not offered with Google, with the reason', async () => {
    const { run } = await host({ IMAP_OAUTH_PROVIDER: 'google', IMAP_OAUTH_DEVICE_URL: '' });
    const { exit, err } = await run('login', '--device');
    expect(exit).toBe(2);
    expect(err).toContain('Google opens no mailbox by a code on another device');
  });
});

describe('handover login by pasting', () => {
  /** In this process: a terminal to type into is given by `ask`. */
  async function typed(env: MailHost['stateDir'], line: (url: string) => Promise<string>) {
    let output = '';
    const exit = await runCli(['login', '--paste'], {
      cwd: env,
      out: (text) => (output += text),
      err: (text) => (output += text),
      ask: () => line(URL_SHOWN.exec(output)?.[1] ?? ''),
    });
    return { exit, output };
  }

  it('takes the address the browser ended at, once, and no other', async () => {
    const { stateDir } = await host();
    const keys: Readonly<Record<string, string>> = {
      VAULT_DIR: join(stateDir, '../vault'),
      STATE_DIR: stateDir,
      MAIL_FROM: USER,
      IMAP_HOST: dovecot.host,
      IMAP_PORT: String(dovecot.imapPort),
      IMAP_SECURE: 'false',
      IMAP_USER: USER,
      IMAP_AUTH: 'oauth',
      IMAP_OAUTH_PROVIDER: 'custom',
      IMAP_OAUTH_CLIENT_ID: server.settings.clientId,
      IMAP_OAUTH_AUTHORIZE_URL: server.settings.authorizeUrl,
      IMAP_OAUTH_TOKEN_URL: server.settings.tokenUrl,
      IMAP_OAUTH_SCOPES: 'imap',
      SMTP_HOST: smtp.host,
      SMTP_PORT: String(smtp.port),
      SMTP_SECURE: 'false',
    };
    for (const [name, value] of Object.entries(keys)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const endsAt = async (url: string): Promise<string> =>
      (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '';
    const wrong = await typed(join(stateDir, '..'), () =>
      Promise.resolve('http://127.0.0.1:8765/?code=x&state=y'),
    );
    expect(wrong.exit).toBe(1);
    expect(wrong.output).toContain('that is not the address of this login');
    const { exit, output } = await typed(join(stateDir, '..'), endsAt);
    expect(output).toContain('default, mailbox: INBOX of user@example.org');
    expect(exit).toBe(0);
  });

  it('needs a terminal', async () => {
    const { run } = await host();
    expect(await run('login', '--paste')).toMatchObject({
      exit: 2,
      err: 'handover: --paste needs a terminal to type into',
    });
  });
});

describe('handover login', () => {
  it('asks for reading alone where nothing is sent', async () => {
    const { start } = await mailHost({ dovecot, user: USER, oauth: server });
    server.next.user = USER;
    const login = start('login');
    await login.said(/Handover asks for access to read the mailbox\./);
    await server.browse((await login.said(URL_SHOWN))[1] ?? '');
    await login.done;
  });

  it('explains what is missing before it asks anybody', async () => {
    const password = await mailHost({ dovecot, user: USER });
    const none = await password.run('login');
    expect(none.exit).toBe(78);
    expect(none.err).toContain('account default is logged in to with a password, so there is nothing to do');
    const { run } = await host({ IMAP_OAUTH_CLIENT_ID: '' });
    const missing = await run('login');
    expect(missing).toMatchObject({ exit: 78 });
    expect(missing.err).toContain('IMAP_OAUTH_CLIENT_ID is missing');
    const { run: run2 } = await host();
    const unknown = await run2('login', '--account', 'office');
    expect(unknown).toMatchObject({
      exit: 2,
      err: 'handover: there is no account of this name; there is: default',
    });
  });
});
