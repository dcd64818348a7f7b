import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownWords } from '../../../src/core/own-words.ts';

describe('what a mail adds to its thread', () => {
  it.each([
    ['the quotation at the end', 'Yes.\n\nOn Friday Anna wrote:\n> Are you there?\n>\n> Anna\n', 'Yes.'],
    ['an announcement over two lines', 'Yes.\n\nAm Freitag schrieb\nAnna Berg <a@b.example>:\n> Da?', 'Yes.'],
    ['a quotation without an announcement', 'Yes.\n\n> Are you there?', 'Yes.'],
    ['what follows the line of Outlook', 'Yes.\n\n-----Original Message-----\nFrom: Anna\n\nOld.', 'Yes.'],
    ['the same in German', 'Ja.\n-----Ursprüngliche Nachricht-----\nVon: Anna\nAlt.', 'Ja.'],
    [
      'what follows its rule',
      'Yes.\n________________________________\nFrom: Anna <a@b.example>\nOld.',
      'Yes.',
    ],
  ])('is without %s', (_what, text, own) => {
    expect(ownWords(text)).toBe(own);
  });

  it.each([
    [
      'words between quotations',
      '> Tuesday?\nYes.\n> Ten?\nNo, eleven.',
      '> Tuesday?\nYes.\n> Ten?\nNo, eleven.',
    ],
    ['a mail that is quotation alone', '> Are you there?\n> Anna', '> Are you there?\n> Anna'],
    ['a rule that is no separator', 'Yes.\n____________\nAnna', 'Yes.\n____________\nAnna'],
    ['a paragraph that ends in a colon', 'a\nb\nc\nd\ne:\n> x', 'a\nb\nc\nd'],
    ['nothing', '', ''],
  ])('keeps %s', (_what, text, own) => {
    expect(ownWords(text)).toBe(own);
  });

  it('is the beginning of the text, and never nothing where there was something', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('', '> x', 'wrote:', '-----Original Message-----', '__________', 'From: a'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const text = lines.join('\n');
        const own = ownWords(text);
        expect(text.trim().startsWith(own)).toBe(true);
        expect(own === '').toBe(text.trim() === '');
      }),
    );
  });
});
