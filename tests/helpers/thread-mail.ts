import { ImapFlow } from 'imapflow';
import { ImapSession } from '../../src/mail/mailbox/imap-session.ts';
import type { MailAccount } from './dovecot.ts';

export interface ThreadMail {
  readonly id: string;
  readonly from?: string;
  readonly inReplyTo?: string;
  readonly references?: string;
  readonly text?: string;
  /** Whole lines. */
  readonly headers?: readonly string[];
}

/** A mail as bytes, CRLF. */
export function threadMail(mail: ThreadMail): Buffer {
  const { id, from = 'Anna Berg <anna@example.com>', inReplyTo, references, headers = [] } = mail;
  const lines = [
    `Message-ID: ${id}`,
    `From: ${from}`,
    'To: me@example.org',
    'Subject: Visit',
    ...(inReplyTo === undefined ? [] : [`In-Reply-To: ${inReplyTo}`]),
    ...(references === undefined ? [] : [`References: ${references}`]),
    ...headers,
    'Content-Type: text/plain; charset=utf-8',
    '',
    ...(mail.text ?? 'hello').split('\n'),
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

export function sessionFor(account: MailAccount, deadlineMs = 5000): ImapSession {
  const { host, port, user, password } = account;
  return new ImapSession({
    host,
    port,
    secure: 'false',
    auth: { type: 'password', user, password },
    deadlineMs,
  });
}

/** What a phone does: puts a mail into a folder, which is made when it is not there. */
export async function putInto(
  account: MailAccount,
  path: string,
  raw: Buffer,
  received?: Date,
): Promise<void> {
  await asPhone(account, async (phone) => {
    const boxes = await phone.list();
    if (!boxes.some((box) => box.path === path)) await phone.mailboxCreate(path);
    await phone.append(path, raw, ['\\Seen'], received);
  });
}

/** Another mail program of the same user. */
export async function asPhone<T>(
  { host, port, user, password }: MailAccount,
  act: (phone: ImapFlow) => Promise<T>,
): Promise<T> {
  const phone = new ImapFlow({ host, port, secure: false, auth: { user, pass: password }, logger: false });
  phone.on('error', () => undefined);
  await phone.connect();
  try {
    return await act(phone);
  } finally {
    phone.close();
  }
}
