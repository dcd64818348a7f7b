/** Broken mails from whole ones: what servers, filters and attackers do to bytes. The same seed gives the same mail. */

export interface Dice {
  /** 0 to `below` - 1. */
  next(below: number): number;
}

/** mulberry32: small, and the same everywhere. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return {
    next: (below) => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) % below;
    },
  };
}

const MAX_BYTES = 200_000;

/** One to eight changes of `mail`; `other` lends its parts. */
export function mutate(mail: Buffer, other: Buffer, d: Dice): Buffer {
  let bytes = mail;
  for (let changes = 1 + d.next(8); changes > 0; changes--) {
    const change = CHANGES[d.next(CHANGES.length)];
    if (change) bytes = change(bytes, other, d).subarray(0, MAX_BYTES);
  }
  return bytes;
}

type Change = (mail: Buffer, other: Buffer, d: Dice) => Buffer;

const CHANGES: readonly Change[] = [
  flipBytes,
  cutOut,
  repeat,
  truncate,
  splice,
  insertToken,
  insertToken,
  insertHeader,
  insertHeader,
  doubleHeader,
  dropHeader,
  swapLineEnds,
  noise,
  longLine,
  nestParts,
];

/** What parsers trip over: boundaries, encodings, charsets, ids, Unicode, Markdown and YAML of ours. */
const TOKENS = [
  ...['\r\n\r\n', '\n', '\r', '\0', '\x1b[2J', '\x7f', '\u202e', '\ufeff', '\ud83d', '\u{e0041}', '\u200b'],
  ...['=?utf-8?B?', '?=', '=?utf-8?Q?=0D=0ABcc:_x@y?=', '=?x-unknown?Q?=FF?=', '=?iso-2022-jp?B?GyRC?='],
  ...['=3D', '=', '=\r\n', '=ZZ', '%00', '&#0;', '&#x202e;', '<!--', '<script>', '<img src=x>', ']]>'],
  ...['boundary="', 'boundary=""', '--', '--\r\n', '--x--', 'multipart/mixed; boundary=x', 'message/rfc822'],
  ...['charset=utf-16', 'charset="\0"', 'charset=utf-7', 'charset=GB18030', 'charset=x-mac-roman'],
  ...['base64', 'quoted-printable', 'x-uuencode', '8bit', 'begin 644 x\r\n', '99999999999999999999'],
  ...[
    '---\n',
    '---js\n',
    '## Original\n',
    '## Reply\n',
    '~~~~',
    '```',
    '![[x]]',
    '[[x]]',
    '<% tp %>',
    '`$= x`',
  ],
  ...['<a@b>', '<>', '<', '>', '"', '\\', '(', ')', ',', ';', ':', '@', 'a@b@c', 'x@[127.0.0.1]', '..'],
  ...['../../etc/passwd', 'CON', '.md', '.sync-conflict-20261121-000000-AAAAAAA', '*', '\u0000.pdf'],
] as const;

const HEADERS = [
  'Message-ID: <same@example.com>',
  'Message-ID:',
  'References: ' + '<a@b> '.repeat(500),
  'In-Reply-To: <em-0123456789abcdef.00000000000000000000000000000000@example.net>',
  'From: =?utf-8?Q?a=00b?= <x@example.com>, y@example.com',
  'From: "' + '\\"'.repeat(2000) + '" <x@example.com>',
  'Reply-To: undisclosed-recipients:;',
  'To: ' + 'a@example.com, '.repeat(3000),
  'Cc: group: a@b.example, "c d" <e@f.example>;',
  'Content-Type: multipart/mixed; boundary=x',
  'Content-Type: multipart/report; report-type=delivery-status; boundary=x',
  'Content-Type: text/html; charset="utf-8',
  'Content-Type: text/calendar; method=REQUEST',
  'Content-Transfer-Encoding: base64',
  'Content-Transfer-Encoding: quoted-printable',
  "Content-Disposition: attachment; filename*=utf-8''%00%2e%2e%2f",
  'Date: Thu, 99 Foo 0000 99:99:99 +9999',
  'Subject: ' + '=?utf-8?B?//8=?= '.repeat(300),
  'Auto-Submitted: auto-replied; owner-email="' + 'x'.repeat(3000),
  'List-Id: <' + '<'.repeat(3000),
  'Return-Path: <>',
  'X-Failed-Recipients: ' + 'a@b.example,'.repeat(500),
  'X-Spam-Flag: YES',
] as const;

