import { describe, expect, it } from 'vitest';
import { readSections } from '../../../src/core/body.ts';
import { type MailNoteInput, mailNote, mailNoteName } from '../../../src/core/mail-card.ts';
import type { IncomingMail } from '../../../src/core/mail.ts';
import { originalText } from '../../../src/core/neutralise.ts';
import { parseNote, type TaskNote } from '../../../src/core/task-file.ts';
import { taskIdFromMessage } from '../../../src/core/task-id.ts';

const id = taskIdFromMessage('office', '<1@example.com>');
const plain: IncomingMail = {
  messageId: '<1@example.com>',
  inReplyTo: null,
  references: [],
  from: { name: 'Ada', address: 'ada@example.com' },
  replyTo: [],
  to: [{ name: '', address: 'office@example.org' }],
  cc: [],
  subject: 'Question',
  date: '2026-11-20T08:00:00.000Z',
  text: 'Can you help?\n',
  headers: new Map(),
  attachments: [],
  remarks: [],
};

function note(change: Partial<IncomingMail> = {}, input: Partial<MailNoteInput> = {}): TaskNote {
  const parsed = parseNote(
    mailNote({
      id,
      mail: { ...plain, ...change },
      attachments: [],
      account: 'office',
      createdMs: Date.UTC(2026, 10, 20, 9),
      receivedMs: Date.UTC(2026, 10, 20, 8),
      timeZone: 'Europe/Berlin',
      warnings: [],
      why: { kind: 'card' },
      ...input,
    }),
  );
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.note;
}

describe('the card of a mail', () => {
  it('has the properties of the vault’s contract, dates in the vault’s time zone', () => {
    expect(note().data).toEqual({
      id,
      kind: 'email_reply',
      title: 'Ada - Question',
      created: '2026-11-20T10:00:00',
      priority: 'normal',
      rev: 1,
      from: 'Ada <ada@example.com>',
      to: ['office@example.org'],
      cc: [],
      subject: 'Question',
      message_id: '<1@example.com>',
      in_reply_to: '',
      references: [],
      received: '2026-11-20T09:00:00',
      account: 'office',
      thread: expect.stringMatching(/^th-[0-9a-f]{16}$/) as string,
      attachments: [],
      warnings: [],
    });
  });

  it('says that it waits, has an empty reply and the text as it came', () => {
    const { body } = note();
    expect(body).toMatch(/^\n?> \[!todo\|handover\] Waiting for a draft\n/);
    const sections = readSections(body);
    expect(sections.reply).toBe('');
    expect(originalText(sections.original ?? '')).toBe('Can you help?\n');
  });

  it('gives mails of one conversation one thread', () => {
    const first = note().data['thread'];
    const answer = note({
      messageId: '<2@example.com>',
      inReplyTo: '<1@example.com>',
      references: ['<1@example.com>'],
    });
    const deeper = note({ messageId: '<3@example.com>', references: ['<1@example.com>', '<2@example.com>'] });
    expect(answer.data['thread']).toBe(first);
    expect(deeper.data['thread']).toBe(first);
    expect(note({ messageId: '<9@example.com>' }).data['thread']).not.toBe(first);
  });

  it('links what was saved, names what was not, and tells of remarks and hidden characters', () => {
    const { data, body } = note(
      { text: 'a\u200Bb', remarks: ['cut'] },
      {
        attachments: [
          { filename: 'a.pdf', contentType: 'application/pdf', size: 9, savedAs: `${id} a.pdf` },
          { filename: '[[b]]<%x%>', contentType: 'x/`y`', size: 5, savedAs: null },
        ],
        warnings: ['reused'],
      },
    );
    expect(body).toContain(`> Attachment: [[${id} a.pdf]] (application/pdf, 9 bytes)`);
    expect(body).toContain("> Attachment, not saved: [ [b] ]< %x%> (x/'y', 5 bytes)");
    expect(data['warnings']).toEqual([
      'reused',
      'cut',
      'The mail holds 1 hidden character; it is shown like [U+200B].',
    ]);
  });

  it('stays a note, whatever the number and length of its recipients, references and warnings', () => {
    const people = Array.from({ length: 200 }, (_, i) => ({
      name: '"\\'.repeat(60),
      address: `p${i}@${'x'.repeat(60)}.example.com`,
    }));
    const references = Array.from({ length: 100 }, (_, i) => `<${'r'.repeat(400)}${i}@example.com>`);
    const made = note({
      to: people,
      cc: people,
      replyTo: people,
      references,
      subject: '"\\'.repeat(5000),
      text: '~'.repeat(500_000),
      remarks: Array.from({ length: 100 }, () => '"'.repeat(500)),
    });
    expect((made.data['to'] as string[]).length).toBeGreaterThan(10);
    const kept = made.data['references'] as string[];
    expect([kept[0], kept.at(-1)]).toEqual([references[0], references.at(-1)]);
    expect(String(made.data['warnings'])).toContain('"');
  });
});

describe('a mail without a card', () => {
  it('is skipped with its reason and says how to overrule', () => {
    const { data, body } = note({}, { why: { kind: 'skipped', reason: 'It is bulk mail <%x%>.' } });
    expect(data['reason']).toBe('It is bulk mail < %x%>.');
    expect(body).toContain('> [!info|handover] Skipped: It is bulk mail < %x%>.\n> Move this note to');
  });

  it('is quarantined with its reason', () => {
    const { data, body } = note(
      { from: null, subject: '' },
      { why: { kind: 'quarantined', reason: 'Too many parts.' } },
    );
    expect(data).toMatchObject({ title: 'Unknown sender - No subject', from: '', reason: 'Too many parts.' });
    expect(body).toContain('> [!failure|handover] Not readable: Too many parts.');
  });

  it.each([
    [{ subject: '../../../etc/passwd\0' }, `Ada - etc passwd U 0000 ${id}.md`],
    [{ subject: '', from: null }, `Unknown sender - No subject ${id}.md`],
    [{ subject: '\u202E\u{1F600}' }, `Ada - U 202E ${id}.md`],
  ])('and a name that is no path: %j', (change, expected) => {
    expect(mailNoteName({ ...plain, ...change }, id)).toBe(expected);
  });
});
