import { describe, expect, it } from 'vitest';
import { listAddresses } from '../../../../src/core/people/list-addresses.ts';
import { oddRecipients } from '../../../../src/core/people/odd-recipients.ts';
import { readContact } from '../../../../src/core/people/contacts.ts';
import { nameKey } from '../../../../src/core/people/person-name.ts';

describe('the addresses of a list', () => {
  it.each([
    ['list-post', '<mailto:dev@lists.example.org?subject=x>, <https://x.example>', 'dev@lists.example.org'],
    ['list-post', '<mailto:a%2Bb@lists.example.org>', 'a+b@lists.example.org'],
    ['x-beenthere', 'dev@lists.example.org', 'dev@lists.example.org'],
    ['x-mailing-list', 'linux-x@vger.example.org', 'linux-x@vger.example.org'],
    [
      'mailing-list',
      'list a@groups.example.com; contact a+owners@groups.example.com',
      'a@groups.example.com',
    ],
    ['delivered-to', 'mailing list dev@httpd.example.org', 'dev@httpd.example.org'],
    ['list-id', 'Developers <dev.lists.example.org>', 'dev@lists.example.org'],
  ])('stand in %s: %s', (name, value, address) => {
    expect(listAddresses(new Map([[name, [value]]]))).toEqual([address]);
  });

  it.each([
    ['list-post', 'NO'],
    ['mailing-list', 'contact dev-help@httpd.example.org; run by ezmlm'],
    ['delivered-to', 'me@example.org'],
    ['list-id', '<dev>'],
    ['list-post', `<mailto:${'a'.repeat(5000)}@example.org>`],
  ])('are none in %s: %s', (name, value) => {
    expect(listAddresses(new Map([[name, [value]]]))).toEqual([]);
  });
});

it('a name is one, whichever way it is written, and one word is nobody', () => {
  const key = nameKey('Anna Berg');
  expect(key).not.toBe('');
  for (const name of [
    'Berg, Anna',
    'ANNA  BERG',
    'Dr. Anna Berg (Sales)',
    '"Berg, Anna"',
    'Аnna Berg',
    'Ánna Berg',
  ]) {
    expect(nameKey(name)).toBe(key);
  }
  for (const name of ['Anna', 'Office', '', 'A. B.', 'anna@example.com Berg', 'ACME GmbH', '???']) {
    expect(nameKey(name)).toBe('');
  }
  expect(nameKey('山田 太郎')).toBe(nameKey('太郎 山田'));
});

it('a contact is a note with addresses in it, wherever they stand', () => {
  const text =
    '---\nemail: Anna.Berg@example.com\nemails:\n  - "a@müller.example"\n---\nOr <ANNA.berg@example.com>, x@y';
  expect(readContact('Anna Berg.md', text)).toEqual({
    name: 'Anna Berg',
    addresses: ['Anna.Berg@example.com', 'a@müller.example'],
  });
});

describe('a recipient that was typed', () => {
  const known = {
    own: ['me@example.org'],
    thread: ['anna@example.com'],
    contacts: [{ name: 'Bo', addresses: ['bo@partner.example'] }],
  };
  const odd = (address: string) => oddRecipients([{ name: '', address }], known).map((o) => o.code);

  it.each([
    ['ME@example.org', 'own'],
    ['anna@exampel.com', 'alike'],
    ['bo@partnar.example', 'alike'],
    ['x@exаmple.com', 'alike'],
    ['x@раураӏ.net', 'letters'],
    ['no-reply@shop.example', 'robot'],
  ])('%s is odd: %s', (address, code) => {
    expect(odd(address)).toEqual([code]);
  });

  it.each(['anna@example.com', 'Bo@partner.example', 'carla@example.com', 'new@elsewhere.example'])(
    '%s is not',
    (address) => {
      expect(odd(address)).toEqual([]);
    },
  );
});
