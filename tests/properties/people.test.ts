import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountNumbers } from '../../src/core/account-numbers.ts';
import { hiddenCharacters, hiddenPlaces } from '../../src/core/hidden-characters.ts';
import type { IncomingMail } from '../../src/core/mail.ts';
import { findingWords, newThings } from '../../src/core/outgoing-check.ts';
import { ownWordsOf, saysAccountChanged } from '../../src/core/people/account-change.ts';
import { readContact } from '../../src/core/people/contacts.ts';
import { lookAlikeDomain } from '../../src/core/people/domain-book.ts';
import { listAddresses } from '../../src/core/people/list-addresses.ts';
import { nameKey } from '../../src/core/people/person-name.ts';
import { planReply } from '../../src/core/reply.ts';
import { peopleStore } from '../../src/mail/people/people-store.ts';
import { testDir } from '../helpers/testdir.ts';

/** What a card must not hold in a property: Templater, Dataview, links, embeds, tags of HTML, a second line. */
const RUNS = /<%|`|\[\[|!\[|\]\(|<[a-z/!?](?![\w.+-]*@)|[\p{Cc}\p{Cf}\u2028\u2029]/iu;

const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '<%* x %>',
          '`= 1`',
          '$= 1',
          '[[Secrets]]',
          '![x](http://x.example)',
          '<iframe src=x>',
          '\r\n',
          '\0',
        ],
        ...[
          '\u202e',
          '\u200b',
          '\ud800',
          '#tag',
          'a@b.example',
          'DE89370400440532013000',
          'new bank details',
        ],
        ...['http://x.example/', 'Anna Lund', '"', '\\', '@', '>', '<', 'xn--', '\u{e0041}', '~~~', '---'],
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''));
const address = fc.oneof(
  nasty,
  fc
    .tuple(
      fc.stringMatching(/^[a-z'`%$=!#{|}~é<[-]{1,8}$/),
      fc.stringMatching(/^[a-zа-яüo0-9-]{1,9}\.(com|co|example|xn--p1ai)$/),
    )
    .map((p) => p.join('@')),
);
const mailbox = fc.record({ name: nasty, address });
const mail: fc.Arbitrary<IncomingMail> = fc.record({
  messageId: fc.constant(null),
  inReplyTo: fc.constant(null),
  references: fc.constant([]),
  from: fc.option(mailbox),
  replyTo: fc.array(mailbox, { maxLength: 3 }),
  to: fc.array(mailbox, { maxLength: 3 }),
  cc: fc.array(mailbox, { maxLength: 3 }),
  subject: nasty,
  date: fc.constant(null),
  text: nasty,
  headers: fc
    .tuple(fc.constantFrom('list-post', 'x-beenthere', 'mailing-list', 'list-id'), nasty)
    .map(([name, value]) => new Map([[name, [value]]])),
  attachments: fc.constant([]),
  remarks: fc.constant([]),
});

