/** Sent, INBOX and All Mail of a real Dovecot, at the moment before a mail leaves and after it left. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { TaskId } from '../../src/core/task-id.ts';
import { composeMessage } from '../../src/mail/submission/compose-message.ts';
import {
  SentFolder,
  type SentFolderOptions,
  type ThreadQuestion,
} from '../../src/mail/submission/sent-folder.ts';
import { type Dovecot, type MailAccount, startDovecot } from '../helpers/dovecot.ts';
import { putInto, sessionFor, threadMail } from '../helpers/thread-mail.ts';

const ME = 'Me <me@example.org>';
const TASK = 'em-0123456789abcdef' as TaskId;
const given = (digit: string): string => `<${TASK}.${digit.repeat(32)}@example.org>`;
const ASKED = '<q@example.com>';
const QUESTION: ThreadQuestion = { messageId: ASKED, references: ['<root@example.com>'], since: null };

let dovecot: Dovecot;
let users = 0;
beforeAll(async () => {
  dovecot = await startDovecot();
});
afterAll(() => dovecot.stop());

/** A mailbox with the mail that is to be answered, and one before it in its thread. */
async function mailbox(): Promise<MailAccount> {
  const account = dovecot.user(`stale${(users += 1)}`);
  for (const id of ['<before@example.com>', ASKED]) {
    await dovecot.deliver(account.user, threadMail({ id, references: '<root@example.com>' }));
  }
  return account;
}

function folder(account: MailAccount, options: Partial<SentFolderOptions> = {}): SentFolder {
  const session = sessionFor(account);
  onTestFinished(() => session.close());
  const ownAddresses = ['me@example.org'];
  return new SentFolder({
    session,
    filing: 'append',
    mailbox: 'INBOX',
    ownAddresses,
    patienceMs: 10,
    ...options,
  });
}

/** More mails than are looked at without a search. */
async function fill(account: MailAccount, path: string): Promise<void> {
  for (const n of [1, 2, 3]) await putInto(account, path, threadMail({ id: `<${path}${n}@x.example>` }));
}

const ours = (messageId: string, inReplyTo: string | null = ASKED): Promise<Buffer> =>
  composeMessage({
    taskId: TASK,
    messageId,
    date: new Date('2026-11-20T08:00:00Z'),
    from: { name: 'Me', address: 'me@example.org' },
    to: [{ name: '', address: 'anna@example.com' }],
    cc: [],
    subject: 'Re: Visit',
    inReplyTo,
    references: ['<root@example.com>'],
    text: 'Yes.\n',
  });

const OUTLOOK = '<AM0PR01MB1@AM0PR01MB1.eurprd01.prod.outlook.example>';

/** What Outlook.com makes of a mail that comes by SMTP (chatmail/core pull request 2250). */
function renamed(eml: Buffer): Buffer {
  const line = /^Message-ID:\s*(\S+)/m;
  const old = line.exec(eml.toString('latin1'))?.[1] ?? '';
  return Buffer.from(
    eml.toString('latin1').replace(line, `Message-ID: ${OUTLOOK}\r\nX-Microsoft-Original-Message-ID: ${old}`),
    'latin1',
  );
}

/** A server that keeps nothing of our Message-ID. */
function replaced(eml: Buffer): Buffer {
  return Buffer.from(
    eml.toString('latin1').replace(/^Message-ID:\s*\S+/m, `Message-ID: ${OUTLOOK}`),
    'latin1',
  );
}

