import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { deliveryVerdict, type DeliveryVerdict } from '../../src/core/delivery-verdict.ts';
import { submit, type Submission, type SmtpSettings } from '../../src/mail/submission/submit.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { LOCALHOST_CERT, LOCALHOST_KEY } from '../helpers/localhost-certificate.ts';
import { type SmtpFault, type SmtpOptions, startSmtp, type TestSmtp } from '../helpers/smtp.ts';

const EML = Buffer.from(
  'From: me@example.org\r\nTo: a@example.com\r\nSubject: hi\r\n\r\nhello\r\n.dot first\r\n',
);
const FROM = 'me@example.org';

let server: TestSmtp | undefined;
let bodies = 0;

beforeEach(() => {
  bodies = 0;
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(fault: SmtpFault | undefined, options: SmtpOptions = {}): Promise<void> {
  server = await startSmtp(options);
  if (fault !== undefined) await server.setFault(fault);
}

async function send(
  settings: Partial<SmtpSettings> = {},
  to: readonly string[] = ['a@example.com'],
): Promise<{ facts: Submission; verdict: DeliveryVerdict }> {
  const facts = await submit({
    smtp: {
      host: server?.host ?? '127.0.0.1',
      port: server?.port ?? 1,
      secure: 'false',
      auth: null,
      timeouts: { connectMs: 2000, greetingMs: 2000, idleMs: 2000, finalReplyMs: 300 },
      ...settings,
    },
    eml: EML,
    envelope: { from: FROM, to },
    onBodyStarts: () => {
      bodies++;
    },
  });
  return { facts, verdict: deliveryVerdict(facts) };
}

describe('a submission that succeeds', () => {
  it('hands over exactly the bytes and the envelope it was given', async () => {
    await start(undefined);
    const { verdict, facts } = await send({}, ['a@example.com', 'b@example.com']);
    expect(verdict).toMatchObject({ verdict: 'sent' });
    expect(facts.accepted).toEqual(['a@example.com', 'b@example.com']);
    expect(server!.mails.map((m) => m.envelope)).toEqual([
      { from: FROM, to: ['a@example.com', 'b@example.com'] },
    ]);
    expect(server!.mails[0]!.raw.equals(EML)).toBe(true);
    expect(bodies).toBe(1);
  });

  it('logs in when the server wants it', async () => {
    await start(undefined, { auth: { user: 'u', password: 'p' } });
    const { verdict } = await send({ auth: { type: 'password', user: 'u', password: 'p' } });
    expect(verdict.verdict).toBe('sent');
    expect(server!.mails[0]!.user).toBe('u');
  });

  it('trusts the authority that was configured', async () => {
    const port = await tlsServer();
    const { verdict } = await send({ host: 'localhost', port, secure: 'true', ca: LOCALHOST_CERT });
    expect(verdict.verdict).toBe('sent');
  });

  it('counts as sent when the line is cut at QUIT, after the 250', async () => {
    await start('drop-at-quit');
    expect((await send()).verdict.verdict).toBe('sent');
  });

  it('arrives in one piece when it is larger than any buffer on the way', async () => {
    await start(undefined);
    const eml = Buffer.concat([EML, Buffer.alloc(3_000_000, 'x\r\n')]);
    const facts = await submit({
      smtp: { host: server!.host, port: server!.port, secure: 'false', auth: null },
      eml,
      envelope: { from: FROM, to: ['a@example.com'] },
      onBodyStarts: () => undefined,
    });
    expect(deliveryVerdict(facts).verdict).toBe('sent');
    expect(server!.mails[0]!.raw.equals(eml)).toBe(true);
  });
});

function stopped(tls: SMTPServer): Promise<void> {
  return new Promise((resolve) => {
    tls.close(() => resolve());
  });
}

/** A server with TLS from the start; what a client breaks off is none of the test's business. */
async function tlsServer(): Promise<number> {
  const tls = new SMTPServer({
    secure: true,
    key: LOCALHOST_KEY,
    cert: LOCALHOST_CERT,
    authOptional: true,
    logger: false,
  });
  tls.on('error', () => undefined);
  const port = await freePort();
  tls.listen(port, '127.0.0.1');
  await once(tls.server, 'listening');
  onTestFinished(() => stopped(tls));
  return port;
}

describe('a submission that surely sent nothing is tried again', () => {
  it('when the connection is refused', async () => {
    await start('refuse-connection');
    expect((await send()).verdict).toMatchObject({ verdict: 'retry', cause: 'network' });
  });

  it('when the line is cut at the greeting', async () => {
    await start('drop-at-greeting');
    expect((await send()).verdict).toMatchObject({ verdict: 'retry', cause: 'network' });
  });

  it.each([421, 554] as const)('when the server greets with %i', async (code) => {
    await start(`greet-${code}`);
    const { verdict } = await send();
    expect(verdict).toMatchObject({ verdict: 'retry', cause: 'server' });
    expect(verdict.words).toContain(`${code} not now`);
  });

  it('when nobody vouches for the certificate', async () => {
    const port = await tlsServer();
    const { verdict } = await send({ host: 'localhost', port, secure: 'true' });
    expect(verdict).toMatchObject({ verdict: 'retry', cause: 'tls' });
  });

  it('when the certificate is for another name', async () => {
    const port = await tlsServer();
    const { verdict } = await send({ host: '127.0.0.1', port, secure: 'true', ca: LOCALHOST_CERT });
    expect(verdict).toMatchObject({ verdict: 'retry', cause: 'tls' });
  });

  it('when STARTTLS is required and the certificate is nobody’s', async () => {
    await start(undefined, { tls: 'starttls' });
    expect((await send({ secure: 'starttls' })).verdict).toMatchObject({ verdict: 'retry', cause: 'tls' });
  });

  it('when STARTTLS is required and not offered: nothing is said in the clear', async () => {
    await start(undefined, { tls: 'none' });
    expect((await send({ secure: 'starttls' })).verdict).toMatchObject({ verdict: 'retry', cause: 'tls' });
    expect(server!.mails).toHaveLength(0);
  });

  it('when the TLS handshake breaks', async () => {
    await start('tls-broken', { tls: 'starttls' });
    expect((await send({ secure: 'starttls' })).verdict).toMatchObject({ verdict: 'retry', cause: 'tls' });
  });

  it('when plain text would go to another machine: no connection is made', async () => {
    await start(undefined);
    const { verdict } = await send({ host: 'mail.example.org' });
    expect(verdict).toMatchObject({ verdict: 'retry', cause: 'tls' });
  });

  it('when the password is wrong, and says that it is the password', async () => {
    await start(undefined, { auth: { user: 'u', password: 'right' } });
    const { verdict } = await send({ auth: { type: 'password', user: 'u', password: 'wrong' } });
    expect(verdict).toMatchObject({ verdict: 'retry', cause: 'authentication' });
  });

  it('when the server cannot check the password now', async () => {
    await start('auth-454', { auth: { user: 'u', password: 'p' } });
    const { verdict } = await send({ auth: { type: 'password', user: 'u', password: 'p' } });
    expect(verdict).toMatchObject({ verdict: 'retry', cause: 'server' });
  });

  it('when a login is asked for that was not configured', async () => {
    await start(undefined, { auth: { user: 'u', password: 'p' } });
    expect((await send()).verdict).toMatchObject({ verdict: 'retry', cause: 'authentication' });
  });

  it('when the server greylists', async () => {
    await start('rcpt-450');
    expect((await send()).verdict).toMatchObject({ verdict: 'retry', cause: 'server' });
  });

  it('when DATA is refused for now', async () => {
    await start('data-451');
    expect((await send()).verdict).toMatchObject({ verdict: 'retry', cause: 'server' });
  });

  it('when the line is cut at RCPT', async () => {
    await start('drop-at-rcpt');
    expect((await send()).verdict).toMatchObject({ verdict: 'retry', cause: 'network' });
  });

  it('when the line is cut before the go-ahead to DATA', async () => {
    await start('drop-before-354');
    expect((await send()).verdict).toMatchObject({ verdict: 'retry', cause: 'network' });
  });

  it('when the mark of transmission cannot be written: no byte of the mail leaves', async () => {
    await start(undefined);
    const facts = await submit({
      smtp: { host: server!.host, port: server!.port, secure: 'false', auth: null },
      eml: EML,
      envelope: { from: FROM, to: ['a@example.com'] },
      onBodyStarts: () => {
        throw new Error('no space left on device');
      },
    });
    expect(deliveryVerdict(facts)).toMatchObject({ verdict: 'retry', cause: 'aborted' });
    expect(facts.words).toContain('no space left on device');
    expect(server!.mails).toHaveLength(0);
  });

  it('when we are told to stop before the body', async () => {
    await start(undefined);
    const stop = new AbortController();
    stop.abort();
    const facts = await submit({
      smtp: { host: server!.host, port: server!.port, secure: 'false', auth: null },
      eml: EML,
      envelope: { from: FROM, to: ['a@example.com'] },
      onBodyStarts: () => undefined,
      signal: stop.signal,
    });
    expect(deliveryVerdict(facts)).toMatchObject({ verdict: 'retry', cause: 'aborted' });
  });

  afterEach(() => expect(bodies).toBe(0));
});

describe('the server’s own verdict after the final dot stands', () => {
  it.each([
    [451, 'retry'],
    [421, 'retry'],
    [552, 'failed'],
    [554, 'failed'],
  ] as const)('%i is %s', async (code, verdict) => {
    await start(`after-dot-${code}`);
    const result = await send();
    expect(result.verdict.verdict).toBe(verdict);
    expect(result.facts.replyCode).toBe(code);
  });
});

describe('a refusal for good goes back with the server’s words', () => {
  it('when all recipients are refused', async () => {
    await start('rcpt-550');
    const { verdict, facts } = await send({}, ['a@example.com', 'b@example.com']);
    expect(verdict).toMatchObject({ verdict: 'failed', cause: 'recipients' });
    expect(verdict.words).toContain('refused by the test');
    expect(facts.refused.map((r) => [r.address, r.code])).toEqual([
      ['a@example.com', 550],
      ['b@example.com', 550],
    ]);
    expect(bodies).toBe(0);
  });

  it('when the sender is refused', async () => {
    await start('mail-550');
    expect((await send()).verdict).toMatchObject({ verdict: 'failed', cause: 'content' });
  });

  it('when DATA is refused', async () => {
    await start('data-554');
    expect((await send()).verdict).toMatchObject({ verdict: 'failed', cause: 'content' });
  });

  it('when an address is none', async () => {
    await start(undefined);
    expect((await send({}, ['a@example.com\r\nRCPT TO:<x@example.com>'])).verdict).toMatchObject({
      verdict: 'failed',
      cause: 'local',
    });
    expect(server!.mails).toHaveLength(0);
  });
});

describe('one of two recipients', () => {
  it.each([550, 450])('refused with %i is named, and the other has the mail', async (code) => {
    await start({ rcpt: 'b@example.com', code });
    const { verdict } = await send({}, ['a@example.com', 'b@example.com']);
    expect(verdict).toMatchObject({
      verdict: 'sent_partly',
      refused: [{ address: 'b@example.com', code }],
    });
    expect(server!.mails.map((m) => m.envelope.to)).toEqual([['a@example.com']]);
  });
});

describe('a submission is in doubt', () => {
  it('when the line is cut after the final dot, with the mail taken', async () => {
    await start('drop-after-dot');
    expect((await send()).verdict.verdict).toBe('in_doubt');
    await server!.waitForMails(1);
  });

  it('when the line is cut after the final dot, with the mail not taken', async () => {
    await start('drop-at-dot');
    expect((await send()).verdict.verdict).toBe('in_doubt');
    expect(server!.mails).toHaveLength(0);
  });

  it('when the server is silent after the final dot', async () => {
    await start('silence-after-dot');
    const { verdict, facts } = await send();
    expect(verdict.verdict).toBe('in_doubt');
    expect(facts.fault).toBe('timeout');
  });

  it('when the reply to the final dot is garbage', async () => {
    await start('garbage-after-dot');
    expect((await send()).verdict.verdict).toBe('in_doubt');
  });

  afterEach(() => expect(bodies).toBe(1));
});