describe('whatever a stranger writes', () => {
  it('warnings are at most four lines that do nothing on a card, and the store takes it all', async () => {
    const stateDir = await testDir();
    const people = peopleStore({
      stateDir,
      own: ['Mia Berg <mia@house.example>'],
      contacts: () => Promise.resolve([{ name: 'Anna Lund', addresses: ['anna@example.com'] }]),
      now: () => 1_800_000_000_000,
    });
    await fc.assert(
      fc.asyncProperty(mail, async (m) => {
        const warnings = await people.warningsFor(m);
        await people.remember(m);
        expect(warnings.length).toBeLessThanOrEqual(4);
        for (const warning of warnings) {
          expect(Array.from(warning).length).toBeLessThanOrEqual(300);
          expect(warning).not.toMatch(RUNS);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('its lists only take recipients away', () => {
    fc.assert(
      fc.property(mail, (m) => {
        const me = { addresses: ['mia@house.example'], replyAll: true };
        const keys = (p: { to: readonly { address: string }[]; cc: readonly { address: string }[] }) =>
          [...p.to, ...p.cc].map((a) => a.address);
        const named = [...(m.from ? [m.from] : []), ...m.replyTo, ...m.to, ...m.cc].map((a) => a.address);
        const plan = planReply({ ...m, lists: listAddresses(m.headers) }, me);
        expect(keys(plan).filter((a) => !named.includes(a))).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });
});

describe('for every text that leaves', () => {
  it('findings do nothing on a card', () => {
    fc.assert(
      fc.property(nasty, nasty, (text, known) => {
        const findings = newThings(text, [known]);
        for (const shown of [...findings.map((f) => f.value), ...findingWords(findings)]) {
          expect(shown).not.toMatch(RUNS);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('what is known itself is no finding, and more that is known makes none', () => {
    fc.assert(
      fc.property(nasty, nasty, nasty, (text, before, after) => {
        expect(newThings(text, [text]).filter((f) => f.kind !== 'hidden')).toEqual([]);
        const some = newThings(text, [before]).map((f) => `${f.kind} ${f.value}`);
        const less = newThings(text, [before, after]).map((f) => `${f.kind} ${f.value}`);
        expect(less.filter((f) => !some.includes(f))).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  it('every hidden character is counted, and every place that is shown has one', () => {
    const seen = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
    const hidden = fc.constantFrom('\u200b', '\u202e', '\u2066', '\u00ad', '\ufeff', '\u{e0041}', '\u3164');
    fc.assert(
      fc.property(fc.array(fc.tuple(seen, hidden), { maxLength: 8 }), seen, (pieces, end) => {
        const text = pieces.map((piece) => piece.join('')).join('') + end;
        const count = hiddenCharacters(text).reduce((sum, h) => sum + h.count, 0);
        expect(count).toBe(pieces.length);
        const places = hiddenPlaces(text, 3);
        expect(places.length > 0).toBe(pieces.length > 0);
        for (const place of places) expect(place).toMatch(/\[U\+[0-9A-F]+\]/);
      }),
      { numRuns: 2000 },
    );
  });
});

/** A megabyte each: what is quadratic in it would not end within the test. */
const MEGABYTE = 1_000_000;

describe('a megabyte of what a pattern likes to go back over', () => {
  it.each([
    ...[
      'a@',
      '@',
      'a.',
      'aa.aa.',
      'DE89 ',
      'DE89 3704 0044 0532 0130 01 ',
      '1 ',
      '1-',
      'account no 1',
      'konto ist ',
    ],
    ...[
      'http://a/',
      'http://',
      'www.',
      'xx://',
      '/)',
      '((((',
      'a/',
      'aa.de/',
      'eyJ-',
      'sk-',
      '-----BEGIN A ',
      'PASSWORD=',
    ],
    ...[
      'new ',
      'new bank ',
      'neue , ',
      'bank',
      ' ',
      '\n',
      '> ',
      '\u200b',
      '[U+200B]',
      'é',
      '\ud83d',
      '0x',
      'bc1q',
      'a@b.c,',
    ],
  ])('is walked once: %j', (piece) => {
    const text = piece.repeat(Math.ceil(MEGABYTE / piece.length));
    newThings(text, [text]);
    hiddenPlaces(text, 3);
    accountNumbers(text);
    saysAccountChanged(ownWordsOf(text), true);
    saysAccountChanged(text, true);
    readContact('x.md', text);
    nameKey(text);
    lookAlikeDomain(`a@${text}`, ['example.com', text]);
    listAddresses(
      new Map(['list-post', 'x-beenthere', 'mailing-list', 'list-id'].map((name) => [name, [text]])),
    );
    const one = { name: text, address: `a@${text}` };
    const lists = { messageId: null, inReplyTo: null, references: [], subject: '', lists: [text] };
    planReply(
      { ...lists, from: one, replyTo: [one], to: [one], cc: [one] },
      { addresses: ['m@x.example'], replyAll: true },
    );
  });
});
