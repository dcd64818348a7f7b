import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sequenceSet } from '../../../src/demo/imap-server/sequence-set.ts';
import { startImapServer, type ImapServerOptions } from '../../../src/demo/imap-server/server.ts';
import { tokenise } from '../../../src/demo/imap-server/syntax.ts';
import { until } from '../../helpers/until.ts';

/** A client that says exactly the given bytes and reads until the connection ends or `stop` was seen. */
async function talk(
  said: readonly (string | Buffer)[],
  stop: RegExp,
  options: Partial<ImapServerOptions> = {},
): Promise<string> {
  const server = await startImapServer({ password: 'secret', ...options });
  onTestFinished(() => server.stop());
  server.deliver('ann', Buffer.from('Subject: one\r\nX: 1\r\n\r\nbody\r\n'));
  const socket = connect(server.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let heard = '';
  let ended = false;
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => (ended = true));
  await once(socket, 'data');
  for (const part of said) socket.write(part);
  await until(`${stop} in the answer`, () => ended || stop.test(heard));
  return heard;
}

const LOGIN = 'l LOGIN ann secret\r\n';

describe('the demo IMAP server and clients that do not keep to the rules', () => {
  it('answers what it does not know with BAD and goes on', async () => {
    const heard = await talk(['a FROBNICATE\r\n', '\r\n', 'b FETCH 1 FLAGS\r\n', 'c NOOP\r\n'], /^c OK/m);
    expect(heard).toMatch(/^a BAD/m);
    expect(heard).toMatch(/^\* BAD/m);
    expect(heard).toMatch(/^b NO log in first/m);
  });

  it('ends the connection after an endless line', async () => {
    expect(await talk([Buffer.alloc(70_000, 'x')], /BYE/)).toMatch(/\* BYE line too long/);
  });

  it('takes no large literal before login, and none over the limit after it', async () => {
    expect(await talk(['a LOGIN {5000}\r\n'], /BYE/)).toMatch(/\* BYE literal too long/);
    expect(await talk([LOGIN, 'a APPEND Sent {9999999999}\r\n'], /BYE/)).toMatch(/\* BYE literal too long/);
  });

  it('answers broken syntax with BAD: depth, quotes, sets, sections, dates', async () => {
    const wrong = [
      `LIST ${'('.repeat(50)} "*"`,
      'LIST "" "unterminated',
      'UID FETCH x (UID)',
      'UID FETCH 1 (BODY[1.2.MIME])',
      'UID FETCH 1 )',
      'UID SEARCH SINCE yesterday',
      'UID SEARCH MODSEQ 1',
      'UID NOOP',
      'APPEND Sent',
    ];
    const said = wrong.map((line, index) => `w${index} ${line}\r\n`);
    const heard = await talk([LOGIN, 's SELECT INBOX\r\n', ...said, 'z NOOP\r\n'], /^z OK/m);
    for (const index of wrong.keys()) expect(heard).toMatch(new RegExp(`^w${index} BAD`, 'm'));
  });

  it('takes a command in single bytes, several in one packet, and literals that wait or do not', async () => {
    const bytes = 'a LOGIN {3}\r\nann {6}\r\nsecret\r\n'.split('');
    expect(await talk(bytes, /^a /m)).toMatch(/\+ go ahead\r\n[^]*a OK/);
    const heard = await talk(['a LOGIN {3+}\r\nann {6+}\r\nsecret\r\nb NOOP\r\n'], /^b /m);
    expect(heard).not.toContain('+ go ahead');
    expect(heard).toMatch(/a OK[^]*b OK/);
  });

  it('marks a mail as read by BODY[] and not by BODY.PEEK[] or in EXAMINE', async () => {
    const heard = await talk(
      [
        LOGIN,
        's EXAMINE INBOX\r\n',
        'a FETCH 1 BODY[]\r\n',
        't SELECT INBOX\r\n',
        'b FETCH 1 BODY.PEEK[HEADER]\r\n',
        'c FETCH 1 BODY[TEXT]\r\n',
      ],
      /^c OK/m,
    );
    const [, peeked = '', read = ''] = /t OK([^]*)b OK([^]*)c OK/.exec(heard) ?? [];
    expect(peeked).not.toContain('Seen');
    expect(read).toContain('FLAGS (\\Seen)');
  });

  it('fails on purpose where a test asks for it', async () => {
    const no = await talk([LOGIN, 'a STATUS INBOX (MESSAGES)\r\n'], /^a NO/m, {
      faultAt: (command) => (command === 'STATUS' ? { no: '[UNAVAILABLE] later' } : undefined),
    });
    expect(no).toContain('a NO [UNAVAILABLE] later');
    const dropped = await talk([LOGIN], /never/, {
      faultAt: (command) => (command === 'LOGIN' ? 'drop' : undefined),
    });
    expect(dropped).not.toContain('l OK');
    const silent = await talk([LOGIN, 'a NOOP\r\n', 'b CAPABILITY\r\n'], /^b OK/m, {
      faultAt: (command) => (command === 'NOOP' ? 'silence' : undefined),
    });
    expect(silent).not.toContain('a OK');
  });
});

describe('IMAP syntax', () => {
  it('keeps spaces inside a section with it', () => {
    expect(tokenise(['1 (UID BODY.PEEK[HEADER.FIELDS (A B)]<0.10>) "q\\"x"'])).toEqual([
      { kind: 'atom', text: '1' },
      {
        kind: 'list',
        items: [
          { kind: 'atom', text: 'UID' },
          { kind: 'atom', text: 'BODY.PEEK[HEADER.FIELDS (A B)]<0.10>' },
        ],
      },
      { kind: 'string', bytes: Buffer.from('q"x') },
    ]);
  });

  it('reads sequence sets in either order and with the largest number', () => {
    const inSet = (set: string): number[] => [1, 2, 3, 4, 5].filter(sequenceSet(set, 5));
    expect(inSet('1,3:4')).toEqual([1, 3, 4]);
    expect(inSet('4:2')).toEqual([2, 3, 4]);
    expect(inSet('9:*')).toEqual([5]);
    expect(() => sequenceSet('1;2', 5)).toThrow('no sequence set');
  });
});
