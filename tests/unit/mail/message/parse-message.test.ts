import { describe, expect, it } from 'vitest';
import type { IncomingMail } from '../../../../src/core/mail.ts';
import { MESSAGE_LIMITS, MessageFault } from '../../../../src/mail/message/message-limits.ts';
import { parseMessage } from '../../../../src/mail/message/parse-message.ts';
import { headerBlock } from '../../../../src/mail/message/survey.ts';

const HEAD = 'From: Ada <ada@Example.COM>\r\nTo: me@example.org\r\nSubject: Hi\r\n';
const bytes = (text: string) => Buffer.from(text, 'latin1');
const parse = (text: string): Promise<IncomingMail> => parseMessage(bytes(text));
const withBody = (headers: string, body: string) => parse(`${HEAD}${headers}\r\n\r\n${body}`);

async function fault(text: string): Promise<string> {
  const thrown: unknown = await parse(text).catch((error: unknown) => error);
  return thrown instanceof MessageFault ? thrown.code : 'no fault';
}

describe('an ordinary mail', () => {
  it('gives its addresses, ids, date and text', async () => {
    const mail = await parse(
      [
        'From: "Lovelace, Ada" <ada@Example.COM>',
        'Reply-To: team@example.com',
        'To: Me <me@example.org>, Team: a@example.net, b@example.net;',
        'Cc: =?utf-8?Q?J=C3=BCrgen?= <j@example.net>',
        'Subject: =?utf-8?B?R3LDvMOfZQ==?=',
        'Message-ID: <1@example.com>',
        'In-Reply-To: <0@example.org>',
        'References: <root@example.org>\r\n <0@example.org>',
        'Date: Fri, 20 Nov 2026 09:00:00 +0100',
        '',
        'Hello\r\nyou',
      ].join('\r\n'),
    );
    expect(mail).toMatchObject({
      messageId: '<1@example.com>',
      inReplyTo: '<0@example.org>',
      references: ['<root@example.org>', '<0@example.org>'],
      from: { name: 'Lovelace, Ada', address: 'ada@example.com' },
      replyTo: [{ address: 'team@example.com' }],
      to: [{ address: 'me@example.org' }, { address: 'a@example.net' }, { address: 'b@example.net' }],
      cc: [{ name: 'J\u00FCrgen', address: 'j@example.net' }],
      subject: 'Gr\u00FC\u00DFe',
      date: '2026-11-20T08:00:00.000Z',
      remarks: [],
    });
    expect(mail.text).toBe('Hello\nyou\n');
    expect(mail.headers.get('in-reply-to')).toEqual(['<0@example.org>']);
  });

  it('prefers the plain text of an alternative and lists attachments with their bytes', async () => {
    const mail = await withBody(
      'Content-Type: multipart/mixed; boundary=m',
      [
        '--m',
        'Content-Type: multipart/alternative; boundary=a',
        '',
        '--a',
        'Content-Type: text/plain',
        '',
        'plain',
        '--a',
        'Content-Type: text/html',
        '',
        '<b>html</b>',
        '--a--',
        '--m',
        'Content-Type: application/pdf; name="../../etc/Invoice.pdf"',
        'Content-Transfer-Encoding: base64',
        'Content-Disposition: attachment',
        '',
        'aGVsbG8=',
        '--m',
        'Content-Type: message/rfc822',
        '',
        'Subject: forwarded',
        '',
        'x',
        '--m--',
      ].join('\r\n'),
    );
    expect(mail.text).toBe('plain\n');
    expect(mail.attachments.map((a) => [a.filename, a.contentType, a.size])).toEqual([
      ['../../etc/Invoice.pdf', 'application/pdf', 5],
      ['part 2.eml', 'message/rfc822', 22],
    ]);
    expect(Buffer.from(mail.attachments[0]?.content ?? []).toString()).toBe('hello');
  });

  it('turns HTML into text without styles, scripts and images', async () => {
    const mail = await withBody(
      'Content-Type: text/html; charset=utf-8',
      '<style>p{}</style><script>x()</script><!-- c --><h1>Hello</h1><p>See <a href="https://example.com/a">here</a><img src="https://example.net/pixel.gif"></p>',
    );
    expect(mail.text.trim()).toBe('Hello\n\nSee here [https://example.com/a]');
  });

  it('uses the HTML when the plain text is empty', async () => {
    const mail = await withBody(
      'Content-Type: multipart/alternative; boundary=a',
      '--a\r\nContent-Type: text/plain\r\n\r\n \r\n--a\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--a--',
    );
    expect(mail.text.trim()).toBe('html');
  });
});

