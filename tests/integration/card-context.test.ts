import { describe, expect, it } from 'vitest';
import { earlierText } from '../../src/core/earlier-mails.ts';
import { list, text } from '../../src/core/task-file.ts';
import type { ThreadLookup } from '../../src/core/thread-mails.ts';
import { intake, NOW, WAITING } from '../helpers/intake.ts';

const ROOT = '<1@example.com>';
const OURS = `<em-0123456789abcdef.${'a'.repeat(32)}@office.example>`;

describe('what a card shows of its thread', () => {
  it('an answer to a mail of ours links the note of that mail', async () => {
    const inbox = await intake();
    const first = await inbox.take({ id: '1' });
    const sent = `<${first.id}.${'a'.repeat(32)}@office.example>`;
    await inbox.vault.move({ folder: WAITING, name: first.name }, 'Done/2026-11');
    await inbox.take({ id: '2', refs: [ROOT, sent] });
    const [card] = await inbox.notes(WAITING);
    const link = `[[${first.name.slice(0, -3)}]]`;
    expect(text(card!.note, 'answers')).toBe(link);
    expect(card!.note.body).toContain(`**Answers** your mail: ${link}`);
    // A mail the user began: it has no card in the thread.
    const began = 'Ada Offer em-0123456789abcdef.md';
    await inbox.vault.create({ folder: 'Done/2026-11', name: began }, '---\nid: em-0123456789abcdef\n---\n');
    await inbox.take({ id: '3', refs: [OURS] });
    const third = (await inbox.notes(WAITING)).find(
      ({ note }) => text(note, 'message_id') === '<3@example.com>',
    );
    expect(text(third!.note, 'answers')).toBe('[[Ada Offer em-0123456789abcdef]]');
    await inbox.take({ id: '4', refs: [OURS.replace('0123', 'ffff')] });
    const fourth = (await inbox.notes(WAITING)).find(
      ({ note }) => text(note, 'message_id') === '<4@example.com>',
    );
    expect(text(fourth!.note, 'answers')).toBe('em-ffff456789abcdef');
  });

  const lookup = (change: Partial<ThreadLookup> = {}) => {
    const asked: string[] = [];
    const thread: ThreadLookup = {
      answered: (id) => {
        asked.push(`answered ${id}`);
        return Promise.resolve(false);
      },
      earlier: ({ references }) => {
        asked.push(`earlier ${references.join()}`);
        return Promise.resolve([
          {
            messageId: '<0@example.com>',
            from: 'Ada <ada@example.com>',
            own: false,
            receivedMs: NOW,
            text: 'First',
          },
          { messageId: OURS, from: 'office@example.org', own: true, receivedMs: NOW, text: 'My answer' },
        ]);
      },
      ...change,
    };
    return { asked, thread };
  };

  it('the mailbox is asked only by mails that refer to others, and tells both sides', async () => {
    const inbox = await intake();
    const { asked, thread } = lookup();
    inbox.with({ thread });
    await inbox.take({ id: '1' });
    expect(asked).toEqual([]);
    await inbox.take({ id: '2', refs: ['<0@example.com>'] });
    expect(asked).toEqual(['earlier <0@example.com>']);
    const card = (await inbox.notes(WAITING)).find(
      ({ note }) => text(note, 'message_id') === '<2@example.com>',
    )!;
    expect(earlierText(card.original)).toEqual([
      { from: 'Ada <ada@example.com>', own: false, text: 'First' },
      { from: '', own: true, text: 'My answer' },
    ]);
    // A provider rewrote our id: the mailbox knows what the user wrote last.
    expect(text(card.note, 'answers')).toBe('em-0123456789abcdef');
  });

  it('shows nothing of a thread to somebody who only knows an id of it, also when he writes twice', async () => {
    const inbox = await intake();
    const people = ['ada@example.com', 'office@example.org'];
    const mails = [
      {
        messageId: '<0@example.com>',
        from: 'Ada <ada@example.com>',
        own: false,
        receivedMs: NOW,
        text: 'A secret',
        people,
      },
      {
        messageId: '<e@example.net>',
        from: 'eve@example.net',
        own: false,
        receivedMs: NOW,
        text: 'Hi',
        people: ['eve@example.net'],
      },
    ];
    inbox.with({ thread: lookup({ earlier: () => Promise.resolve(mails) }).thread });
    await inbox.take({ id: '2', from: 'eve@example.net', refs: ['<0@example.com>'] });
    const [card] = await inbox.notes(WAITING);
    expect(card!.note.body).not.toContain('secret');
    expect(list(card!.note, 'warnings').join()).toContain('had no part in the earlier mails');
    await inbox.take({ id: '3', refs: ['<0@example.com>'] });
    const ada = (await inbox.notes(WAITING)).find(
      ({ note }) => text(note, 'message_id') === '<3@example.com>',
    );
    expect(ada!.note.body).toContain('A secret');
    expect(list(ada!.note, 'warnings')).toEqual([]);
  });

  it('says so when the people of the earlier mails are not known', async () => {
    const inbox = await intake();
    inbox.with({ thread: lookup().thread });
    await inbox.take({ id: '2', from: 'eve@example.net', refs: ['<0@example.com>'] });
    const [card] = await inbox.notes(WAITING);
    expect(list(card!.note, 'warnings').join()).toContain('is not known');
  });

  it('a mailbox that fails costs the context, not the mail', async () => {
    const inbox = await intake();
    const broken = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
    inbox.with({ thread: { answered: broken, earlier: broken }, now: () => NOW + 3_600_000 });
    expect(await inbox.take({ id: '2', refs: ['<0@example.com>'] })).toMatchObject({ outcome: 'card' });
  });

  it('a mail of the backlog that the user has answered is skipped, a new one is not asked about', async () => {
    const inbox = await intake();
    const { asked, thread } = lookup({ answered: (id) => Promise.resolve(id === '<1@example.com>') });
    inbox.with({ thread });
    expect(await inbox.take({ id: '1' })).toMatchObject({ outcome: 'card' });
    inbox.with({ thread, now: () => NOW + 11 * 60_000 });
    expect(asked).toEqual([]);
    const old = await intake();
    old.with({ thread, now: () => NOW + 11 * 60_000 });
    expect(await old.take({ id: '1' })).toMatchObject({ outcome: 'skipped', code: 'answered' });
    expect(await old.take({ id: '2' })).toMatchObject({ outcome: 'card' });
  });
});

