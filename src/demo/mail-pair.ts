import { once } from 'node:events';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { startImapServer, type ImapServer } from './imap-server/server.ts';

export interface SentMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: Buffer;
}

export interface MailPair {
  readonly imap: ImapServer;
  readonly smtpPort: number;
  readonly password: string;
  /** What was submitted, in order, with its envelope. */
  readonly sent: readonly SentMail[];
  stop(): Promise<void>;
}

const MAX_MAIL_BYTES = 32 * 1024 * 1024;

/**
 * A mail provider in small: SMTP takes mail from whoever logs in and files it into the recipients'
 * INBOXes, IMAP shows them. The user name of a mailbox is its whole address.
 */
export async function startMailPair(password: string): Promise<MailPair> {
  const imap = await startImapServer({ password });
  const sent: SentMail[] = [];
  const smtp = new SMTPServer({
    logger: false,
    size: MAX_MAIL_BYTES,
    rejectOversized: true,
    // Loopback only, so without TLS; the products' own rule allows that nowhere else.
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    maxRecipients: 100,
    closeTimeout: 100,
    onAuth: (login, _session, done) => {
      if (login.password === password) done(null, { user: login.username });
      else done(Object.assign(new Error('wrong user or password'), { responseCode: 535 }));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        // Over the limit the bytes are read and thrown away; the server answers 552 by itself.
        if (!stream.sizeExceeded) chunks.push(chunk);
      });
      stream.once('end', () => {
        if (!stream.sizeExceeded) take(session, Buffer.concat(chunks));
        done(null, 'queued');
      });
    },
  });
  const take = (session: SMTPServerSession, raw: Buffer): void => {
    const { mailFrom, rcptTo } = session.envelope;
    const to = rcptTo.map((recipient) => recipient.address.toLowerCase());
    sent.push({ from: mailFrom ? mailFrom.address : '', to, raw });
    for (const recipient of to) imap.deliver(recipient, raw);
  };
  smtp.listen(0, '127.0.0.1');
  await once(smtp.server, 'listening');
  const address = smtp.server.address();
  if (address === null || typeof address === 'string') throw new Error('the SMTP server got no port');
  return {
    imap,
    smtpPort: address.port,
    password,
    sent,
    stop: async () => {
      await new Promise<void>((resolve) => smtp.close(() => resolve()));
      await imap.stop();
    },
  };
}
