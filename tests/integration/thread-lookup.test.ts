import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startImapServer } from '../../src/demo/imap-server/server.ts';
import type { ThreadLookup } from '../../src/core/thread-mails.ts';
import { mailsCalled, mailsReferringTo } from '../../src/mail/mailbox/folder-search.ts';
import { mailboxThreads, type ThreadLookupOptions } from '../../src/mail/mailbox/thread-lookup.ts';
import { type Dovecot, type MailAccount, startDovecot } from '../helpers/dovecot.ts';
import { asPhone, putInto, sessionFor, threadMail } from '../helpers/thread-mail.ts';

const ME = 'Me <me@example.org>';
const HASH = '0123456789abcdef0123456789abcdef';
const GIVEN = `<em-0123456789abcdef.${HASH}@example.org>`;

let dovecot: Dovecot;
let users = 0;
beforeAll(async () => {
  dovecot = await startDovecot();
});
afterAll(() => dovecot.stop());

const newUser = (): MailAccount => dovecot.user(`thread${(users += 1)}`);
const minute = (n: number): Date => new Date(Date.UTC(2026, 10, 20, 8, n));

function threadsOf(account: MailAccount, options: Partial<ThreadLookupOptions> = {}): ThreadLookup {
  const session = sessionFor(account);
  onTestFinished(() => session.close());
  return mailboxThreads({ session, mailbox: 'INBOX', maxMails: 6, now: () => 0, ...options });
}

/** Anna asks, the user answers, Anna asks back. */
async function conversation(account: MailAccount): Promise<void> {
  const one = threadMail({ id: '<1@example.com>', text: 'Are you there on Tuesday?' });
  const two = threadMail({
    id: '<2@example.org>',
    from: ME,
    inReplyTo: '<1@example.com>',
    references: '<1@example.com>',
    text: 'Yes, at ten.\n\nOn Friday Anna wrote:\n> Are you there on Tuesday?',
  });
  const three = threadMail({
    id: '<3@example.com>',
    inReplyTo: '<2@example.org>',
    references: '<1@example.com> <2@example.org>',
    text: 'Which room?',
  });
  await putInto(account, 'INBOX', one, minute(1));
  await putInto(account, 'INBOX', threadMail({ id: '<spam@example.net>' }), minute(2));
  await putInto(account, 'Sent', two, minute(3));
  await putInto(account, 'INBOX', three, minute(4));
}
const THREE = {
  messageId: '<3@example.com>',
  inReplyTo: '<2@example.org>',
  references: ['<1@example.com>', '<2@example.org>'],
};