describe('a bounce', () => {
  const dsn = (about: string, action = 'failed') => ({
    id: 'dsn',
    from: 'MAILER-DAEMON@mx.example.org',
    head: [
      'Return-Path: <>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
    ],
    text: `--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; jane@example.com\r\nAction: ${action}\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 <% no %> [[such]] user \`x\`\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: ${about}\r\n--b--`,
  });

  it('of a mail of ours is a note of its own kind for the laptop, with the server’s words made harmless', async () => {
    const inbox = await intake();
    const taken = await inbox.take(dsn(OURS));
    expect(taken).toMatchObject({ outcome: 'bounce', folder: WAITING });
    const [card] = await inbox.notes(WAITING);
    expect(card!.name).toMatch(/^Delivery report - Offer em-/);
    expect(card!.note.data).toMatchObject({
      kind: 'email_bounce',
      bounce_of: 'em-0123456789abcdef',
      bounce_message_id: OURS,
      bounce_action: 'failed',
      bounce_status: '5.1.1',
      bounce_recipients: ['jane@example.com'],
      bounce_words: "550 < % no %> [ [such] ] user 'x'",
    });
    expect(card!.note.body).toContain('Not delivered to jane@example.com');
    expect((await inbox.take(dsn(OURS))).outcome).toBe('already');
  });

  it('of somebody else’s mail, and a report that all went well, are skipped', async () => {
    const inbox = await intake();
    expect(await inbox.take(dsn('<1@elsewhere.example>'))).toMatchObject({
      outcome: 'skipped',
      code: 'report',
    });
    const well = await intake();
    expect(await well.take(dsn(OURS, 'delivered'))).toMatchObject({ outcome: 'skipped' });
  });
});
