import { describe, expect, it } from 'vitest';
import { findingWords, newThings } from '../../../src/core/outgoing-check.ts';

const IBAN = 'DE89 3704 0044 0532 0130 00';

function found(text: string, known: readonly string[] = []): string[] {
  return newThings(text, known).map((f) => `${f.kind} ${f.value}`);
}

describe('what a reply says and nobody said before', () => {
  it('is nothing for an ordinary reply', () => {
    const text =
      'Hello Anna,\n\nTuesday at 10:30 suits us; the price is 1.190,50 EUR incl. delivery (see 3/4).\n' +
      'It is either/or: the blue one and/or the red one, e.g. at our shop.\n\nKind regards\nMia';
    expect(found(text)).toEqual([]);
  });

  it.each([
    ['See https://pay.example.net/x?id=1.', 'link https://pay.example.net/x?id=1'],
    ['(see http://pay.example.net/a(b).)', 'link http://pay.example.net/a(b)'],
    ['See www.example.net, please', 'link www.example.net'],
    ['Pay at pay-example.com/now!', 'link pay-example.com/now'],
    ['ftp://files.example.net/x', 'link ftp://files.example.net/x'],
    ['Write to <anna.b+x@sub.example.net>.', 'address anna.b+x@sub.example.net'],
    ['to jürgen@müller.example,', 'address jürgen@müller.example'],
    [`Please pay to ${IBAN}.`, `account ${IBAN}`],
    ['IBAN: de89370400440532013000', 'account de89370400440532013000'],
    ['IBAN DE88 3704 0044 0532 0130 00', 'account DE88 3704 0044 0532 0130 00 (no valid IBAN)'],
    ['Account number: 12-345-678', 'account 12-345-678'],
    ['Kontonummer 532013000, BLZ 370 400 44', 'account 532013000'],
    ['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', 'account bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'],
    [`key: sk-${'a1'.repeat(20)}`, 'secret a model key'],
    ['-----BEGIN RSA PRIVATE KEY-----', 'secret a private key'],
    ['pay\u200bpal', 'hidden U+200B'],
    ['\u202etxt.exe\u202c', 'hidden U+202C'],
    ['ta\u{e0041}g', 'hidden U+E0041'],
  ])('%s', (text, expected) => {
    expect(found(text)).toContain(expected);
  });

  it.each([
    ['a link of the thread', 'https://example.com/t/4711', 'Look: <https://www.Example.com/t/4711/>!'],
    ['a page above a link of the thread', 'www.example.com', 'see http://example.com/t/4711?x=1'],
    ['an address of the thread', 'ANNA@example.com', 'From: Anna <anna@Example.com>'],
    ['an IDN in its other spelling', 'anna@xn--mller-kva.example', 'anna@müller.example'],
    ['an account in another grouping', IBAN, 'DE8937 04004405 32013000'],
    ['an account that was only figures', 'Account no. 12 345 678', 'pay to 12345678 please'],
  ])('is not %s', (_what, text, known) => {
    expect(found(text)).not.toEqual([]);
    expect(found(text, ['Hello', known])).toEqual([]);
  });

  it.each([
    ['one letter less of an address', 'nna@example.com', 'anna@example.com'],
    ['another path', 'https://example.com/b', 'https://example.com/a'],
    ['another host', 'https://example.com.net/', 'https://example.com/'],
    ['an account with two figures changed', 'DE02 3704 0044 0532 0130 00', IBAN],
  ])('is %s', (_what, text, known) => {
    expect(found(text, [known])).toHaveLength(1);
  });

  it('holds hidden characters whatever is known, by kind and count', () => {
    const text = 'a\u200bb\u200bc\u00add';
    expect(newThings(text, [text])).toEqual([
      { kind: 'hidden', value: 'U+200B', count: 2 },
      { kind: 'hidden', value: 'U+00AD', count: 1 },
    ]);
  });

  it.each(['👩‍🔧 and ☎️ and 1️⃣', 'می‌خواهم', 'क्‍ष', 'a\tb\nc', '[U+200B] typed'])(
    'shows no hidden characters in %s',
    (text) => {
      expect(found(text)).toEqual([]);
    },
  );

  it('counts a joiner between Latin letters, and a second one in a row', () => {
    expect(found('pay\u200dpal')).toEqual(['hidden U+200D']);
    expect(newThings('می\u200c\u200cخواهم', [])).toEqual([{ kind: 'hidden', value: 'U+200C', count: 2 }]);
  });

  it('never quotes a secret, and nothing that would run on a card', () => {
    const secret = `ghp_${'a1B2'.repeat(9)}`;
    const findings = newThings(
      `${secret} https://x.example/[[Secrets]] a<%x%>@x.example pay@[[x.example`,
      [],
    );
    const shown = [...findings.map((f) => f.value), ...findingWords(findings)].join('\n');
    expect(shown).not.toContain(secret);
    expect(shown).not.toMatch(/<%|\[\[/);
  });

  it('is at most twenty of a kind, and one sentence for each kind', () => {
    const many = Array.from({ length: 300 }, (_, i) => `https://h${i}.example/ a${i}@x.example`).join(' ');
    const findings = newThings(`${many} ${'\u200b'.repeat(9)} ${IBAN}`, []);
    expect(findings.filter((f) => f.kind === 'link')).toHaveLength(20);
    expect(findingWords(findings)).toEqual([
      `It names an account that stands neither in the thread nor in your notes: ${IBAN}.`,
      'It holds a link that stands neither in the thread nor in your notes: https://h0.example/ · https://h1.example/ · https://h2.example/ and 17 more.',
      'It names an address that stands neither in the thread nor in your notes: a0@x.example · a1@x.example · a2@x.example and 17 more.',
      'It holds 9 hidden characters: 9 times U+200B.',
    ]);
  });
});
