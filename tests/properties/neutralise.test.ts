import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { originalSection, originalText, propertyText, visibleText } from '../../src/core/neutralise.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '\n',
          '\r',
          '\r\n',
          '~~~',
          '~~~~text',
          '```',
          '> ',
          '> ~~~',
          '---',
          '<%',
          '%>',
          '[[',
          ']]',
          '![',
          '](',
          '#tag',
          '%%',
          '\u202E',
          '\u200B',
          '\u{E0041}',
          '\u2028',
          '\0',
          '\uD800',
          '\uFE0F',
          '\u200D',
          '\u2764',
          '<',
          '%',
          '`$=',
          '`',
          '## Reply',
          '<img src=x>',
        ),
        fc.string({ unit: 'grapheme', maxLength: 4 }),
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
); // prettier-ignore

const HIDDEN = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u{E0000}-\u{E0FFF}]|(?![\n\t])\p{Cc}/u;

describe('whatever a mail says', () => {
  it('the shown text comes back from the section as it was shown', () => {
    fc.assert(
      fc.property(hostile, hostile, (text, from) => {
        const made = originalSection({ from, when: '', text, maxBytes: 1_000_000 });
        expect(made.cut).toBe(false);
        expect(originalText(made.section)).toBe(visibleText(text).text.replaceAll('<%', '< %'));
      }),
      { numRuns: 3000 },
    );
  });

  it('every line of the section is quoted and nothing closes the fence early', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 200 }), (text, maxBytes) => {
        const { section } = originalSection({ from: text, when: text, text, maxBytes });
        const lines = section.split(/\r\n|\r|\n/);
        expect(lines.every((line) => line === '>' || line.startsWith('> '))).toBe(true);
        expect(section).not.toContain('<%');
        const fence = lines[1]?.slice(2).replace(/text$/, '') ?? '';
        const closing = lines.filter((line) => line.slice(2).trimStart().startsWith(fence));
        expect(closing.length).toBe(2);
        expect(Buffer.byteLength(originalText(section))).toBeLessThanOrEqual(maxBytes);
      }),
      { numRuns: 3000 },
    );
  });

  it('nothing hidden is left, except what draws an emoji', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = visibleText(text);
        const bare = shown.text.replace(
          /(?<=\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Modifier})\u200d(?=\p{Extended_Pictographic})/gu,
          '',
        );
        expect(HIDDEN.test(bare)).toBe(false);
        expect(visibleText(shown.text)).toEqual({ text: shown.text, hidden: 0 });
      }),
      { numRuns: 3000 },
    );
  });

  it('a property is one line without active markup, and is stable', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 60 }), (text, max) => {
        const value = propertyText(text, max);
        expect(Array.from(value).length).toBeLessThanOrEqual(max);
        for (const active of ['\n', '\r', '<%', '[[', ']]', '![', '](', '`', '%%', '<img']) {
          expect(value).not.toContain(active);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
