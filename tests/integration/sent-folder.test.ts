import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandFault } from '../../src/demo/imap-server/connection.ts';
import { type ImapServer, startImapServer } from '../../src/demo/imap-server/server.ts';
import { ImapSession } from '../../src/mail/mailbox/imap-session.ts';
import {
  filesItself,
  SentFolder,
  type SentFolderOptions,
  settlingMs,
} from '../../src/mail/submission/sent-folder.ts';

const USER = 'me@example.org';
const ASKED = '<q@example.com>';
const OURS = '<em-1.abc@example.org>';

let imap: ImapServer;
let session: ImapSession;
let fault: (command: string) => CommandFault | undefined;

beforeEach(async () => {
  fault = () => undefined;
  imap = await startImapServer({ password: 'secret', faultAt: (command) => fault(command) });
  session = connect();
});
afterEach(async () => {
  await session.close();
  await imap.stop();
});

function connect(): ImapSession {
  return new ImapSession({
    host: '127.0.0.1',
    port: imap.port,
    secure: 'false',
    auth: { type: 'password', user: USER, password: 'secret' },
    deadlineMs: 2000,
  });
}

function folder(options: Partial<SentFolderOptions> = {}): SentFolder {
  return new SentFolder({
    session,
    filing: 'append',
    mailbox: 'INBOX',
    ownAddresses: [USER],
    patienceMs: 10,
    ...options,
  });
}

/** More mails than are looked at without a search. */
function older(mailbox: string): SentFolder {
  for (let n = 0; n < 4; n++) imap.deliver(USER, mail({ id: `<${mailbox}${n}@example.org>` }), mailbox);
  return folder({ recentMails: 2 });
}

function mail(fields: { id: string; from?: string; inReplyTo?: string; references?: string }): Buffer {
  const { id, from = 'anna@example.com', inReplyTo, references } = fields;
  return Buffer.from(
    [
      `Message-ID: ${id}`,
      `From: ${from}`,
      'To: me@example.org',
      'Subject: Visit',
      ...(inReplyTo === undefined ? [] : [`In-Reply-To: ${inReplyTo}`]),
      ...(references === undefined ? [] : [`References: ${references}`]),
      '',
      'hello',
      '',
    ].join('\r\n'),
  );
}

const question = { messageId: ASKED, references: ['<root@example.com>'], since: null };

describe('looking for a mail in Sent', () => {
  it('finds it by its Message-ID and says when it is not there', async () => {
    expect(await folder().find(OURS)).toBe('absent');
    imap.deliver(USER, mail({ id: OURS, from: USER }), 'Sent');
    expect(await folder().find(OURS)).toBe('found');
  });

  it('finds it among many, by a search', async () => {
    imap.deliver(USER, mail({ id: OURS, from: USER }), 'Sent');
    expect(await older('Sent').find(OURS)).toBe('found');
  });

  it.each(['UID SEARCH', 'FETCH', 'EXAMINE', 'LIST', 'AUTHENTICATE'])(
    'is unknown when the line is cut at %s',
    async (at) => {
      const sent = older('Sent');
      fault = (command) => (command === at ? 'drop' : undefined);
      expect(await sent.find(OURS)).toBe('unknown');
    },
  );

  it('is unknown when the search is refused and there is more than the newest mails', async () => {
    const sent = older('Sent');
    fault = (command) => (command === 'UID SEARCH' ? { no: 'not today' } : undefined);
    expect(await sent.find(OURS)).toBe('unknown');
  });

  it('needs no search where it lies among the newest, or where these are all', async () => {
    fault = (command) => (command === 'UID SEARCH' ? { no: 'not today' } : undefined);
    expect(await folder().find(OURS)).toBe('absent');
    const sent = older('Sent');
    imap.deliver(USER, mail({ id: OURS, from: USER }), 'Sent');
    expect(await sent.find(OURS)).toBe('found');
  });

  it('is unknown when the server falls silent', async () => {
    const sent = older('Sent');
    fault = (command) => (command === 'UID SEARCH' ? 'silence' : undefined);
    expect(await sent.find(OURS)).toBe('unknown');
  });

  it('does not take a server’s word for what its search found', async () => {
    imap.deliver(USER, mail({ id: `<other@example.org> (not ${OURS})`, from: USER }), 'Sent');
    expect(await older('Sent').find(OURS)).toBe('absent');
  });

  it('is unknown when the server is gone', async () => {
    await imap.stop();
    expect(await folder().find(OURS)).toBe('unknown');
  });

  it('survives a connection that died meanwhile', async () => {
    expect(await folder().find(OURS)).toBe('absent');
    imap.dropAll();
    imap.deliver(USER, mail({ id: OURS, from: USER }), 'Sent');
    expect(await folder().find(OURS)).toBe('found');
  });
});

