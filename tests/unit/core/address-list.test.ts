import { describe, expect, it } from 'vitest';
import {
  addressKey,
  cleanHeaderText,
  formatAddress,
  isSafeHeaderValue,
  parseAddressList,
} from '../../../src/core/address-list.ts';

function addresses(input: string | readonly string[]): string[] {
  const parsed = parseAddressList(input);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.addresses.map((a) => `${a.name}|${a.address}`);
}

function refusal(input: string | readonly string[]): string {
  const parsed = parseAddressList(input);
  if (parsed.ok) throw new Error(`accepted: ${JSON.stringify(parsed.addresses)}`);
  return parsed.message;
}

describe('an address list', () => {
  it('reads bare addresses, names and quoted names', () => {
    expect(addresses('anna@example.org, Bo Li <bo@example.com>, "Berg, Carla" <carla@example.net>')).toEqual([
      '|anna@example.org',
      'Bo Li|bo@example.com',
      'Berg, Carla|carla@example.net',
    ]);
  });

  it('reads a property that is a list', () => {
    expect(addresses(['anna@example.org', 'Bo <bo@example.com>'])).toEqual([
      '|anna@example.org',
      'Bo|bo@example.com',
    ]);
  });

  it('ignores empty elements, as people leave them behind', () => {
    expect(addresses(' anna@example.org, ,')).toEqual(['|anna@example.org']);
    expect(addresses('')).toEqual([]);
  });

  it('keeps UTF-8 names, international addresses and IDN domains as typed', () => {
    expect(addresses('Jürgen Groß <jürgen@bücher.example>, 山田 <yamada@例え.example>')).toEqual([
      'Jürgen Groß|jürgen@bücher.example',
      '山田|yamada@例え.example',
    ]);
  });

  it('keeps the case of the local part and lowers the domain', () => {
    expect(addresses('Anna.Berg@Example.ORG')).toEqual(['|Anna.Berg@example.org']);
  });

  it('keeps escaped quotation marks in a name', () => {
    expect(addresses('"Anna \\"Bee\\" Berg" <anna@example.org>')).toEqual([
      'Anna "Bee" Berg|anna@example.org',
    ]);
  });

  it('accepts a name that repeats the address', () => {
    expect(addresses('anna@example.org <anna@example.org>')).toEqual(['anna@example.org|anna@example.org']);
  });

  it.each([
    ['a header added by CR LF', 'anna@example.org\r\nBcc: thief@example.net'],
    ['a header added by LF in a name', '"Anna\nBcc: thief@example.net" <anna@example.org>'],
    ['NUL', 'anna@example.org\0'],
    ['a C1 line break', 'anna@example.org\u0085'],
    ['a Unicode line separator', 'anna\u2028<anna@example.org>'],
    ['a lone surrogate', '\ud800 <anna@example.org>'],
    ['a bidi override', '\u202eanna <anna@example.org>'],
    ['a zero width space in an address', 'anna\u200b@example.org'],
    ['a zero width joiner in an address', 'anna\u200d@example.org'],
    ['a tag character', 'Anna\u{e0041} <anna@example.org>'],
    ['a group', 'friends: anna@example.org, bo@example.com;'],
    ['an empty group', 'undisclosed-recipients:;'],
    ['semicolons', 'anna@example.org; bo@example.com'],
    ['a comment', 'anna@example.org (Anna)'],
    ['a quoted local part', '"anna@example.org x"@example.net'],
    ['a quoted local part in brackets', '<"anna berg"@example.net>'],
    ['a domain literal', 'anna@[127.0.0.1]'],
    ['a source route', '<@example.net:anna@example.org>'],
    ['two addresses in one element', 'anna@example.org bo@example.com'],
    ['a name that is another address', 'boss@example.org <thief@example.net>'],
    ['text after the brackets', '<anna@example.org> Anna'],
    ['a name alone', 'Anna Berg'],
    ['a link', '[[Anna Berg]]'],
    ['a mailto link', 'mailto:anna@example.org'],
    ['an open bracket', 'Anna <anna@example.org'],
    ['an open quotation', '"Anna <anna@example.org>'],
    ['two at signs', 'anna@berg@example.org'],
    ['an empty label', 'anna@example..org'],
    ['a label with a hyphen at its end', 'anna@example-.org'],
    ['a leading dot', '.anna@example.org'],
    ['no local part', '@example.org'],
    ['a long local part', `${'a'.repeat(65)}@example.org`],
    ['a long domain', `anna@${'a.'.repeat(130)}org`],
    ['a list without end', 'a@b.example,'.repeat(200)],
  ])('refuses %s', (_what, input) => {
    expect(refusal(input)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
  });

  it('says what is wrong and shows it cut', () => {
    expect(refusal('anna@example.org; bo@example.com')).toBe(
      'addresses are separated with commas, not semicolons: anna@example.org; bo@example.com',
    );
    expect(refusal(`Anna ${'x'.repeat(500)}`).length).toBeLessThan(120);
  });
});

describe('a formatted address', () => {
  it('quotes a name only when it must', () => {
    expect(formatAddress({ name: '', address: 'anna@example.org' })).toBe('anna@example.org');
    expect(formatAddress({ name: 'Jürgen Groß', address: 'j@example.org' })).toBe(
      'Jürgen Groß <j@example.org>',
    );
    expect(formatAddress({ name: 'Berg, Anna', address: 'a@example.org' })).toBe(
      '"Berg, Anna" <a@example.org>',
    );
    expect(formatAddress({ name: 'A "B" \\ C', address: 'a@example.org' })).toBe(
      '"A \\"B\\" \\\\ C" <a@example.org>',
    );
  });

  it('stays one line whatever a hostile mail puts into it', () => {
    const line = formatAddress({
      name: 'Anna\r\nBcc: x@example.net\u202e\u0000',
      address: 'anna@example.org\r\nTo: <thief@example.net>',
    });
    expect(isSafeHeaderValue(line)).toBe(true);
    expect(line).toBe('"Anna Bcc: x@example.net" <anna@example.orgTo:thief@example.net>');
    expect(parseAddressList(line).ok).toBe(false);
  });
});

describe('header text', () => {
  it('is cut without leaving half a character', () => {
    expect(cleanHeaderText('ab😀', 3)).toBe('ab');
    expect(cleanHeaderText('ab😀', 4)).toBe('ab😀');
  });

  it('keeps the joiners that emoji and Persian need', () => {
    expect(cleanHeaderText('👩‍👧 می‌خواهم', 100)).toBe('👩‍👧 می‌خواهم');
  });

  it('replaces lone surrogates', () => {
    expect(cleanHeaderText('a\ud800b', 10)).toBe('a\ufffdb');
  });
});

describe('an address key', () => {
  it('is the same for both spellings of an IDN and for any case', () => {
    expect(addressKey('Anna@BÜCHER.example')).toBe(addressKey('anna@xn--bcher-kva.example'));
    expect(addressKey('anna@example.org')).not.toBe(addressKey('anna@example.com'));
  });
});