describe('the mails of a thread before this one', () => {
  it('come from both sides, oldest first, without what they quote', async () => {
    const account = newUser();
    await conversation(account);
    const later = { id: '<4@example.com>', inReplyTo: '<3@example.com>', references: '<1@example.com>' };
    await putInto(account, 'INBOX', threadMail(later), minute(5));
    await putInto(account, 'Sent', threadMail({ ...later, id: '<5@example.org>', from: ME }), minute(4));
    expect(await threadsOf(account).earlier(THREE)).toMatchObject([
      {
        messageId: '<1@example.com>',
        from: 'Anna Berg <anna@example.com>',
        own: false,
        receivedMs: minute(1).getTime(),
        text: 'Are you there on Tuesday?',
        people: expect.arrayContaining(['anna@example.com']) as string[],
      },
      {
        messageId: '<2@example.org>',
        from: ME,
        own: true,
        receivedMs: minute(3).getTime(),
        text: 'Yes, at ten.',
      },
    ]);
  });

  it('are found by a search where they are not among the newest', async () => {
    const account = newUser();
    await conversation(account);
    for (const folder of ['INBOX', 'Sent']) {
      for (const n of [1, 2, 3])
        await putInto(account, folder, threadMail({ id: `<${folder}${n}@x.example>` }));
    }
    const found = await threadsOf(account, { recentMails: 2 }).earlier(THREE);
    expect(found).toMatchObject([{ messageId: '<1@example.com>' }, { messageId: '<2@example.org>' }]);
  });

  it('are read without a trace: no flag and no modification sequence moves', async () => {
    const account = newUser();
    for (const n of [1, 2]) {
      const refers = n === 2 ? { references: '<1@example.com>' } : {};
      await dovecot.deliver(account.user, threadMail({ id: `<${n}@example.com>`, ...refers }));
    }
    const state = () =>
      dovecot.doveadm('mailbox', 'status', '-u', account.user, 'unseen highestmodseq', 'INBOX');
    const before = await state();
    const refs = { messageId: '<2@example.com>', inReplyTo: null, references: ['<1@example.com>'] };
    expect(await threadsOf(account).earlier(refs)).toHaveLength(1);
    expect(await state()).toBe(before);
    expect(before).toMatch(/INBOX unseen=2 /);
  });

  it('are bounded: the newest ones, each cut, of a huge one only the beginning', async () => {
    const account = newUser();
    const huge = threadMail({ id: '<1@example.com>', text: 'a line that is long\n'.repeat(100_000) });
    await putInto(account, 'INBOX', huge, minute(1));
    for (const n of [2, 3, 4]) {
      const mail = { id: `<${n}@example.com>`, references: '<1@example.com>', text: `a${'😀'.repeat(4000)}` };
      await putInto(account, 'INBOX', threadMail(mail), minute(n));
    }
    const refs = { messageId: '<9@example.com>', inReplyTo: null, references: ['<1@example.com>'] };
    const two = await threadsOf(account, { maxMails: 2 }).earlier(refs);
    expect(two).toMatchObject([{ messageId: '<3@example.com>' }, { messageId: '<4@example.com>' }]);
    const all = await threadsOf(account, { maxMails: 9 }).earlier(refs);
    if (all === 'unknown') throw new Error('no answer');
    expect(all.map(({ text }) => text.length)).toEqual([4006, 4005, 4005, 4005]);
    expect(all.slice(1).every(({ text }) => /^a(?:😀)+ \[\.\.\.\]$/u.test(text))).toBe(true);
    expect(await threadsOf(account, { maxMails: 0 }).earlier(refs)).toEqual([]);
  });

  it('are the user’s own only where they lie in Sent: a From proves nothing', async () => {
    const account = newUser();
    const forged = {
      id: '<forged@evil.example>',
      from: ME,
      references: '<1@example.com>',
      text: 'I agree to 50 %',
    };
    await putInto(account, 'INBOX', threadMail(forged), minute(1));
    const refs = { messageId: '<9@example.com>', inReplyTo: null, references: ['<1@example.com>'] };
    expect(await threadsOf(account).earlier(refs)).toMatchObject([{ own: false, text: 'I agree to 50 %' }]);
  });

  it.each([
    [
      'keeps ours',
      'me@alias.example',
      [`X-Microsoft-Original-Message-ID: ${GIVEN}`, `X-Handover-Task: em-0123456789abcdef.${HASH}`],
    ],
    ['leaves our mark alone', 'me@example.org', [`X-Handover-Task: em-0123456789abcdef.${HASH}`]],
  ])(
    'are called as we called them where the provider chose another id and %s',
    async (_how, from, headers) => {
      const account = newUser();
      const renamed = '<AM0PR01@AM0PR01.eurprd01.prod.outlook.example>';
      await putInto(account, 'Sent', threadMail({ id: renamed, from, headers, text: 'Yes.' }), minute(1));
      const answer = { id: '<7@example.com>', inReplyTo: renamed, references: renamed };
      await putInto(account, 'INBOX', threadMail(answer), minute(2));
      const refs = { messageId: '<7@example.com>', inReplyTo: renamed, references: [renamed] };
      expect(await threadsOf(account).earlier(refs)).toMatchObject([
        { messageId: GIVEN, own: true, text: 'Yes.' },
      ]);
      // Another reader's program answered the name that we gave.
      const other = { messageId: '<8@example.com>', inReplyTo: GIVEN, references: [GIVEN] };
      expect(await threadsOf(account).earlier(other)).toMatchObject([
        { messageId: GIVEN },
        { messageId: '<7@example.com>' },
      ]);
    },
  );

  it('are found in All Mail once they were archived, each once', async () => {
    const account = newUser();
    await conversation(account);
    await asPhone(account, async (phone) => {
      for (const folder of ['INBOX', 'Sent']) {
        await phone.mailboxOpen(folder);
        const copies = await phone.fetchAll('1:*', { uid: true, source: true, internalDate: true });
        for (const { source = Buffer.of(), internalDate } of copies) {
          await putInto(account, 'All', source, new Date(internalDate ?? 0));
        }
      }
      await phone.mailboxOpen('INBOX');
      await phone.messageDelete('1:*');
    });
    expect(await threadsOf(account).earlier(THREE)).toMatchObject([
      { messageId: '<1@example.com>', own: false },
      { messageId: '<2@example.org>', own: true },
    ]);
  });

  it('are none for a mail that refers to nothing, or to nothing that can be searched for', async () => {
    const threads = threadsOf(dovecot.user('nobody-asks'));
    const hostile = [
      '<a> OR ALL',
      '<a"\r\nX LOGOUT>',
      '',
      'plain',
      `<${'x'.repeat(2000)}>`,
      '<ä@example.com>',
    ];
    expect(
      await threads.earlier({ messageId: '<1@example.com>', inReplyTo: null, references: hostile }),
    ).toEqual([]);
    expect(await threads.answered('<a"\r\nX LOGOUT>')).toBe('unknown');
  });

  it('are asked for in lines of a bearable length, however many there are', async () => {
    const account = newUser();
    const ids = Array.from({ length: 300 }, (_, n) => `<${'long-'.repeat(150)}${n}@example.com>`);
    await putInto(account, 'INBOX', threadMail({ id: ids[299] ?? '' }), minute(1));
    for (const n of [1, 2, 3]) await putInto(account, 'INBOX', threadMail({ id: `<other${n}@x.example>` }));
    const refs = { messageId: null, inReplyTo: null, references: ids };
    expect(await threadsOf(account, { recentMails: 1 }).earlier(refs)).toHaveLength(1);
  });
});

