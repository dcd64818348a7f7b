import { describe, expect, it } from 'vitest';
import {
  originalSection,
  originalText,
  propertyText,
  subjectText,
  visibleText,
} from '../../../src/core/neutralise.ts';

const section = (text: string, maxBytes = 100_000) =>
  originalSection({ from: 'Ada <ada@example.org>', when: '2026-11-20T08:00:00', text, maxBytes });

describe('visibleText', () => {
  it.each([
    ['a bidi override', 'pay\u202Eexe.pdf', 'pay[U+202E]exe.pdf', 1],
    ['a tag character', 'hi\u{E0041}\u{E0042}', 'hi[U+E0041][U+E0042]', 2],
    ['zero width characters', 'a\u200Bb\u200Dc\uFEFFd\u2060e', 'a[U+200B]b[U+200D]c[U+FEFF]d[U+2060]e', 4],
    ['a NUL and an escape', 'a\0b\x1B[31m', 'a[U+0000]b[U+001B][31m', 2],
    ['a line separator', 'a\u2028b\u2029c\u0085d', 'a[U+2028]b[U+2029]c[U+0085]d', 3],
    ['a lone surrogate', 'a\uD83Db', 'a[U+D83D]b', 1],
    ['letters that draw nothing', 'a\u3164b\u115Fc\u2800', 'a[U+3164]b[U+115F]c[U+2800]', 3],
    ['a variation selector that carries data', 'a\u{E0100}\u{E01EF}', 'a[U+E0100][U+E01EF]', 2],
    ['a second selector after an emoji', '\u2764\uFE0F\uFE0E', '\u2764\uFE0F[U+FE0E]', 1],
  ])('shows %s by its code point and counts it', (_what, input, text, hidden) => {
    expect(visibleText(input)).toEqual({ text, hidden });
  });

  it('leaves ordinary text of many scripts, tabs and emoji as they are', () => {
    const text =
      'Gr\u00FC\u00DFe,\t\u65E5\u672C\u8A9E \u0627\u0644\u0639 \u2764\uFE0F 1\uFE0F\u20E3 \u{1F468}\u200D\u{1F469}\u200D\u{1F467}\n';
    expect(visibleText(text)).toEqual({ text, hidden: 0 });
  });

  it('turns CRLF and a lone CR into LF', () => {
    expect(visibleText('a\r\nb\rc\n').text).toBe('a\nb\nc\n');
  });
});

describe('propertyText', () => {
  it.each([
    ['a wiki link', '[[Secrets]]', '[ [Secrets] ]'],
    ['an embed', '![[Secrets]]', '! [ [Secrets] ]'],
    ['a remote image', '![x](https://example.com/p.png)', '! [x] (https://example.com/p.png)'],
    ['an HTML image', '<img src=x>', '< img src=x>'],
    ['a Templater command', '<% tp.user.x() %>', '< % tp.user.x() %>'],
    ['inline Dataview', '`$= dv.x()`', "'$= dv.x()'"],
    ['a tag', 'now #urgent/a', 'now # urgent/a'],
    ['a comment', 'a %%b%%', 'a % %b% %'],
    ['a link into the app', 'obsidian://new?vault=x', 'obsidian: //new?vault=x'],
    ['line ends', 'a\r\nBcc: b@example.com\n---\nx', 'a Bcc: b@example.com --- x'],
  ])('breaks %s visibly', (_what, input, expected) => {
    expect(propertyText(input)).toBe(expected);
  });

  it('keeps what an ordinary subject holds', () => {
    const subject = 'Re: [list] Invoice #2042 & C# (50 % off) <ada@example.org> - 1. "quoted"';
    expect(propertyText(subject)).toBe(subject);
    expect(subjectText('Ticket #ABC-1')).toBe('Ticket #ABC-1');
  });

  it('cuts by whole characters and says so', () => {
    expect(propertyText('\u{1F600}'.repeat(10), 5)).toBe('\u{1F600}'.repeat(4) + '\u2026');
  });
});

describe('originalSection', () => {
  it('is a folded callout in which every line is quoted and the text stands in a fence', () => {
    expect(section('Hello,\n\nbye').section).toBe(
      [
        '> [!quote]- Mail from Ada <ada@example.org>, 2026-11-20T08:00:00',
        '> ~~~text',
        '> (the words of the sender)',
        '> Hello,',
        '>',
        '> bye',
        '> ~~~',
      ].join('\n'),
    );
  });

  it('uses a fence longer than any run of tildes in the text', () => {
    const { section: made } = section('~~~~~\n> ~~~\n~~~text');
    expect(made).toContain('> ~~~~~~text\n');
    expect(originalText(made)).toBe('~~~~~\n> ~~~\n~~~text');
  });

  it('never lets the sender have the first line of the fence, where Dataview would run it', () => {
    const inside = section('$= dv.io.load("secrets.md")').section.split('~~~text\n')[1] ?? '';
    expect(inside.startsWith('> (the words of the sender)\n')).toBe(true);
  });

  it('breaks Templater commands inside the fence too', () => {
    const { section: made } = section('<%* app.vault.delete() %> <<%%');
    expect(made).not.toContain('<%');
    expect(originalText(made)).toBe('< %* app.vault.delete() %> << %%');
  });

  it('keeps hostile names in the title from becoming markup', () => {
    const { section: made } = originalSection({
      from: '![[x]]\n---\n> [!success] Approved <%x%>',
      when: '`=1`',
      text: '',
      maxBytes: 10,
    });
    expect(made.split('\n')[0]).toBe(
      "> [!quote]- Mail from ! [ [x] ] --- > [!success] Approved < %x%>, '=1'",
    );
  });

  it('cuts at a whole character and says so below the fence', () => {
    const made = section('\u00E4'.repeat(10), 5);
    expect(made.cut).toBe(true);
    expect(originalText(made.section)).toBe('\u00E4\u00E4');
    expect(made.section).toMatch(/\n> ~~~\n> \(cut: only the first 5 bytes are shown\)$/);
  });

  it('counts hidden characters of title and text', () => {
    expect(originalSection({ from: 'a\u202E', when: '', text: '\u200B', maxBytes: 99 }).hidden).toBe(2);
  });
});

describe('originalText', () => {
  it.each(['', 'no fence', '> ~~', '> ~~~text', '> ~~~text\nx'])('answers without a throw for %j', (text) => {
    expect(typeof originalText(text)).toBe('string');
  });
});
