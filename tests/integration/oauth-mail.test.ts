/** Mail by OAuth: a real Dovecot that asks the authorisation server about each token, a real SMTP server, our adapters. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { deliveryVerdict } from '../../src/core/delivery-verdict.ts';
import { InboxFault } from '../../src/mail/inbox/imap-fault.ts';
import { ImapInbox, INBOX_DEFAULTS } from '../../src/mail/inbox/imap-inbox.ts';
import { ImapSession, NoAnswer } from '../../src/mail/mailbox/imap-session.ts';
import type { TokenSource } from '../../src/mail/oauth/token-source.ts';
import { submitAs } from '../../src/mail/submission/submit-as.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { watchMailbox } from '../../src/stages/watch-mailbox.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { age, logIn, tokensOf } from '../helpers/oauth-login.ts';
import { type OAuthServer, startOAuthServer } from '../helpers/oauth-server.ts';
import { startSmtp } from '../helpers/smtp.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

const USER = 'user@example.org';
const HOUR = 3_600_000;
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

/** A login of this moment, or of longer ago. */
async function loggedIn(agoMs = 0): Promise<{ stateDir: string; source: TokenSource }> {
  const stateDir = await testDir();
  server.next.user = USER;
  await logIn(server, stateDir);
  if (agoMs > 0) await age(stateDir, agoMs);
  return { stateDir, source: tokensOf(server.settings, stateDir) };
}

function inboxSettings(token: TokenSource, user = USER) {
  return {
    ...INBOX_DEFAULTS,
    host: dovecot.host,
    port: dovecot.imapPort,
    secure: 'false' as const,
    auth: { type: 'oauth2' as const, user, token },
    mailbox: 'INBOX',
  };
}

async function open(token: TokenSource, user = USER): Promise<ImapInbox> {
  const inbox = await ImapInbox.open(inboxSettings(token, user));
  onTestFinished(() => inbox.close());
  return inbox;
}

async function refusal(work: Promise<unknown>): Promise<InboxFault> {
  const error: unknown = await work.then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(InboxFault);
  return error as InboxFault;
}

/** Always the same, whatever is said about it. */
const fixed = (token: string): TokenSource => ({
  token: () => Promise.resolve(token),
  refused: () => Promise.resolve(),
});

describe('a mailbox of Dovecot', () => {
  it('opens with a fresh token, and Dovecot asked about it', async () => {
    const { source } = await loggedIn();
    await dovecot.deliver(USER, 'Subject: Hello\r\n\r\nHello.\r\n');
    const before = server.introspections();
    const inbox = await open(source);
    expect((await inbox.uids(1, null, null)).length).toBeGreaterThan(0);
    expect(server.introspections()).toBeGreaterThan(before);
  });

  it('refuses a token that nobody gave', async () => {
    expect((await refusal(open(fixed('made-up')))).code).toBe('login');
  });

  it('refuses a token that has ended; with one that can be renewed the login works all the same', async () => {
    const { source } = await loggedIn(120_000);
    const ended = await source.token();
    server.endAccess();
    expect((await refusal(open(fixed(ended)))).code).toBe('login');
    const asked = server.asked.length;
    await open(source);
    expect(server.asked.length).toBe(asked + 1);
    expect(server.userOf(await source.token())).toBe(USER);
  });

  it('refuses the access to another mailbox, and the words ask about that', async () => {
    const { source } = await loggedIn(120_000);
    const fault = await refusal(open(source, 'someone-else@example.org'));
    expect(fault.code).toBe('login');
    expect(fault.message).toContain('is the login that of someone-else@example.org?');
    expect(fault.message).toContain('handover login');
  });

  it('refuses a token whose scope is for sending alone', async () => {
    const stateDir = await testDir();
    await logIn(server, stateDir, { settings: { ...server.settings, scopes: ['smtp'] } });
    expect((await refusal(open(tokensOf(server.settings, stateDir)))).code).toBe('login');
  });

  it('is asked questions with a token too, which is renewed when it was refused', async () => {
    const { source } = await loggedIn(120_000);
    await source.token();
    server.endAccess();
    const session = new ImapSession({
      host: dovecot.host,
      port: dovecot.imapPort,
      secure: 'false',
      auth: { type: 'oauth2', user: USER, token: source },
    });
    onTestFinished(() => session.close());
    expect(
      await session.ask(async (client) => (await client.status('INBOX', { messages: true })) !== false),
    ).toBe(true);
  });

  it('gives no answer, rather than "no", when the access was withdrawn', async () => {
    const { source } = await loggedIn(HOUR);
    server.withdraw();
    const session = new ImapSession({
      host: dovecot.host,
      port: dovecot.imapPort,
      secure: 'false',
      auth: { type: 'oauth2', user: USER, token: source },
    });
    onTestFinished(() => session.close());
    await expect(session.ask((client) => client.status('INBOX', { messages: true }))).rejects.toThrow(
      NoAnswer,
    );
  });
});

