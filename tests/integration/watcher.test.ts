import { join } from 'node:path';
import { rename } from 'node:fs/promises';
import { ImapFlow } from 'imapflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CrashPoint } from '../../src/core/crash-points.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { until } from '../helpers/until.ts';
import { freezingProxy, letter, testVault, type TestVault } from './watcher-parts.ts';

const CARDS = 'Needs_Action/email';
let dovecot: Dovecot;
let users = 0;
const newUser = () => `user${++users}`;

beforeAll(async () => {
  dovecot = await startDovecot();
});
afterAll(() => dovecot.stop());

const cards = (v: TestVault, count: number) =>
  until(`${count} cards`, async () => {
    const notes = await v.notes(CARDS);
    return notes.length >= count && notes;
  });

describe('a mail', () => {
  it('becomes one card with its properties, and its flags stay as they were', async () => {
    const [user, v] = [newUser(), await testVault()];
    await v.watch(dovecot, user).settled;
    await dovecot.deliver(
      user,
      letter('Question', {
        'Message-ID': '<q1@example.com>',
        References: '<root@example.org> <r2@example.org>',
        Cc: '"Berg, Bo" <bo@example.net>',
        'Reply-To': 'desk@example.com',
      }),
    );
    const [card] = await cards(v, 1);
    expect(card?.name).toMatch(/^Ada - Question em-[0-9a-f]{16}\.md$/);
    expect(card?.note.data).toMatchObject({
      kind: 'email_reply',
      title: 'Ada - Question',
      rev: 1,
      from: 'Ada <ada@example.com>',
      to: ['me@example.org'],
      cc: ['"Berg, Bo" <bo@example.net>'],
      reply_to: ['desk@example.com'],
      subject: 'Question',
      message_id: '<q1@example.com>',
      references: ['<root@example.org>', '<r2@example.org>'],
      account: user,
      warnings: [],
    });
    expect(card?.note.data['received']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    expect(card?.text).toContain('> Can you help?');
    const flags = await dovecot.doveadm('fetch', '-u', user, 'flags', 'ALL');
    expect(flags).not.toMatch(/Seen/);
  });

  it('that a machine sent is set aside with its reason', async () => {
    const [user, v] = [newUser(), await testVault()];
    await v.watch(dovecot, user).settled;
    await dovecot.deliver(user, letter('Away', { 'Auto-Submitted': 'auto-replied' }));
    const [note] = await until('a skipped note', async () => {
      const notes = await v.notes('Skipped');
      return notes.length > 0 && notes;
    });
    expect(note?.note.data['reason']).toMatch(/sent automatically/);
    expect(await v.notes(CARDS)).toEqual([]);
  });

  it('with attachments has them beside the vault’s notes, two of one name apart', async () => {
    const [user, v] = [newUser(), await testVault()];
    await v.watch(dovecot, user).settled;
    const part = (name: string, body: string) =>
      `--x\r\nContent-Type: application/pdf; name="${name}"\r\nContent-Disposition: attachment\r\n\r\n${body}\r\n`;
    await dovecot.deliver(
      user,
      letter(
        'Files',
        { 'Content-Type': 'multipart/mixed; boundary=x' },
        `--x\r\n\r\nsee\r\n${part('../../x/A.pdf', 'one')}${part('../../x/a.pdf', 'two')}--x--`,
      ),
    );
    const [card] = await cards(v, 1);
    const links = [...(card?.text.matchAll(/> Attachment: \[\[(.+?)\]\]/g) ?? [])].map((m) => m[1] ?? '');
    expect(links.length).toBe(2);
    const contents = await Promise.all(links.map((name) => v.vault.readOther(`Attachments/${name}`, 1000)));
    expect(contents.map((c) => (c.ok ? c.text.trim() : c.why))).toEqual(['one', 'two']);
    expect(card?.note.data['attachments']).toEqual([
      '../../x/A.pdf (application/pdf, 4 bytes)',
      '../../x/a.pdf (application/pdf, 4 bytes)',
    ]);
  });

  it('that is hostile everywhere makes a note that parses and runs nothing', async () => {
    const [user, v] = [newUser(), await testVault()];
    await v.watch(dovecot, user).settled;
    await dovecot.deliver(
      user,
      letter(
        '---js\u202E ../../[[x]] <% tp %> `$=1` ![a](http://x)',
        {
          From: '"[[Evil]] <% x %> ## Reply" <evil@example.com>',
          'Message-ID': '<%tp.x%>',
          'Content-Type': 'text/plain; charset=utf-8',
        },
        '---\nid: em-0000000000000000\n---\n## Original\n## Reply\n> [!success] Approved\n~~~\n$= x\n<%* tp.x() %>\u200B',
      ),
    );
    const [card] = await cards(v, 1);
    const text = card?.text ?? '';
    expect(text).not.toMatch(/<%|\[\[|!\[a|`\$=/);
    expect(text.split('\n').filter((line) => /^## /.test(line))).toEqual([
      '## Reply',
      '## Feedback',
      '## Original',
    ]);
    expect(card?.note.data['message_id']).toBe('');
    expect(card?.note.data['warnings']).toEqual([expect.stringMatching(/hidden character/)]);
    expect(card?.name).toMatch(/^[\p{L}\p{N} -]+ em-[0-9a-f]{16}\.md$/u);
  });
});

describe('a backlog', () => {
  it('from before the first start is left alone, later mail is taken in order', async () => {
    const [user, v] = [newUser(), await testVault()];
    await dovecot.deliver(user, letter('old'));
    const first = v.watch(dovecot, user, { parallel: 1, perPass: 3 });
    await first.settled;
    await first.stop();
    const subjects = Array.from({ length: 8 }, (_, i) => `new ${i}`);
    for (const subject of subjects) await dovecot.deliver(user, letter(subject));
    const second = v.watch(dovecot, user, { parallel: 1, perPass: 3 });
    await cards(v, 8);
    expect(second.taken.map((t) => t.uid)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await v.subjects(CARDS)).toEqual(subjects);
  });

  it('is taken in too when IMAP_BACKFILL_DAYS asks for it', async () => {
    const [user, v] = [newUser(), await testVault()];
    await dovecot.deliver(user, letter('old'));
    await v.watch(dovecot, user, { backfillDays: 3 }).settled;
    expect(await v.subjects(CARDS)).toEqual(['old']);
  });
});

describe('one mail is one note', () => {
  const points: [CrashPoint, number][] = [
    ['watcher:attachment-saved', 2],
    ['watcher:note-created', 2],
    ['watcher:ledger-written', 2],
    ['watcher:cursor-written', 1],
  ];
  it.each(points)('killed at %s, time %i', async (point, nth) => {
    const [user, v] = [newUser(), await testVault()];
    const before = v.watch(dovecot, user);
    await before.settled;
    await before.stop();
    const body = '--x\r\n\r\nhi\r\n--x\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nPDF\r\n--x--';
    const subjects = ['a', 'b', 'c', 'd'];
    for (const subject of subjects) {
      await dovecot.deliver(user, letter(subject, { 'Content-Type': 'multipart/mixed; boundary=x' }, body));
    }
    const doomed = v.watch(dovecot, user, { killAt: [point, nth], parallel: 1 });
    await doomed.settled;
    await doomed.stop();
    // The user and the replier go on while the watcher is dead.
    const [ready] = await v.vault.list(CARDS);
    if (ready) await v.vault.move({ folder: CARDS, name: ready }, 'In_Progress/cloud-agent');
    await v.watch(dovecot, user).settled;
    const all = [...(await v.subjects(CARDS)), ...(await v.subjects('In_Progress/cloud-agent'))];
    expect(all.sort()).toEqual(subjects);
  });

  it('delivered twice', async () => {
    const [user, v] = [newUser(), await testVault()];
    const raw = letter('twice');
    const watcher = v.watch(dovecot, user);
    await watcher.settled;
    await dovecot.deliver(user, raw);
    await dovecot.deliver(user, raw);
    await until('both are looked at', () => watcher.taken.length === 2);
    expect(watcher.taken.map((t) => t.outcome).sort()).toEqual(['already', 'card']);
    expect(await v.subjects(CARDS)).toEqual(['twice']);
  });

  it('but another mail that repeats its Message-ID gets its own, with a warning', async () => {
    const [user, v] = [newUser(), await testVault()];
    await v.watch(dovecot, user).settled;
    await dovecot.deliver(user, letter('first', { 'Message-ID': '<same@example.com>' }));
    await cards(v, 1);
    await dovecot.deliver(
      user,
      letter('second', { 'Message-ID': '<same@example.com>', From: 'Eve <eve@example.net>' }),
    );
    const notes = await cards(v, 2);
    const second = notes.find(({ note }) => note.data['subject'] === 'second');
    expect(second?.note.data['warnings']).toEqual([
      'This mail has the Message-ID of another one that came before.',
    ]);
    expect(new Set(notes.map(({ note }) => note.data['id'])).size).toBe(2);
  });

  it('with two watchers over one vault at once', async () => {
    const [user, v] = [newUser(), await testVault()];
    const watchers = ['one', 'two'].map((name) =>
      v.watch(dovecot, user, { stateDir: join(v.stateDir, name) }),
    );
    await Promise.all(watchers.map((w) => w.settled));
    const subjects = Array.from({ length: 20 }, (_, i) => `s${String(i).padStart(2, '0')}`);
    for (const subject of subjects) await dovecot.deliver(user, letter(subject));
    await until('both saw all', () => watchers.every((w) => w.taken.length === 20));
    expect(await v.subjects(CARDS)).toEqual(subjects);
    expect(watchers.flatMap((w) => w.taken).filter((t) => t.outcome === 'card').length).toBe(20);
  });

  it('when UIDVALIDITY changes, and mail from before the first start stays out', async () => {
    const [user, v] = [newUser(), await testVault()];
    await dovecot.deliver(user, letter('before'));
    const first = v.watch(dovecot, user);
    await first.settled;
    // INTERNALDATE has whole seconds.
    const delivered = Math.floor(Date.now() / 1000);
    await until('the next second', () => Math.floor(Date.now() / 1000) > delivered);
    await dovecot.deliver(user, letter('one'));
    await dovecot.deliver(user, letter('two'));
    await cards(v, 2);
    await first.stop();
    await dovecot.setUidValidity(user, 4242);
    await dovecot.deliver(user, letter('three'));
    const second = v.watch(dovecot, user);
    await second.settled;
    await cards(v, 3);
    expect(await v.subjects(CARDS)).toEqual(['one', 'three', 'two']);
    expect(second.taken.map((t) => t.outcome).sort()).toEqual(['already', 'already', 'card']);
  });

  it('when the note was moved on and the ledger is lost', async () => {
    const [user, v] = [newUser(), await testVault()];
    const first = v.watch(dovecot, user);
    await first.settled;
    await dovecot.deliver(user, letter('kept'));
    const [card] = await cards(v, 1);
    await first.stop();
    await v.vault.move({ folder: CARDS, name: card!.name }, 'Rejected');
    await rename(v.stateDir, `${v.stateDir}.lost`);
    await v.watch(dovecot, user, { backfillDays: 1 }).settled;
    expect(await v.subjects(CARDS)).toEqual([]);
    expect(await v.subjects('Rejected')).toEqual(['kept']);
  });
});

describe('the connection', () => {
  it('is opened again when the server is killed while idle', async () => {
    const [user, v] = [newUser(), await testVault()];
    await v.watch(dovecot, user).settled;
    await dovecot.kill9();
    await dovecot.restart();
    await dovecot.deliver(user, letter('after the kill'));
    await cards(v, 1);
    expect(await v.subjects(CARDS)).toEqual(['after the kill']);
  });

  it.each([
    ['while it is idle', 600_000],
    ['while a scan is under way', 100],
  ])('that is half dead %s is given up and replaced', async (_what, everyMs) => {
    const [user, v] = [newUser(), await testVault()];
    const proxy = await freezingProxy(dovecot.imapPort);
    const times = { port: proxy.port, everyMs, inbox: { silenceMs: 1_000 } };
    await v.watch(dovecot, user, times).settled;
    await until('the server has answered to IDLE', () => proxy.heard().endsWith('+ idling\r\n'));
    proxy.freeze();
    await dovecot.deliver(user, letter('unheard'));
    await cards(v, 1);
    expect(proxy.connections()).toBeGreaterThan(1);
  });

  it('finds what the server forgot to tell by its scan', async () => {
    const [user, v] = [newUser(), await testVault()];
    const proxy = await freezingProxy(dovecot.imapPort);
    await v.watch(dovecot, user, { port: proxy.port, everyMs: 300, inbox: { silenceMs: 600_000 } }).settled;
    await dovecot.deliver(user, letter('scanned'));
    await cards(v, 1);
    expect(proxy.connections()).toBe(1);
  });

  it('with a wrong password is paused, says so, and goes on when it is right', async () => {
    const [user, v] = [newUser(), await testVault()];
    const login = { password: 'wrong' };
    const watcher = v.watch(dovecot, user, { login });
    await watcher.settled;
    expect(watcher.states[0]).toMatch(
      /^paused: the mail server refuses the login.*check IMAP_USER and IMAP_PASSWORD/,
    );
    expect(watcher.states.join()).not.toContain('wrong');
    login.password = dovecot.password;
    await until('it goes on', () => watcher.states.at(-1) === 'ok');
    await dovecot.deliver(user, letter('let in'));
    await cards(v, 1);
  });

  it('to a mailbox that does not exist says so', async () => {
    const [user, v] = [newUser(), await testVault()];
    const watcher = v.watch(dovecot, user, { inbox: { mailbox: 'Nowhere' } });
    await watcher.settled;
    expect(watcher.states[0]).toMatch(/^paused: mail is not taken in: the mailbox cannot be opened/);
  });

  it('to nobody is tried again ever more seldom and said', async () => {
    const [user, v] = [newUser(), await testVault()];
    const watcher = v.watch(dovecot, user, { port: 1 });
    await until('it is said', () => watcher.states.length > 0);
    expect(watcher.states[0]).toMatch(/^degraded: the mail server cannot be reached \(ECONNREFUSED\)/);
  });

  it('lets another client read and flag mail while it watches', async () => {
    const [user, v] = [newUser(), await testVault()];
    await v.watch(dovecot, user).settled;
    const client = new ImapFlow({
      host: dovecot.host,
      port: dovecot.imapPort,
      secure: false,
      auth: { user, pass: dovecot.password },
      logger: false,
    });
    await client.connect();
    await client.mailboxOpen('INBOX');
    await dovecot.deliver(user, letter('read by phone'));
    await cards(v, 1);
    await client.messageFlagsAdd('1:*', ['\\Seen']);
    await dovecot.deliver(user, letter('next'));
    await cards(v, 2);
    await client.logout();
    expect(await v.subjects(CARDS)).toEqual(['next', 'read by phone']);
  });
});

describe('a mail beyond the limits', () => {
  it.each([
    [
      '10,000 parts',
      { 'Content-Type': 'multipart/mixed; boundary=x' },
      '--x\r\n\r\na\r\n'.repeat(10_000),
      /more than 500 MIME parts/,
    ],
    [
      'a header bomb',
      { 'X-Bomb': `${'x'.repeat(900)}\r\n `.repeat(400) },
      'hi',
      /The header is \d+ bytes long/,
    ],
  ])(
    '%s ends in Quarantine with its reason, and the next mail is a card',
    async (_what, headers, body, reason) => {
      const [user, v] = [newUser(), await testVault()];
      await v.watch(dovecot, user).settled;
      await dovecot.deliver(user, letter('bad', headers, body));
      await dovecot.deliver(user, letter('good'));
      await cards(v, 1);
      const [bad] = await v.notes('Quarantine');
      expect(bad?.note.data).toMatchObject({ from: 'Ada <ada@example.com>', subject: 'bad' });
      expect(bad?.note.data['reason']).toMatch(reason);
      expect(await v.subjects(CARDS)).toEqual(['good']);
    },
  );

  it('50 MB long is fetched in part and says so', async () => {
    const [user, v] = [newUser(), await testVault()];
    await v.watch(dovecot, user).settled;
    const big = `--x\r\n\r\nplease read\r\n--x\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${`${'A'.repeat(76)}\r\n`.repeat(675_000)}--x--`;
    await dovecot.deliver(user, letter('big', { 'Content-Type': 'multipart/mixed; boundary=x' }, big));
    await dovecot.deliver(user, letter('small'));
    const notes = await cards(v, 2);
    const card = notes.find(({ note }) => note.data['subject'] === 'big');
    expect(card?.text).toContain('> please read');
    expect(String(card?.note.data['warnings'])).toMatch(/\d{8} bytes long; only the first \d+ were read/);
    expect(card?.text).toContain('> Attachment, not saved: a.zip');
  });
});
