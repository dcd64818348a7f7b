import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startDovecot, type Dovecot } from '../helpers/dovecot.ts';
import { startSmtp, type SmtpFault, type SmtpOptions, type TestSmtp } from '../helpers/smtp.ts';

/** The servers that other tests lean on: does each fault happen where its name says? */

const RAW = 'From: a@example.org\r\nTo: b@example.net\r\nSubject: hello\r\n\r\n.dot first\r\nend\r\n';

async function smtp(options: SmtpOptions = {}): Promise<TestSmtp> {
  const server = await startSmtp(options);
  onTestFinished(() => server.stop());
  return server;
}

/** What nodemailer reports: `sent`, or code, command and response code of its error. */
async function submit(server: TestSmtp, to = ['b@example.net'], password = 'secret'): Promise<string> {
  const transport = createTransport({
    host: server.host,
    port: server.port,
    auth: { user: 'me', pass: password },
    socketTimeout: 500,
  });
  try {
    await transport.sendMail({ raw: RAW, envelope: { from: 'a@example.org', to } });
    return 'sent';
  } catch (error) {
    const { code, command, responseCode } = error as Record<string, unknown>;
    return [code, command, responseCode].filter(Boolean).join(' ');
  } finally {
    transport.close();
  }
}

describe('the SMTP server for tests', () => {
  it('keeps envelope, user and the exact bytes of what it took', async () => {
    const server = await smtp({ auth: { user: 'me', password: 'secret' } });
    expect(await submit(server, ['b@example.net', 'c@example.net'])).toBe('sent');
    const [mail] = await server.waitForMails(1);
    expect(mail).toEqual({
      envelope: { from: 'a@example.org', to: ['b@example.net', 'c@example.net'] },
      raw: Buffer.from(RAW),
      user: 'me',
    });
    expect(await submit(server, undefined, 'wrong')).toBe('EAUTH AUTH PLAIN 535');
  });

  const cases: readonly [SmtpFault, reported: string | RegExp, kept: number][] = [
    ['refuse-connection', 'ESOCKET CONN', 0],
    ['drop-at-greeting', 'ECONNECTION CONN', 0],
    ['greet-421', 'EPROTOCOL CONN 421', 0],
    ['auth-535', 'EAUTH AUTH PLAIN 535', 0],
    ['auth-454', 'EAUTH AUTH PLAIN 454', 0],
    ['mail-451', 'EENVELOPE MAIL FROM 451', 0],
    ['rcpt-450', 'EENVELOPE RCPT TO 450', 0],
    ['drop-at-rcpt', 'ECONNECTION CONN', 0],
    ['drop-before-354', 'ECONNECTION CONN', 0],
    ['data-451', 'EENVELOPE DATA 451', 0],
    ['drop-in-body', /^(ECONNECTION|ESOCKET) CONN$/, 0],
    ['drop-at-dot', /^(ECONNECTION|ESOCKET) CONN$/, 0],
    ['drop-after-dot', /^(ECONNECTION|ESOCKET) CONN$/, 1],
    ['silence-after-dot', 'ETIMEDOUT CONN', 1],
    ['garbage-after-dot', 'EMESSAGE DATA', 1],
    ['after-dot-451', 'EMESSAGE DATA 451', 0],
    ['after-dot-552', 'EMESSAGE DATA 552', 0],
    ['drop-at-quit', 'sent', 1],
  ];
  it.each(cases)('fails with %j as named, and heals', async (fault, reported, kept) => {
    const server = await smtp();
    await server.setFault(fault);
    expect(await submit(server)).toMatch(reported);
    expect(server.mails).toHaveLength(kept);
    await server.setFault(undefined);
    expect(await submit(server)).toBe('sent');
  });

  it('refuses one recipient of two and takes the mail for the other', async () => {
    const server = await smtp({
      hooks: { fault: (n) => (n === 1 ? { rcpt: 'c@example.net', code: 550 } : undefined) },
    });
    expect(await submit(server, ['b@example.net', 'c@example.net'])).toBe('sent');
    expect(server.mails[0]?.envelope.to).toEqual(['b@example.net']);
  });

  it('breaks the TLS handshake, and offers a certificate nobody trusts', async () => {
    const server = await smtp({ tls: 'starttls' });
    expect(await submit(server)).toBe('ESOCKET CONN');
    await server.setFault('tls-broken');
    expect(await submit(server)).toMatch(/^(ESOCKET|ETLS|ECONNECTION)/);
    expect(server.mails).toHaveLength(0);
  });
});

describe('the Dovecot for tests', () => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot();
  });
  afterAll(() => dovecot.stop());

  const subjects = async (
    user: string,
  ): Promise<{ subjects: (string | undefined)[]; uidValidity: number }> => {
    const { host, port, password } = dovecot.user(user);
    const client = new ImapFlow({ host, port, secure: false, auth: { user, pass: password }, logger: false });
    client.on('error', () => undefined);
    await client.connect();
    const box = await client.mailboxOpen('INBOX', { readOnly: true });
    const mails = box.exists === 0 ? [] : await client.fetchAll('1:*', { envelope: true });
    await client.logout();
    return { subjects: mails.map((m) => m.envelope?.subject), uidValidity: Number(box.uidValidity) };
  };

  it('delivers, survives a kill, and renumbers when told', async () => {
    await dovecot.deliver('ann', RAW);
    await dovecot.deliver('ann', RAW.replace('hello', 'second'), '');
    expect((await subjects('ann')).subjects).toEqual(['hello', 'second']);
    expect((await subjects('bob')).subjects).toEqual([]);
    await dovecot.kill9();
    await dovecot.restart();
    await dovecot.setUidValidity('ann', 4242);
    expect(await subjects('ann')).toEqual({ subjects: ['hello', 'second'], uidValidity: 4242 });
  });
});
