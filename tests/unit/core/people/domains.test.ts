import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lookAlikeDomain } from '../../../../src/core/people/domain-book.ts';
import { isPublicMail, readableDomain, registeredDomain } from '../../../../src/core/people/domain-name.ts';
import { unicodeLabel } from '../../../../src/core/people/punycode.ts';

describe('a domain that can be taken for a known one', () => {
  const KNOWN = ['example.com', 'meierbau.de', 'apple.com', 'gmail.com', 'brothers.co.uk', 'müller.example'];

  it.each([
    ['exаmple.com', 'example.com'], // Cyrillic а
    ['xn--exmple-4nf.com', 'example.com'],
    ['аррӏе.com', 'apple.com'], // no Latin letter at all
    ['xn--80ak6aa92e.com', 'apple.com'],
    ['examp1e.com', 'example.com'],
    ['exarnple.com', 'example.com'],
    ['ехаmple.com', 'example.com'],
    ['exmple.com', 'example.com'],
    ['exammple.com', 'example.com'],
    ['exapmle.com', 'example.com'],
    ['exomple.com', 'example.com'],
    ['mail.exomple.com', 'example.com'],
    ['example.co', 'example.com'],
    ['example.cm', 'example.com'],
    ['example.com.pay.example.net', 'example.com'],
    ['www.example.com.evil.example', 'example.com'],
    ['maierbau.de', 'meierbau.de'],
    ['gmial.com', 'gmail.com'],
    ['gmaiI.com', 'gmail.com'],
    ['brotheers.co.uk', 'brothers.co.uk'],
    ['muller.example', 'müller.example'],
  ])('%s is taken for %s', (domain, known) => {
    expect(lookAlikeDomain(domain, KNOWN)).toBe(known);
  });

  it.each([
    'example.com',
    'EXAMPLE.com',
    'mail.example.com',
    'xn--mller-kva.example',
    'example.org',
    'example.de',
    'sample.com',
    'oxample.com', // the first letter, which every reader sees
    'exempel.com',
    'ymail.com',
    'email.com',
    'googlemail.com',
    'baker.co.uk',
    'other.co.uk',
    'examples-and-more.com',
    'localhost',
  ])('%s is not', (domain) => {
    expect(lookAlikeDomain(domain, KNOWN)).toBeNull();
  });

  it('is not one of two numbered ones, nor one of two short ones', () => {
    expect(lookAlikeDomain('branch2.example', ['branch1.example'])).toBeNull();
    expect(lookAlikeDomain('studio24.example', ['studio2.example'])).toBeNull();
    expect(lookAlikeDomain('abd.example', ['abc.example'])).toBeNull();
  });

  it('is none of what is known, whatever that is', () => {
    const label = fc.stringMatching(/^[a-zäо0-9]([a-z0-9öа-]{0,20}[a-z0-9])?$/);
    const domain = fc.tuple(label, fc.constantFrom('com', 'de', 'co.uk')).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(fc.array(domain, { minLength: 1, maxLength: 6 }), (known) => {
        for (const one of known) expect(lookAlikeDomain(one, known)).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  it('is every long one with one letter inside changed', () => {
    const label = fc.stringMatching(/^[a-z]{6,20}$/);
    fc.assert(
      fc.property(
        label,
        fc.nat(),
        fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz')),
        (known, at, letter) => {
          const place = 1 + (at % (known.length - 1));
          const other = known.slice(0, place) + letter + known.slice(place + 1);
          fc.pre(other !== known);
          expect(lookAlikeDomain(`${other}.example`, [`${known}.example`])).toBe(`${known}.example`);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('punycode', () => {
  it('is read back as the platform writes it', () => {
    const label = fc
      .array(fc.constantFrom(...Array.from('aböüßλжقあ漢한é9-💩')), { minLength: 1, maxLength: 20 })
      .map((chars) => `a${chars.join('')}z`);
    fc.assert(
      fc.property(label, (typed) => {
        const wire = readWire(typed);
        if (wire !== null) expect(readWire(unicodeLabel(wire))).toBe(wire);
      }),
      { numRuns: 2000 },
    );
  });

  it('that is broken stays as it is', () => {
    for (const label of ['xn--', 'xn--99999999', 'xn--ü', `xn--${'a'.repeat(80)}`, 'xn---', 'plain']) {
      expect(unicodeLabel(label)).toBe(label);
    }
  });
});

function readWire(label: string): string | null {
  const url = `http://${label}.example`;
  return URL.canParse(url) ? (new URL(url).hostname.split('.')[0] ?? null) : null;
}

it('has an owner: the part that was registered', () => {
  expect(registeredDomain('a.b.example.co.uk')).toBe('example.co.uk');
  expect(registeredDomain('mail.example.com')).toBe('example.com');
  expect(registeredDomain('co.uk')).toBe('co.uk');
  expect(readableDomain('x@XN--MLLER-KVA.example')).toBe('müller.example');
  expect(isPublicMail('mail.gmx.de')).toBe(true);
  expect(isPublicMail('gmail.example')).toBe(false);
});
