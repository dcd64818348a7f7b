import { expect, it } from 'vitest';
import type { EarlierMail } from '../../../src/core/thread-mails.ts';
import { belongs } from '../../../src/core/thread-people.ts';

const mail = (from: string, people: readonly string[] | undefined, own = false): EarlierMail => ({
  messageId: null,
  from,
  own,
  receivedMs: null,
  text: '',
  ...(people === undefined ? {} : { people }),
});

it('one belongs when one who belongs has written to him, and not by writing', () => {
  const thread = [
    mail('Ada <ada@example.com>', ['ada@example.com', 'me@example.org']),
    mail('eve@example.net', ['eve@example.net', 'mallory@example.net']),
    mail('ada@example.com', ['ada@example.com', 'bob@example.com']),
    mail('bob@example.com', ['carl@example.com']),
    mail('me@example.org', ['dora@example.com'], true),
  ];
  const yes = [
    'ada@example.com',
    'BOB@example.com',
    'carl@example.com',
    'dora@example.com',
    'me@example.org',
  ];
  for (const who of yes) expect([who, belongs(who, thread)]).toEqual([who, 'yes']);
  for (const who of ['eve@example.net', 'mallory@example.net', ''])
    expect([who, belongs(who, thread)]).toEqual([who, 'no']);
});

it('where the people of a mail are not known, nobody is ruled out', () => {
  expect(belongs('x@example.com', [mail('ada@example.com', undefined)])).toBe('unknown');
  expect(belongs('ada@example.com', [mail('ada@example.com', undefined)])).toBe('yes');
  expect(belongs('x@example.com', [])).toBe('unknown');
});
