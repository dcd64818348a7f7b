import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MailAction } from '../../../src/core/approval.ts';
import { differenceLines, shownAction } from '../../../src/core/card-difference.ts';
import { postDifference } from '../../../src/core/odoo/post-action.ts';
import type { TaskId } from '../../../src/core/task-id.ts';

function action(over: Partial<MailAction> = {}): MailAction {
  return {
    id: 'em-0123456789abcdef' as TaskId,
    to: [{ name: 'Anna', address: 'anna@example.org' }],
    cc: [],
    subject: 'Re: Visit',
    text: 'Hello Anna,\n\nyes.\n\nKind regards',
    inReplyTo: null,
    references: [],
    attachments: [],
    attach: [],
    account: 'default',
    ...over,
  };
}
const lines = (over: Partial<MailAction>) => differenceLines(shownAction(action()), action(over));

describe('the difference between what was shown and what lies there', () => {
  it('names who was added and who was removed', () => {
    const to = [{ name: '', address: 'anna@example.net' }];
    expect(lines({ to, cc: to })).toEqual([
      '`reply_to`: **added** `anna@example.net`',
      '`reply_to`: **removed** `Anna <anna@example.org>`',
      '`reply_cc`: **added** `anna@example.net`',
    ]);
  });

  it('begins no inline code as Dataview runs it', () => {
    for (const run of ['= this.file', '$= dv.el("b", 1)', ' $= 1', '`$= 1`', '\u200b$= 1']) {
      const said = [
        ...lines({ text: run, subject: run, to: [{ name: run, address: 'a@example.net' }] }),
        ...postDifference(
          { section: 'a', properties: { partner: 'a' } },
          { section: run, properties: { partner: run } },
        ),
      ];
      expect(said.join('\n')).not.toMatch(/`[ ]*\$?=/);
    }
  });

  it('names files that are asked for, and another account', () => {
    expect(lines({ attach: ['[[a.pdf]]'], account: 'work' })).toEqual([
      '`attach`: **added** `[ [a.pdf] ]`',
      'Sent from: was the default account, now `work`',
    ]);
  });

  it('names files that were added, taken away or replaced', () => {
    const file = (sha: string) => ({ attachments: [{ name: 'a.pdf', sha256: sha.repeat(64) }] });
    const from = shownAction(action(file('a')));
    expect(differenceLines(from, action(file('b')))).toEqual([
      'Attachment: **added** `a.pdf (sha256 bbbbbbbbbbbb)`',
      'Attachment: **removed** `a.pdf (sha256 aaaaaaaaaaaa)`',
    ]);
    expect(lines(file('a'))).toEqual(['Attachment: **added** `a.pdf (sha256 aaaaaaaaaaaa)`']);
  });

  it('shows both subjects, and only the lines of the text that differ', () => {
    expect(lines({ subject: 'Re: Account' })).toEqual(['Subject: was `Re: Visit`, now `Re: Account`']);
    expect(lines({ text: 'Hello Anna,\n\nno.\nnever.\n\nKind regards' })).toEqual([
      'Text, from line 3 on:',
      '− `yes.`',
      '+ `no.`',
      '+ `never.`',
    ]);
    expect(lines({ text: 'Hello Anna,\n\nyes.\n\nKind regards\n\nPS' })).toContain('+ `PS`');
  });

  it('is short whatever changed', () => {
    const text = Array.from({ length: 4_000 }, (_, i) => `line ${i} ${'x'.repeat(3)}`).join('\n');
    const to = Array.from({ length: 50 }, (_, i) => ({ name: '', address: `a${i}@example.org` }));
    const shown = lines({ text, to });
    expect(shown.length).toBeLessThan(30);
    expect(shown.join('\n').length).toBeLessThan(8_000);
    expect(shown).toContain('+ (and 3994 more)');
  });

  it('says so when it was unreadable first, or when only a hidden part changed', () => {
    expect(differenceLines(null, action())[0]).toMatch(/Read it whole/);
    expect(lines({ inReplyTo: '<x@example.org>' })).toEqual([expect.stringMatching(/not shown here/)]);
  });

  it('lets no foreign text out of its code, whatever it is', () => {
    const foreign = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '`x` <img src=x>',
        '[[Link]] ![[e]]',
        '\u202eevil',
        'a\nb',
        '<% tp %>',
        '=this.file',
        '%%c%%',
      ),
    );
    fc.assert(
      fc.property(foreign, foreign, (subject, text) => {
        for (const line of lines({ subject, text })) {
          expect(line).not.toMatch(/[\n\r\u202e]/);
          // Each piece of foreign text is one code span: as many backticks open as close, none inside.
          expect(line.replace(/`[^`]*`/g, '')).not.toContain('`');
          expect(line.replace(/`[^`]*`/g, '')).not.toMatch(/[[<%=]/);
        }
      }),
    );
  });
});