describe('charsets', () => {
  it.each([
    ['iso-8859-1', Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x65]), 'Gr\u00FC\u00DFe'],
    ['windows-1252', Buffer.from([0x93, 0x80, 0x94]), '\u201C\u20AC\u201D'],
    ['shift_jis', Buffer.from([0x93, 0xfa, 0x96, 0x7b]), '\u65E5\u672C'],
    ['koi8-r', Buffer.from([0xf0, 0xd2]), '\u041F\u0440'],
    ['utf-8', Buffer.from('\u{1F600}'), '\u{1F600}'],
  ])('%s is read', async (charset, body, expected) => {
    const head = bytes(`${HEAD}Content-Type: text/plain; charset="${charset}"\r\n\r\n`);
    const mail = await parseMessage(Buffer.concat([head, body]));
    expect(mail.text.trim()).toBe(expected);
    expect(mail.remarks).toEqual([]);
  });

  it('windows-1252 in a subject and a name is read', async () => {
    const mail = await parse(
      'From: =?windows-1252?Q?A_=96_B?= <a@example.com>\r\nSubject: =?iso-8859-1?Q?100_=80?=\r\n\r\nhi',
    );
    expect([mail.subject, mail.from?.name]).toEqual(['100 \u20AC', 'A \u2013 B']);
  });

  it('UTF-7 is not decoded, and the reader is told', async () => {
    const mail = await withBody('Content-Type: text/plain; charset=utf-7', '+ADw-script+AD4-');
    expect(mail.text).toContain('+ADw-script');
    expect(mail.remarks).toEqual(['The mail uses the charset utf-7, which is not supported.']);
  });
});

describe('malformed mail', () => {
  it('without a From has no sender and says so', async () => {
    const mail = await parse('Subject: x\r\n\r\nhi');
    expect(mail.from).toBeNull();
    expect(mail.remarks).toContain('The mail has no readable sender address.');
  });

  it('with an address no server would take has no sender', async () => {
    const mail = await parse('From: "a@example.com x"@\r\n\r\nhi');
    expect(mail.from).toBeNull();
  });

  it('with two From headers says so', async () => {
    const mail = await parse('From: a@example.com\r\nFrom: b@example.com\r\n\r\nhi');
    expect(mail.remarks).toContain('The mail has more than one From header.');
  });

  it.each(['yesterday', '1', 'Fri, 99 Foo 2026 99:99:99', '9999999999'])(
    'with the date %j has none and says so',
    async (date) => {
      const mail = await parse(`${HEAD}Date: ${date}\r\n\r\nhi`);
      expect(mail.date).toBeNull();
      expect(mail.remarks).toContain('The Date header cannot be read.');
    },
  );

  it.each(['<no-close@example.com', 'bare@example.com', '<a b@example.com>', '<>', ''])(
    'with the Message-ID %j has none',
    async (id) => {
      expect((await parse(`${HEAD}Message-ID: ${id}\r\n\r\nhi`)).messageId).toBeNull();
    },
  );

  it('with broken encoded words, NUL bytes and no end still gives text', async () => {
    const mail = await parse(
      'From: =?utf-8?B?////?= <ada@example.com>\r\nSubject: =?x?Q?=\0=?= =?utf-8?B?!!\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\na\0b',
    );
    expect(mail.from?.address).toBe('ada@example.com');
    expect(mail.text).toBe('a\0b\n');
  });

  it('of random bytes is read or refused, never anything else', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const noise = Buffer.from(Array.from({ length: 500 }, (_, i) => (seed * 7919 * (i + 13) * 31) % 251));
      const result: unknown = await parseMessage(noise).catch((error: unknown) => error);
      expect(result instanceof Error ? result.name : 'mail').toMatch(/^(MessageFault|mail)$/);
    }
  });
});