describe('was it answered', () => {
  it('yes when a reply lies in Sent, whoever wrote it there', async () => {
    const account = newUser();
    const threads = threadsOf(account);
    expect(await threads.answered('<1@example.com>')).toBe(false);
    await conversation(account);
    expect(await threads.answered('<1@example.com>')).toBe(true);
    expect(await threads.answered('<3@example.com>')).toBe(false);
  });

  it('looks only at what was sent since the mail came, when it is told when that was', async () => {
    const account = newUser();
    const october = (day: number) => new Date(Date.UTC(2026, 9, day));
    const reply = threadMail({ id: '<2@example.org>', from: ME, inReplyTo: '<1@example.com>' });
    await putInto(account, 'Sent', reply, october(5));
    for (const n of [1, 2, 3]) await putInto(account, 'Sent', threadMail({ id: `<${n}@x.example>` }));
    const threads = threadsOf(account, { recentMails: 1 });
    expect(await threads.answered('<1@example.com>', october(5).getTime())).toBe(true);
    // A day is what the search of IMAP knows, and zones differ.
    expect(await threads.answered('<1@example.com>', october(8).getTime())).toBe(false);
    // The clock of a mail server may be ahead.
    expect(await threads.answered('<1@example.com>', Date.now() + 10 * 86_400_000)).toBe(false);
  });

  it('finds every id that can stand in a header, and no other', async () => {
    const account = newUser();
    const threads = threadsOf(account, { recentMails: 1 });
    const char = fc.integer({ min: 0x21, max: 0x7e }).map((n) => String.fromCharCode(n));
    const local = fc.string({ unit: char.filter((c) => !/[<>]/.test(c)), minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(local, async (name) => {
        const id = `<${name}@example.com>`;
        await putInto(account, 'Sent', threadMail({ id: '<r@example.org>', from: ME, inReplyTo: id }));
        await putInto(account, 'Sent', threadMail({ id: '<newest@example.org>', from: ME }));
        expect(await threads.answered(id)).toBe(true);
        expect(await threads.answered(`<${name}x@example.com>`)).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('is unknown while the server is silent, and a silent server is given a rest', async () => {
    const account = newUser();
    await conversation(account);
    let now = 0;
    const threads = threadsOf(account, { now: () => now });
    await dovecot.kill9();
    expect(await threads.answered('<1@example.com>')).toBe('unknown');
    await dovecot.restart();
    now = 59_999;
    expect(await threads.answered('<1@example.com>')).toBe('unknown');
    expect(await threads.earlier(THREE)).toBe('unknown');
    now = 60_000;
    expect(await threads.answered('<1@example.com>')).toBe(true);
  });

  it('follows the folder: what came, what was deleted, and a mailbox that was restored under other UIDs', async () => {
    const account = newUser();
    await conversation(account);
    const threads = threadsOf(account, { recentMails: 2 });
    expect(await threads.answered('<1@example.com>')).toBe(true);
    await putInto(
      account,
      'Sent',
      threadMail({ id: '<6@example.org>', from: ME, inReplyTo: '<3@example.com>' }),
    );
    expect(await threads.answered('<3@example.com>')).toBe(true);
    await dovecot.setUidValidity(account.user, 4242, 'Sent');
    expect(await threads.answered('<3@example.com>')).toBe(true);
    await asPhone(account, async (phone) => {
      await phone.mailboxOpen('Sent');
      await phone.messageDelete({ header: { 'message-id': '<6@example.org>' } });
    });
    expect(await threads.answered('<3@example.com>')).toBe(false);
    expect(await threads.answered('<1@example.com>')).toBe(true);
  });

  it('does not remember a folder that was made anew', async () => {
    const account = newUser();
    const reply = (id: string) => threadMail({ id: '<r@example.org>', from: ME, inReplyTo: id });
    await putInto(account, 'Sent', reply('<1@example.com>'));
    const threads = threadsOf(account);
    expect(await threads.answered('<1@example.com>')).toBe(true);
    await asPhone(account, (phone) => phone.mailboxDelete('Sent'));
    await dovecot.setUidValidity(account.user, 4242, 'Sent');
    await putInto(account, 'Sent', reply('<2@example.com>'));
    expect(await threads.answered('<1@example.com>')).toBe(false);
    expect(await threads.answered('<2@example.com>')).toBe(true);
  });

  it('opens folders read-only and gives no command that changes anything', async () => {
    const commands: string[] = [];
    const server = await startImapServer({
      password: 'secret',
      faultAt: (command) => {
        commands.push(command);
        return undefined;
      },
    });
    onTestFinished(() => server.stop());
    const account = { host: '127.0.0.1', port: server.port, user: 'me@example.org', password: 'secret' };
    server.deliver(account.user, threadMail({ id: '<1@example.com>' }));
    server.deliver(
      account.user,
      threadMail({ id: '<2@example.org>', from: ME, inReplyTo: '<1@example.com>' }),
      'Sent',
    );
    const threads = threadsOf(account, { recentMails: 1 });
    expect(await threads.answered('<1@example.com>')).toBe(true);
    expect(await threads.earlier({ ...THREE, messageId: null })).toHaveLength(2);
    const used = new Set(commands.map((command) => command.replace(/^UID /, '')));
    for (const needed of ['EXAMINE', 'FETCH']) expect(used).toContain(needed);
    for (const changing of ['SELECT', 'STORE', 'APPEND', 'COPY', 'MOVE', 'CREATE', 'DELETE', 'EXPUNGE']) {
      expect(used).not.toContain(changing);
    }
  });
});

describe('the lines that are sent to the server', () => {
  it('stay short and ask for every id', () => {
    const ids = Array.from({ length: 12 }, (_, n) => `<${'x'.repeat(900)}${n}@example.com>`);
    for (const queries of [mailsCalled(ids), mailsReferringTo(ids, null)]) {
      const lines = queries.map((query) => JSON.stringify(query));
      expect(lines.every((line) => line.length < 8000)).toBe(true);
      expect(ids.every((id) => lines.join('').includes(id))).toBe(true);
      expect(lines.length).toBeLessThanOrEqual(12);
    }
    expect(mailsCalled(['<a@x>', '<b@x>'])).toHaveLength(1);
  });
});