describe('the watch over a mailbox', () => {
  async function watched(source: TokenSource) {
    const states: string[] = [];
    const watching = watchMailbox({
      open: () => ImapInbox.open(inboxSettings(source)),
      reader: () => Promise.resolve(() => Promise.resolve({ more: false })),
      everyMs: 60_000,
      backoff: { firstMs: 20, capMs: 100 },
      authRetryMs: 600_000,
      onState: (state, reason) => states.push(reason === undefined ? state : `${state}: ${reason}`),
      log: () => undefined,
      clock: systemClock,
      jitter: () => 0.5,
    });
    onTestFinished(() => watching.stop());
    await watching.settled;
    return states;
  }

  it('pauses when the access was withdrawn, says handover login, and goes on after it without a restart', async () => {
    const { stateDir, source } = await loggedIn(HOUR);
    server.withdraw();
    const states = await watched(source);
    const said = await until('paused', () => states.find((state) => state.startsWith('paused')));
    expect(said).toContain('the login is no longer good');
    expect(said).toContain('run: handover login');
    const asked = server.asked.length;
    await until('several attempts', () => states.length >= 4);
    expect(server.asked.length).toBe(asked);
    await logIn(server, stateDir);
    await until('ok again', () => states.at(-1) === 'ok');
  });

  it('is only degraded while the provider does not answer', async () => {
    const { source } = await loggedIn(HOUR);
    server.fail({ status: 503 }, 3);
    const states = await watched(source);
    await until('ok again', () => states.at(-1) === 'ok');
    expect(states.filter((state) => state.startsWith('paused'))).toEqual([]);
    expect(states.some((state) => state.startsWith('degraded'))).toBe(true);
  });
});

describe('a submission', () => {
  async function sent(token: TokenSource, { user = USER, scope = 'smtp' } = {}) {
    const smtp = await startSmtp({ userOf: (accessToken) => server.userOf(accessToken, scope) });
    onTestFinished(() => smtp.stop());
    const facts = await submitAs({
      smtp: { host: smtp.host, port: smtp.port, secure: 'false', auth: { type: 'oauth2', user, token } },
      eml: Buffer.from('Subject: Hello\r\n\r\nHello.\r\n'),
      envelope: { from: USER, to: ['anna@example.com'] },
      onBodyStarts: () => undefined,
    });
    return { facts, verdict: deliveryVerdict(facts), mails: smtp.mails, connections: smtp.connections() };
  }

  it('is made with a token', async () => {
    const { source } = await loggedIn();
    const { verdict, mails } = await sent(source);
    expect(verdict.verdict).toBe('sent');
    expect(mails).toMatchObject([{ user: USER }]);
  });

  it('renews a token that was refused and sends once', async () => {
    const { source } = await loggedIn(120_000);
    await source.token();
    server.endAccess();
    const { verdict, mails, connections } = await sent(source);
    expect(verdict.verdict).toBe('sent');
    expect(mails).toHaveLength(1);
    expect(connections).toBe(2);
  });

  it('whose access is for reading alone is refused, and that pauses the edge and not the mail', async () => {
    const { source } = await loggedIn(120_000);
    const { verdict, mails } = await sent(source, { scope: 'send-as-well' });
    expect(verdict).toMatchObject({ verdict: 'retry', cause: 'authentication' });
    expect(mails).toEqual([]);
  });

  it('with an access that was withdrawn never calls the server, and says handover login', async () => {
    const { source } = await loggedIn(HOUR);
    server.withdraw();
    const { verdict, connections } = await sent(source);
    expect(verdict).toMatchObject({ verdict: 'retry', cause: 'authentication' });
    expect(verdict.words).toContain('run: handover login');
    expect(connections).toBe(0);
  });

  it('waits while the provider does not answer', async () => {
    const { source } = await loggedIn(HOUR);
    server.fail({ status: 503 });
    expect((await sent(source)).verdict).toMatchObject({ verdict: 'retry', cause: 'network' });
  });
});
