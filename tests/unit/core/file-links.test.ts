import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileLinks, namedFile, withFileNames } from '../../../src/core/file-links.ts';

const targets = (text: string) => fileLinks(text).map(({ target }) => target);

describe('links to files in a reply', () => {
  it.each([
    ['see [[offer.pdf]].', 'offer.pdf', 'see offer.pdf.'],
    ['![[plan.png]]', 'plan.png', 'plan.png'],
    ['![[plan.png|300]]', 'plan.png', 'plan.png'],
    ['[[Attachments/offer.pdf|our offer]]', 'Attachments/offer.pdf', 'our offer (offer.pdf)'],
    ['[[offer.pdf|offer.pdf]]', 'offer.pdf', 'offer.pdf'],
    ['[[offer.pdf#page=2]]', 'offer.pdf', 'offer.pdf'],
    ['[[em-0123456789abcdef offer.pdf]]', 'em-0123456789abcdef offer.pdf', 'offer.pdf'],
    ['[our offer](Attachments/offer.pdf)', 'Attachments/offer.pdf', 'our offer (offer.pdf)'],
    ['[offer.pdf](Attachments/offer.pdf)', 'Attachments/offer.pdf', 'offer.pdf'],
    ['[](Attachments/offer.pdf)', 'Attachments/offer.pdf', 'offer.pdf'],
    ['![x](Attachments/my%20offer%20(1).pdf "t")', 'Attachments/my offer (1).pdf', 'my offer (1).pdf'],
    ['[x](<Attachments/my offer.pdf>)', 'Attachments/my offer.pdf', 'x (my offer.pdf)'],
    ['[x](../../Attachments/a.bin)', '../../Attachments/a.bin', 'x (a.bin)'],
    ['[x](plan.docx)', 'plan.docx', 'x (plan.docx)'],
    ['![x](plan.weird)', 'plan.weird', 'plan.weird'],
    ['[x](Attachments/100%.pdf)', 'Attachments/100%.pdf', 'x (100%.pdf)'],
    // Of no use as a file, so the card comes back.
    ['[[Anna Berg]]', 'Anna Berg', 'Anna Berg'],
    ['[[#Prices]]', '', ''],
  ])('are found in %j', (text, target, sent) => {
    expect(targets(text)).toEqual([target]);
    expect(withFileNames(text)).toBe(sent);
  });

  it.each([
    'no link at all [x] (y) [[',
    '[site](https://example.org/a.pdf) [s](www.example.org/a.pdf) [m](mailto:a@example.org) [p](//example.org/a.pdf)',
    '![pixel](https://example.org/a.png)',
    '[s](example.org) [x](y) array[i](n.m)',
    '[part](#heading)',
    '`[[a.pdf]]` and ``x ` [[b.pdf]]``',
    '```\n[[a.pdf]]\n![[b.pdf]]\n```',
    '~~~ sh\nif [[ -f a.pdf ]]\n~~~',
    '```\n[[never closed.pdf]]',
    String.raw`\[[a.pdf]] and !\[x](Attachments/a.pdf)`,
    '[[two\nlines.pdf]]',
  ])('are not seen in %j, which is sent as it stands', (text) => {
    expect(targets(text)).toEqual([]);
    expect(withFileNames(text)).toBe(text);
  });

  it('end where code ends, and a backslash that is escaped itself escapes nothing', () => {
    expect(targets('`a` [[a.pdf]] `b`')).toEqual(['a.pdf']);
    expect(targets('` [[a.pdf]]')).toEqual(['a.pdf']);
    expect(targets('```\ncode\n```\n[[a.pdf]]')).toEqual(['a.pdf']);
    expect(targets('``` a`b\n[[a.pdf]]')).toEqual(['a.pdf']);
    expect(targets(String.raw`\\[[a.pdf]]`)).toEqual(['a.pdf']);
    expect(withFileNames(String.raw`\![[a.pdf]]`)).toBe(String.raw`\!a.pdf`);
  });

  it('stand in the order of the text, each replaced where it stands', () => {
    const text = 'b: [b](Attachments/b.pdf), a: [[a.pdf]],\nagain [[a.pdf|A]].';
    expect(targets(text)).toEqual(['Attachments/b.pdf', 'a.pdf', 'a.pdf']);
    expect(withFileNames(text)).toBe('b: b (b.pdf), a: a.pdf,\nagain A (a.pdf).');
  });

  it('never change what stands around them', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constantFrom(
        '[[',
        ']]',
        '![[',
        '](',
        ')',
        '`',
        '```\n',
        '~~~\n',
        '\n',
        '\\',
        '|',
        'Attachments/',
        'a.pdf',
        '<',
        '>',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const links = fileLinks(text);
        let at = 0;
        for (const { from, to } of links) {
          expect(from).toBeGreaterThanOrEqual(at);
          expect(text.slice(from, to)).toMatch(/^!?\[/);
          at = to;
        }
        if (links.length === 0) expect(withFileNames(text)).toBe(text);
        // What stands between the links arrives untouched and in order.
        let rest = withFileNames(text);
        let before = 0;
        for (const { from, to } of [...links, { from: text.length, to: text.length }]) {
          const between = text.slice(before, from);
          expect(rest).toContain(between);
          rest = rest.slice(rest.indexOf(between) + between.length);
          before = to;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['[', '[[', '![', '](', '`', '[a](', '[[a', '[](('])(
    'of a megabyte of %j are counted, not pondered',
    (unit) => {
      const text = unit.repeat(1_000_000 / unit.length);
      expect(fileLinks(text)).toEqual([]);
    },
  );

  it('may be written into a list as a name, a path or a link', () => {
    expect(
      [
        'a.pdf',
        ' Attachments/a.pdf ',
        '[[a.pdf]]',
        '![[x/a.pdf|b]]',
        '[a](Attachments/a.pdf)',
        'a.pdf#page=3',
      ].map(namedFile),
    ).toEqual(['a.pdf', 'Attachments/a.pdf', 'a.pdf', 'x/a.pdf', 'Attachments/a.pdf', 'a.pdf']);
  });
});