describe('filing a copy', () => {
  const eml = mail({ id: OURS, from: USER });

  it('puts it there once, seen', async () => {
    expect(await folder().file(OURS, eml)).toBe('filed');
    expect(await folder().file(OURS, eml)).toBe('already');
    expect(imap.mails(USER, 'Sent').map((m) => [...m.flags])).toEqual([['\\Seen']]);
  });

  it('is unknown, and not repeated blindly, when the answer to the append is lost', async () => {
    fault = (command) => (command === 'APPEND' ? 'drop' : undefined);
    expect(await folder().file(OURS, eml)).toBe('unknown');
    fault = () => undefined;
    expect(['filed', 'already']).toContain(await folder().file(OURS, eml));
    expect(imap.mails(USER, 'Sent')).toHaveLength(1);
  });

  it('is left to a provider that files by itself', async () => {
    expect(await folder({ filing: 'provider' }).file(OURS, eml)).toBe('unknown');
    expect(imap.mails(USER, 'Sent')).toHaveLength(0);
    imap.deliver(USER, eml, 'Sent');
    expect(await folder({ filing: 'provider' }).file(OURS, eml)).toBe('already');
  });

  it('knows the providers that do', () => {
    expect(['smtp.gmail.com', 'SMTP.Office365.com'].every(filesItself)).toBe(true);
    expect(filesItself('smtp.example.org')).toBe(false);
  });

  it('waits for the copy of a provider that may make one, and makes it only then', async () => {
    expect(['smtp.zoho.eu', 'smtppro.zoho.com', 'smtp.163.com', 'smtp.mail.me.com'].map(settlingMs)).toEqual([
      10_000, 10_000, 10_000, 10_000,
    ]);
    expect(['smtp.example.org', 'notzoho.com', 'smtp.gmail.com'].map(settlingMs)).toEqual([0, 0, 0]);
    const patient = folder({ settleMs: 1500 });
    // The provider is slower than the first look: its copy comes while that look is being answered.
    let looks = 0;
    fault = (command) => {
      if (command === 'EXAMINE' && (looks += 1) === 2) imap.deliver(USER, eml, 'Sent');
      return undefined;
    };
    expect(await patient.file(OURS, eml)).toBe('already');
    expect(imap.mails(USER, 'Sent')).toHaveLength(1);
    expect(await folder({ settleMs: 10 }).file('<em-2.abc@example.org>', eml)).toBe('filed');
  });
});

describe('the thread of a mail', () => {
  beforeEach(() => {
    imap.deliver(USER, mail({ id: '<before@example.com>', references: '<root@example.com>' }));
    imap.deliver(USER, mail({ id: ASKED, references: '<root@example.com>' }));
  });

  it('is quiet when nothing came after it', async () => {
    expect(await folder().threadStatus(question)).toBe('quiet');
  });

  it('is answered when a reply to it lies in Sent', async () => {
    imap.deliver(USER, mail({ id: '<mine@example.org>', from: USER, inReplyTo: ASKED }), 'Sent');
    expect(await folder().threadStatus(question)).toBe('answered');
  });

  it.each([
    { inReplyTo: ASKED },
    { references: `<root@example.com> ${ASKED}` },
    { references: '<root@example.com> <other@example.com>' },
  ])('has a newer mail when one came with %o', async (headers) => {
    imap.deliver(USER, mail({ id: '<later@example.com>', ...headers }));
    expect(await folder().threadStatus(question)).toBe('newer');
  });

  it('is not moved on by the user’s own mail to themselves', async () => {
    imap.deliver(USER, mail({ id: '<note@example.org>', from: USER, inReplyTo: ASKED }));
    expect(await folder().threadStatus(question)).toBe('quiet');
  });

  it('cannot move on when the mail has no Message-ID, or one that is none', async () => {
    expect(await folder().threadStatus({ ...question, messageId: null })).toBe('quiet');
    expect(await folder().threadStatus({ ...question, messageId: '<a" OR ALL>\r\nx' })).toBe('quiet');
  });

  it('is judged by the newest mails alone where the server refuses to search, as far as they reach back', async () => {
    const inbox = older('INBOX');
    fault = (command) => (command === 'UID SEARCH' ? { no: 'Server error' } : undefined);
    const since = Date.now();
    expect(await inbox.threadStatus({ ...question, since: since - 60_000 })).toBe('unknown');
    expect(await inbox.threadStatus({ ...question, since: since + 60_000 })).toBe('quiet');
    imap.deliver(USER, mail({ id: '<later@example.com>', inReplyTo: ASKED }));
    expect(await inbox.threadStatus(question)).toBe('newer');
    imap.deliver(USER, mail({ id: '<mine@example.org>', from: USER, inReplyTo: ASKED }), 'Sent');
    expect(await inbox.threadStatus(question)).toBe('answered');
  });

  it('is unknown where Sent alone cannot be searched', async () => {
    const sent = older('Sent');
    expect(await sent.threadStatus(question)).toBe('quiet');
    fault = (command) => (command === 'UID SEARCH' ? { no: 'Server error' } : undefined);
    expect(await sent.threadStatus(question)).toBe('unknown');
  });

  it.each(['UID SEARCH', 'FETCH', 'UID FETCH'])('is unknown when the line is cut at %s', async (at) => {
    imap.deliver(USER, mail({ id: '<later@example.com>', inReplyTo: ASKED }));
    const inbox = older('INBOX');
    fault = (command) => (command === at ? 'drop' : undefined);
    expect(await inbox.threadStatus(question)).toBe('unknown');
  });
});
