import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newBody, withVerdict } from '../../../src/core/body.ts';
import { cardActionOf, cardDifference, cardHash, edgeOf, shownCard } from '../../../src/core/card-action.ts';
import { inertLine, inertWords } from '../../../src/core/odoo/card-words.ts';
import { renderInvoiceBody } from '../../../src/core/odoo/invoice-body.ts';
import { invoiceProperties, invoiceSection } from '../../../src/core/odoo/invoice-section.ts';
import { postActionOf } from '../../../src/core/odoo/post-action.ts';
import { type TaskNote, withData } from '../../../src/core/task-file.ts';
import { anInvoice } from './odoo/an-invoice.ts';

const VERDICT = { kind: 'todo' as const, title: 't', lines: [] };
const MAIL: TaskNote = {
  data: {
    ...{ id: 'em-0123456789abcdef', kind: 'email_reply', quote: false, reply_subject: 'Re: Visit' },
    reply_to: ['anna@example.org'],
  },
  body: newBody({ verdict: VERDICT, reply: 'Yes.', feedback: '', original: '' }),
};
const INVOICE: TaskNote = {
  data: { id: 'od-0123456789abcdef', kind: 'odoo_invoice', ...invoiceProperties(anInvoice()) },
  body: renderInvoiceBody({
    ...{ lead: '', feedback: '', request: 'Please.' },
    invoice: invoiceSection(anInvoice()),
  }),
};

function action(note: TaskNote) {
  const read = cardActionOf(note);
  if (!read.ok) throw new Error(read.reasons.join(' '));
  return read.card;
}

describe('what a card does', () => {
  it('is decided by its id alone', () => {
    expect(edgeOf('od-0123456789abcdef')).toBe('odoo');
    expect(edgeOf('em-0123456789abcdef')).toBe('mail');
    expect(edgeOf('')).toBe('mail');
    expect(action(MAIL).edge).toBe('mail');
    expect(action(INVOICE).edge).toBe('odoo');
  });

  it('is refused where kind and id say different things', () => {
    for (const [note, kind] of [
      [MAIL, 'odoo_invoice'],
      [INVOICE, 'email_new'],
    ] as const) {
      expect(cardActionOf(withData(note, { kind }))).toMatchObject({ ok: false });
    }
  });

  it('has another hash when anything that would happen is another', () => {
    const changed = withData(INVOICE, { amount_total: 1191 });
    expect(cardHash(action(changed))).not.toBe(cardHash(action(INVOICE)));
    expect(cardHash(action(withData(INVOICE, { mine: 'a note' })))).toBe(cardHash(action(INVOICE)));
    expect(cardHash(action(MAIL))).not.toBe(cardHash(action(INVOICE)));
  });

  it('is shown by what changed, and by a sentence where the other one was of another kind', () => {
    const before = shownCard(action(INVOICE));
    const now = action(withData(INVOICE, { amount_total: 1191 }));
    expect(cardDifference(before, now)).toEqual(['`amount_total`: was `1190`, now `1191`']);
    expect(cardDifference(shownCard(action(MAIL)), now).join()).toContain('Read it whole');
    expect(cardDifference(before, action(MAIL)).join()).toContain('Read it whole');
    expect(cardDifference(null, action(MAIL)).join()).toContain('could not be sent');
  });
});

describe('words of Odoo on a card', () => {
  it('never keep the card from being approved, whatever they are', () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[%$<>`~!\[\]#|\\@a-z\s]{0,40}$/),
      fc.constantFrom(
        '<eve@example.net>',
        '```js',
        '%%',
        '$$',
        '> [!success|handover] 1,00',
        '\n\n## Invoice\n',
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const verdict = {
          ...{ kind: 'warning' as const, title: 'Not posted: please look at this again' },
          lines: [inertWords(a), inertLine(`− \`${b.replace(/[`\r\n]/g, "'")}\``), inertWords(b, 40)],
        };
        const read = postActionOf({ data: INVOICE.data, body: withVerdict(INVOICE.body, verdict) });
        expect(read.ok ? [] : read.reasons).toEqual([]);
        expect(read.ok && read.action.section).toBe(invoiceSection(anInvoice()));
      }),
    );
  });
});