describe('limits', () => {
  it.each([
    ['an empty mail', '', 'empty'],
    ['a header of 5 MB', `${'X-A: b\r\n'.repeat(600_000)}\r\nhi`, 'header-bomb'],
    ['a header of 3,000 lines', `${'A: b\r\n'.repeat(3000)}\r\nhi`, 'header-bomb'],
    [
      'parts whose headers exceed the limit together',
      `${HEAD}Content-Type: multipart/mixed; boundary=x\r\n\r\n${`--x\r\nX: ${'y'.repeat(9000)}\r\n\r\na\r\n`.repeat(200)}`,
      'header-bomb',
    ],
    [
      '10,000 parts',
      `${HEAD}Content-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\n\r\na\r\n'.repeat(10_000)}--x--`,
      'too-many-parts',
    ],
    [
      'parts 200 deep',
      HEAD +
        Array.from(
          { length: 200 },
          (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
        ).join(''),
      'too-deep',
    ],
    [
      'a boundary of 1,000 characters',
      `${HEAD}Content-Type: multipart/mixed; boundary=${'y'.repeat(1000)}\r\n\r\nx`,
      'unreadable',
    ],
  ])('%s is a fault', async (_what, text, code) => {
    expect(await fault(text)).toBe(code);
  });

  it('a long text is cut and the cut is named', async () => {
    const mail = await withBody('Content-Type: text/plain', 'long line '.repeat(20_000));
    expect(mail.text.length).toBe(MESSAGE_LIMITS.textChars);
    expect(mail.remarks.join()).toMatch(/characters long; 100000 are kept/);
  });

  it('a mail of a million short lines is cut before it reaches the parser', async () => {
    const mail = await withBody('Content-Type: text/plain', 'a\n'.repeat(1_000_000));
    expect(mail.remarks.join()).toMatch(/only the first \d+ were read/);
  });

  it('an attachment over the limit is listed without its bytes', async () => {
    const part = (size: number) =>
      `--x\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${`${'A'.repeat(76)}\r\n`.repeat(size / 57)}`;
    const limits = { ...MESSAGE_LIMITS, attachmentBytes: 1000, allAttachmentBytes: 1500 };
    const mail = await parseMessage(
      bytes(
        `${HEAD}Content-Type: multipart/mixed; boundary=x\r\n\r\n${part(570)}${part(1140)}${part(855)}${part(855)}--x--`,
      ),
      limits,
    );
    expect(mail.attachments.map((a) => [a.size, a.content !== undefined])).toEqual([
      [570, true],
      [1140, false],
      [855, true],
      [855, false],
    ]);
    expect(mail.remarks.length).toBe(2);
  });

  it('of a mail that was fetched in part, attachments are only listed', async () => {
    const raw = bytes(
      `${HEAD}Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n--x\r\nContent-Type: application/zip; name=a.zip\r\n\r\nPK`,
    );
    const mail = await parseMessage(raw, MESSAGE_LIMITS, 50_000_000);
    expect(mail.text.trim()).toBe('hi');
    expect(mail.attachments[0]?.content).toBeUndefined();
    expect(mail.remarks[0]).toMatch(/50000000 bytes long; only the first \d+ were read/);
  });

  it('the header block can be had alone, cut at a line', () => {
    const raw = bytes('A: 1\r\nB: 2\r\n\r\nbody');
    expect(Buffer.from(headerBlock(raw, 100)).toString()).toBe('A: 1\r\nB: 2\r\n');
    expect(Buffer.from(headerBlock(raw, 8)).toString()).toBe('A: 1\r\n');
  });
});
