import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { afterEach, describe, expect, it } from 'vitest';
import type { TaskId } from '../../src/core/task-id.ts';
import {
  composeMessage,
  ComposeRefusal,
  type OutgoingMail,
} from '../../src/mail/submission/compose-message.ts';
import { submit } from '../../src/mail/submission/submit.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';

const BASE: OutgoingMail = {
  taskId: 'em-0123456789abcdef' as TaskId,
  messageId: '<em-0123456789abcdef.abc@example.org>',
  date: new Date('2026-11-20T08:01:02Z'),
  from: { name: 'Jörg Müller', address: 'joerg@example.org' },
  to: [{ name: 'Anna "A" Berg, Ltd', address: 'anna@example.com' }],
  cc: [{ name: '', address: 'bo@example.net' }],
  subject: 'Re: Besuch am Dienstag – größer & schöner 🎉',
  inReplyTo: '<q@example.com>',
  references: ['<root@example.com>', '<q@example.com>'],
  text: 'Hello Anna,\n\nyes.\n',
};

let server: TestSmtp | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function decoded(eml: Uint8Array): Promise<string> {
  const mail = await PostalMime.parse(eml);
  return (mail.text ?? '').replace(/\r\n/g, '\n');
}

/** Any text a person can type: lines, spaces at their ends, dots and `From ` at their beginnings, emoji. */
const typed = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.constantFrom(
        '',
        '.',
        '..',
        '. dot',
        'From me',
        '>From you',
        '   trailing   ',
        '\ttab\t',
        '---',
        '```',
        '## Feedback',
        '=3D',
        '=',
      ),
      fc.string({ minLength: 900, maxLength: 1500 }),
    ),
  )
  .map((lines) => `${lines.join('\n').replace(/[\r\0]/g, '')}\n`)
  // Nobody types a byte order mark at the start of a mail, and decoders are told to drop it.
  .filter((text) => !text.startsWith('\ufeff'));

describe('a composed mail', () => {
  it('carries the text unchanged, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(typed, async (text) => {
        expect(await decoded(await composeMessage({ ...BASE, text }))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('is seven bits wide, in lines no server may refuse, with no line an mbox would change', async () => {
    await fc.assert(
      fc.asyncProperty(typed, async (text) => {
        const eml = (await composeMessage({ ...BASE, text })).toString('latin1');
        const lines = eml.split('\r\n');
        expect(/[^\t\r\n\x20-\x7e]/.test(eml)).toBe(false);
        expect(lines.some((line) => line.length > 998 || /[\r\n]/.test(line))).toBe(false);
        expect(lines.some((line) => line.startsWith('From '))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('arrives byte for byte through a real server, dots and all', async () => {
    server = await startSmtp();
    const text = '.\n..\n. dot\nFrom here\n  spaces  \n\nGrüße 🎉\n---\n```\n## Reply\n';
    const eml = await composeMessage({ ...BASE, text });
    await submit({
      smtp: { host: server.host, port: server.port, secure: 'false', auth: null },
      eml,
      envelope: { from: 'joerg@example.org', to: ['anna@example.com'] },
      onBodyStarts: () => undefined,
    });
    const [arrived] = await server.waitForMails(1);
    expect(arrived!.raw.equals(eml)).toBe(true);
    expect(await decoded(arrived!.raw)).toBe(text);
  });

  it('says in its headers what it was given, readable by any mail program', async () => {
    const mail = await PostalMime.parse(await composeMessage(BASE));
    expect(mail).toMatchObject({
      messageId: BASE.messageId,
      inReplyTo: BASE.inReplyTo,
      references: BASE.references.join(' '),
      subject: BASE.subject,
      from: BASE.from,
      to: BASE.to,
      cc: BASE.cc,
      date: '2026-11-20T08:01:02.000Z',
    });
    const names = mail.headers.map((h) => h.key);
    expect(names).toContain('x-handover-task');
    expect(names).not.toContain('x-mailer');
    // RFC 3834: a reply that a person approved is no automatic one.
    expect(names).not.toContain('auto-submitted');
  });

  it('is the same bytes for the same input', async () => {
    const attachments = [
      { filename: 'Rechnung – 1.pdf', contentType: 'application/pdf', content: Buffer.from('%PDF') },
    ];
    const one = await composeMessage({ ...BASE, attachments });
    expect(one.equals(await composeMessage({ ...BASE, attachments }))).toBe(true);
    const mail = await PostalMime.parse(one);
    expect(mail.attachments.map((a) => a.filename)).toEqual(['Rechnung – 1.pdf']);
  });

  it('ends its text with one line end when it has none', async () => {
    expect(await decoded(await composeMessage({ ...BASE, text: 'bye' }))).toBe('bye\n');
  });
});

describe('no header can be smuggled in', () => {
  const evil = 'x\r\nBcc: victim@example.com';
  it.each([
    ['Subject', { subject: evil }],
    ['Subject', { subject: 'bell \u0007' }],
    ['Message-ID', { messageId: `<a@b>\r\nBcc: victim@example.com` }],
    ['In-Reply-To', { inReplyTo: evil }],
    ['References', { references: ['<a@b>', evil] }],
    ['From', { from: { name: evil, address: 'me@example.org' } }],
    ['To', { to: [{ name: '', address: 'a@example.com, victim@example.com' }] }],
    ['To', { to: [{ name: '', address: 'a@example.com\r\nBcc: victim@example.com' }] }],
    ['Cc', { cc: [{ name: evil, address: 'a@example.com' }] }],
    ['filename', { attachments: [{ filename: evil, contentType: 'a/b', content: Buffer.from('') }] }],
    [
      'Content-Type',
      { attachments: [{ filename: 'a', contentType: 'a/b; x="\r\n', content: Buffer.from('') }] },
    ],
    ['Date', { date: new Date(Number.NaN) }],
    ['X-Handover-Task', { taskId: 'em-1\r\nBcc: victim@example.com' as TaskId }],
  ] as const)('through %s: %o', async (field, part) => {
    const refused = await composeMessage({ ...BASE, ...part }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ComposeRefusal);
    expect(refused).toMatchObject({ field });
  });

  it('by any subject that is let through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (subject) => {
        const eml = await composeMessage({ ...BASE, subject }).catch(() => null);
        if (eml === null) return;
        const names = (await PostalMime.parse(eml)).headers.map((h) => h.key);
        expect(names.filter((n) => n === 'bcc' || n === 'cc')).toEqual(['cc']);
        expect(new Set(names).size).toBe(names.length);
      }),
      { numRuns: 300 },
    );
  });
});