describe('before a mail leaves', () => {
  it('the thread is quiet when nothing happened', async () => {
    expect(await folder(await mailbox()).threadStatus(QUESTION)).toBe('quiet');
  });

  it.each([
    ['In-Reply-To', { inReplyTo: ASKED }],
    ['References', { references: `<root@example.com> ${ASKED}` }],
  ])('a reply from a phone is seen in Sent by its %s', async (_by, headers) => {
    const account = await mailbox();
    await putInto(account, 'Sent', threadMail({ id: '<phone@example.org>', from: ME, ...headers }));
    expect(await folder(account).threadStatus(QUESTION)).toBe('answered');
    await fill(account, 'Sent');
    expect(await folder(account, { recentMails: 2 }).threadStatus(QUESTION)).toBe('answered');
  });

  it.each(['<root@example.com>', ASKED])(
    'a newer mail that refers to %s is seen in the inbox',
    async (id) => {
      const account = await mailbox();
      const watching = folder(account, { recentMails: 2 });
      expect(await watching.threadStatus(QUESTION)).toBe('quiet');
      await dovecot.deliver(account.user, threadMail({ id: '<later@example.com>', references: id }));
      expect(await watching.threadStatus(QUESTION)).toBe('newer');
      await fill(account, 'INBOX');
      expect(await watching.threadStatus(QUESTION)).toBe('newer');
    },
  );

  it('a newer mail that a filter took out of the inbox is seen in All Mail', async () => {
    const account = await mailbox();
    await putInto(account, 'All', threadMail({ id: ASKED, references: '<root@example.com>' }));
    expect(await folder(account).threadStatus(QUESTION)).toBe('quiet');
    await putInto(
      account,
      'All',
      threadMail({ id: '<mine@example.org>', from: ME, references: '<root@example.com>' }),
    );
    expect(await folder(account).threadStatus(QUESTION)).toBe('quiet');
    await putInto(
      account,
      'All',
      threadMail({ id: '<later@example.com>', references: '<root@example.com>' }),
    );
    expect(await folder(account).threadStatus(QUESTION)).toBe('newer');
  });

  it('a mail of the thread counts by its time where the mail itself was deleted', async () => {
    const account = dovecot.user('deleted');
    const at = (n: number) => new Date(Date.UTC(2026, 10, 20, 8, n));
    const mail = (id: string) => threadMail({ id, references: '<root@example.com>' });
    await putInto(account, 'INBOX', mail('<earlier@example.com>'), at(1));
    const gone = { ...QUESTION, since: at(2).getTime() };
    expect(await folder(account).threadStatus(gone)).toBe('quiet');
    await putInto(account, 'INBOX', mail('<later@example.com>'), at(3));
    expect(await folder(account).threadStatus(gone)).toBe('newer');
  });

  it('a thread that began with a mail of ours is one thread, although its readers know it by two names', async () => {
    const account = dovecot.user('two-names');
    await putInto(account, 'Sent', renamed(await ours(given('a'), null)));
    // One answered the name that Outlook gave, another program knew ours.
    await dovecot.deliver(account.user, threadMail({ id: ASKED, inReplyTo: given('a') }));
    const question = { messageId: ASKED, references: [given('a')], since: null };
    expect(await folder(account).threadStatus(question)).toBe('quiet');
    await dovecot.deliver(account.user, threadMail({ id: '<ben@example.com>', inReplyTo: OUTLOOK }));
    expect(await folder(account).threadStatus(question)).toBe('newer');
  });

  it('a mail of this task that came back is no answer, one that is not known to have come back is', async () => {
    const account = await mailbox();
    await putInto(account, 'Sent', await ours(given('a')));
    const mine = { ...QUESTION, cameBack: [given('a')] };
    expect(await folder(account).threadStatus(mine)).toBe('quiet');
    // Of the same task, but nothing that is known to have come back.
    expect(await folder(account).threadStatus({ ...QUESTION, cameBack: [given('b')] })).toBe('answered');
    expect(await folder(account).threadStatus(QUESTION)).toBe('answered');
    await putInto(account, 'Sent', threadMail({ id: '<phone@example.org>', from: ME, inReplyTo: ASKED }));
    expect(await folder(account).threadStatus(mine)).toBe('answered');
  });

  it('nothing is known when the server is gone', async () => {
    const account = await mailbox();
    const watching = folder(account);
    await dovecot.kill9();
    expect(await watching.threadStatus(QUESTION)).toBe('unknown');
    await dovecot.restart();
    expect(await watching.threadStatus(QUESTION)).toBe('quiet');
  });
});

describe('after a mail left', () => {
  it('its copy lies in Sent once, seen, and the next mail of the same task beside it', async () => {
    const account = await mailbox();
    const sent = folder(account);
    expect(await sent.file(given('a'), await ours(given('a')))).toBe('filed');
    expect(await sent.file(given('a'), await ours(given('a')))).toBe('already');
    expect(await sent.look(given('a'))).toEqual({ found: 'found', foundAs: given('a') });
    expect(await sent.look(given('b'))).toEqual({ found: 'absent' });
    expect(await sent.file(given('b'), await ours(given('b')))).toBe('filed');
    const flags = await dovecot.doveadm('fetch', '-u', account.user, 'flags', 'mailbox', 'Sent');
    expect(flags.match(/\\Seen/g)).toHaveLength(2);
  });

  it.each([
    ['keeps our id in a header of its own', renamed],
    ['keeps nothing but our mark', replaced],
  ])('it is found under the id of a provider that %s, and no second copy is made', async (_how, change) => {
    const account = await mailbox();
    await putInto(account, 'Sent', change(await ours(given('a'))));
    const sent = folder(account, { recentMails: 2 });
    expect(await sent.look(given('a'))).toEqual({ found: 'found', foundAs: OUTLOOK });
    expect(await sent.file(given('a'), await ours(given('a')))).toBe('already');
    expect(await folder(account, { filing: 'provider' }).file(given('a'), Buffer.of())).toBe('already');
    expect(await sent.look(given('b'))).toEqual({ found: 'absent' });
    await fill(account, 'Sent');
    expect(await sent.find(given('a'))).toBe('found');
  });

  it('it is found by its mark among many where the provider kept nothing else', async () => {
    const account = await mailbox();
    await putInto(account, 'Sent', replaced(await ours(given('a'))));
    await fill(account, 'Sent');
    expect(await folder(account, { recentMails: 2 }).look(given('a'))).toEqual({
      found: 'found',
      foundAs: OUTLOOK,
    });
  });

  it('it is found in All Mail where the user moved it out of Sent', async () => {
    const account = await mailbox();
    await putInto(account, 'All', await ours(given('a')));
    expect(await folder(account).find(given('a'))).toBe('found');
  });

  it('a stranger who knows the task cannot make it look sent', async () => {
    const account = await mailbox();
    const forged = threadMail({
      id: '<x@evil.example>',
      inReplyTo: ASKED,
      headers: [`X-Handover-Task: ${TASK}`],
    });
    await putInto(account, 'Sent', forged);
    expect(await folder(account).find(given('a'))).toBe('absent');
  });
});
