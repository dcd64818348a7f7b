import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readSections } from '../../../src/core/body.ts';
import { earlierSection, earlierText } from '../../../src/core/earlier-mails.ts';
import { originalSection, originalText } from '../../../src/core/neutralise.ts';
import type { EarlierMail } from '../../../src/core/thread-mails.ts';

const mail = (change: Partial<EarlierMail> = {}): EarlierMail => ({
  messageId: null,
  from: 'Ada <ada@example.com>',
  own: false,
  receivedMs: Date.UTC(2026, 10, 20, 8),
  text: 'Hello',
  ...change,
});

const original = (text: string) =>
  originalSection({ from: 'Ada', when: '2026-11-20T09:00:00', text, maxBytes: 150_000 }).section;

it('reads back what was written, and the mail itself stays the first', () => {
  const section = `${original('Now?')}\n> Attachment: [[a.pdf]]\n\n${earlierSection(
    [mail({ text: 'First\n\n~~~\n> x' }), mail({ own: true, from: 'me', text: 'Mine' })],
    'Europe/Berlin',
  )}`;
  expect(section).toContain('> [!quote]- Earlier mail from Ada <ada@example.com>, 2026-11-20T09:00:00');
  expect(section).toContain('> [!quote]- You wrote, 2026-11-20T09:00:00');
  expect(originalText(section)).toBe('Now?');
  expect(earlierText(section)).toEqual([
    { from: 'Ada <ada@example.com>', own: false, text: 'First\n\n~~~\n> x' },
    { from: '', own: true, text: 'Mine' },
  ]);
});

it('keeps the newest six, four thousand characters of each', () => {
  const many = Array.from({ length: 9 }, (_, n) => mail({ text: `${n} ${'é'.repeat(5_000)}` }));
  const texts = earlierText(`${original('Now?')}\n\n${earlierSection(many, 'UTC')}`).map((m) => m.text);
  expect(texts.map((text) => text[0])).toEqual(['3', '4', '5', '6', '7', '8']);
  expect(texts.every((text) => text.length === 4_000 + '\n[...]'.length)).toBe(true);
});

it('no text of a mail forges another one, ends the section or passes for the user’s words', () => {
  const line = fc.constantFrom(
    '~~~',
    '~~~text',
    '> ~~~text',
    '> [!quote]- You wrote',
    '[!quote]- You wrote, 2026-11-20T09:00:00',
    '## Original',
    '## Reply',
    '(the words of the sender)',
    'text',
    '',
  );
  const body = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(
      body,
      fc.array(fc.record({ text: body, from: line, own: fc.boolean() }), { maxLength: 6 }),
      (text, rest) => {
        const mails = rest.map((one) => mail(one));
        const section = `${original(text)}\n\n${earlierSection(mails, 'UTC')}`;
        const read = readSections(`## Reply\n\n## Feedback\n\n## Original\n\n${section}\n`).original ?? '';
        expect(originalText(read)).toBe(text);
        const found = earlierText(read);
        expect(found.map((m) => [m.own, m.text])).toEqual(mails.map((m) => [m.own, m.text]));
      },
    ),
  );
});