function place(mail: Buffer, d: Dice): number {
  return mail.length === 0 ? 0 : d.next(mail.length);
}

function flipBytes(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const out = Buffer.from(mail);
  for (let n = 1 + d.next(20); n > 0 && out.length > 0; n--) out[place(out, d)] = d.next(256);
  return out;
}

function cutOut(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const from = place(mail, d);
  return Buffer.concat([mail.subarray(0, from), mail.subarray(from + 1 + d.next(400))]);
}

function repeat(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const from = place(mail, d);
  const part = mail.subarray(from, from + 1 + d.next(300));
  return Buffer.concat([
    mail.subarray(0, from),
    ...Array.from({ length: 1 + d.next(40) }, () => part),
    mail.subarray(from),
  ]);
}

function truncate(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  return mail.subarray(0, place(mail, d));
}

function splice(mail: Buffer, other: Buffer, d: Dice): Buffer {
  return Buffer.concat([mail.subarray(0, place(mail, d)), other.subarray(place(other, d))]);
}

function insertToken(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const at = place(mail, d);
  const token = Buffer.from(TOKENS[d.next(TOKENS.length)] ?? '');
  return Buffer.concat([mail.subarray(0, at), token, mail.subarray(at)]);
}

/** At a line end within the header. */
function insertHeader(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const ends = lineEnds(mail);
  const at = ends[d.next(Math.max(ends.length, 1))] ?? 0;
  const header = Buffer.from(`${HEADERS[d.next(HEADERS.length)] ?? ''}\r\n`);
  return Buffer.concat([mail.subarray(0, at), header, mail.subarray(at)]);
}

function doubleHeader(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const ends = [0, ...lineEnds(mail)];
  const at = d.next(Math.max(ends.length - 1, 1));
  const line = mail.subarray(ends[at] ?? 0, ends[at + 1] ?? 0);
  return Buffer.concat([line, mail]);
}

function dropHeader(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const ends = [0, ...lineEnds(mail)];
  const at = d.next(Math.max(ends.length - 1, 1));
  return Buffer.concat([mail.subarray(0, ends[at] ?? 0), mail.subarray(ends[at + 1] ?? 0)]);
}

/** Where lines of the header end; the first thirty. */
function lineEnds(mail: Buffer): number[] {
  const found: number[] = [];
  for (let at = mail.indexOf(10); at >= 0 && found.length < 30; at = mail.indexOf(10, at + 1)) {
    if (mail[at + 1] === 10 || mail[at + 1] === 13) return [...found, at + 1];
    found.push(at + 1);
  }
  return found;
}

function swapLineEnds(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const ends = ['\n', '\r', '\r\n', '\n\r', '\u2028'];
  return Buffer.from(mail.toString('latin1').replaceAll('\r\n', ends[d.next(ends.length)] ?? '\n'), 'latin1');
}

function noise(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const at = place(mail, d);
  const bytes = Buffer.from(Array.from({ length: 1 + d.next(500) }, () => d.next(256)));
  return Buffer.concat([mail.subarray(0, at), bytes, mail.subarray(at)]);
}

function longLine(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  const at = place(mail, d);
  const char = ['a', ' ', '"', '(', '<', '=', '&', '\t', 'é'][d.next(9)] ?? 'a';
  return Buffer.concat([
    mail.subarray(0, at),
    Buffer.from(char.repeat(1 + d.next(30_000))),
    mail.subarray(at),
  ]);
}

function nestParts(mail: Buffer, _other: Buffer, d: Dice): Buffer {
  let body = mail;
  for (let depth = 1 + d.next(30); depth > 0 && body.length < MAX_BYTES; depth--) {
    const head = d.next(2) === 0 ? 'message/rfc822' : `multipart/mixed; boundary=b${depth}`;
    body = Buffer.concat([
      Buffer.from(`Content-Type: ${head}\r\n\r\n--b${depth}\r\n`),
      body,
      Buffer.from(`\r\n--b${depth}--\r\n`),
    ]);
  }
  return body;
}
