import { describe, expect, it } from 'vitest';
import { invoiceCard, questionCard } from '../../../../src/core/odoo/invoice-card.ts';
import type { Invoice } from '../../../../src/core/odoo/invoice.ts';
import { readInvoiceBody, withInvoiceSection } from '../../../../src/core/odoo/invoice-body.ts';
import { invoiceProperties, invoiceSection } from '../../../../src/core/odoo/invoice-section.ts';
import {
  postActionOf,
  postDifference,
  postHash,
  sectionDifference,
  shownPost,
} from '../../../../src/core/odoo/post-action.ts';
import { parseNote, renderNote, type TaskNote, withData } from '../../../../src/core/task-file.ts';
import type { TaskId } from '../../../../src/core/task-id.ts';
import { aLine, anInvoice } from './an-invoice.ts';

const ID = 'od-0123456789abcdef' as TaskId;
const REQUEST: TaskNote = {
  data: { kind: 'odoo_invoice', customer: 'ACME GmbH' },
  body: '\n## Lines\n\n| Text | Price |\n| --- | --- |\n| Consulting | 1000 |\n',
};

function cardOf(invoice: Invoice = anInvoice(), request: TaskNote = REQUEST): TaskNote {
  return invoiceCard(request, {
    id: ID,
    now: '2026-11-20T10:00:00',
    expires: '2026-11-23T10:00:00',
    kind: 'odoo_invoice',
    invoice,
    twins: [],
    link: 'https://books.example.org/odoo/1',
    companyCurrency: 'EUR',
    address: 'Ring 1, Berlin',
    coveringMail: false,
    requestHash: 'abc',
    remarks: [],
  });
}

function reasons(note: TaskNote): string {
  const read = postActionOf(note);
  return read.ok ? '' : read.reasons.join('\n');
}

const withBody = (note: TaskNote, change: (body: string) => string): TaskNote => ({
  data: note.data,
  body: change(note.body),
});

describe('what a yes covers', () => {
  it('is the section and the properties that the laptop renders again', () => {
    const parsed = parseNote(renderNote(cardOf()));
    if (!parsed.ok) throw new Error(parsed.fault.message);
    expect(postActionOf(parsed.note)).toEqual({
      ok: true,
      action: {
        id: ID,
        kind: 'odoo_invoice',
        odooId: 107,
        section: invoiceSection(anInvoice()),
        properties: invoiceProperties(anInvoice()),
        coveringMail: false,
      },
    });
  });

  it('is the same after an editor changed line ends and blanks', () => {
    const read = postActionOf(withBody(cardOf(), (body) => body.replaceAll('\n', '  \r\n')));
    expect(read.ok && read.action.section).toBe(invoiceSection(anInvoice()));
  });

  it.each([
    'ACME <billing@acme.example>',
    '`x` %% $$ <b> --> ~~~ ```',
    '> [!x] 5.00',
    'A: 100.00 EUR',
    '[[x]]|*_~',
    'Smith & Co &amp; 3',
  ])('holds for a partner who is called %s', (name) => {
    const invoice = anInvoice({
      partner: { id: 42, name },
      reference: name,
      partnerEmail: '',
      currency: { id: 1, name: 'EUR' },
    });
    const read = postActionOf(cardOf(invoice));
    expect(read).toMatchObject({ ok: true, action: { section: invoiceSection(invoice) } });
  });

  it.each([
    ['no draft', withData(cardOf(), { odoo_id: undefined }), 'no draft in Odoo'],
    [
      'no section',
      withBody(cardOf(), (body) => body.replace('## Invoice', '## invoice')),
      'no draft in Odoo',
    ],
    ['another kind', withData(cardOf(), { kind: 'email_reply' }), 'cannot be posted'],
    ['an id of a mail', withData(cardOf(), { id: 'em-0123456789abcdef' }), '`id`'],
    [
      'feedback',
      withBody(cardOf(), (b) => b.replace('## Feedback\n', '## Feedback\n\nnot yet\n')),
      '## Feedback',
    ],
    ['two sections', withBody(cardOf(), (body) => `## Invoice\n\nfake\n\n${body}`), 'more than one heading'],
    [
      'a section inside a comment',
      withBody(cardOf(), (b) => `%%\n${b.replace('## Feedback', '%%\n## Feedback')}`),
      'hide',
    ],
    ['an HTML comment', withBody(cardOf(), (b) => `<!-- \n${b}`), 'hide'],
    ['a folded part', withBody(cardOf(), (b) => `<details>\n${b}`), 'hide'],
    ['a fence', withBody(cardOf(), (b) => `> ~~~\n${b}`), 'hide'],
    [
      'another amount in the headline',
      withBody(cardOf(), (b) => b.replace('1,190.00 EUR\n', '19.00 EUR\n')),
      'headline',
    ],
    [
      'another headline beside ours',
      withBody(cardOf(), (b) => `> [!note] Invoice for ACME GmbH: 19.00 EUR\n\n${b}`),
      'headline',
    ],
  ])('a card with %s cannot be posted', (_, note, words) => {
    expect(reasons(note)).toContain(words);
  });

  it('a card that asks cannot be posted', () => {
    const card = questionCard(cardOf(), {
      id: ID,
      now: '2026-11-20T10:00:00',
      expires: '2026-11-23T10:00:00',
      questions: [],
      faults: ['For whom?'],
    });
    expect(reasons(card)).toContain('There is no draft in Odoo for this card yet.');
    expect(card.body).not.toContain('## Invoice');
    expect(readInvoiceBody(card.body).request).toBe(readInvoiceBody(REQUEST.body).request);
  });

  it('two cards that would post the same have the same hash, any other has another', () => {
    const hash = (note: TaskNote) => {
      const read = postActionOf(note);
      if (!read.ok) throw new Error(read.reasons.join());
      return postHash(read.action);
    };
    const first = hash(cardOf());
    expect(hash(withData(cardOf(), { priority: 'high', customer: 'x' }))).toBe(first);
    for (const other of [
      withData(cardOf(), { odoo_id: 108 }),
      withData(cardOf(), { due_date: '2026-12-21' }),
      withData(cardOf(), { covering_mail: true }),
      withBody(cardOf(), (body) => body.replace('| Consulting | 10 |', '| Consulting | 11 |')),
    ])
      expect(hash(other)).not.toBe(first);
  });
});

describe('the difference', () => {
  const action = (invoice: Invoice) => {
    const read = postActionOf(cardOf(invoice));
    if (!read.ok) throw new Error(read.reasons.join());
    return shownPost(read.action);
  };

  it('names the properties and the rows that changed', () => {
    const before = action(anInvoice());
    const now = action(anInvoice({ lines: [aLine({ quantity: 12, subtotal: 1200 })], total: 1428 }));
    const lines = postDifference(before, now);
    expect(lines).toContain('`amount_total`: was `1190`, now `1428`');
    expect(lines).toContain('− `| Consulting | 10 | 100.00 | 19% | 1,000.00 |`');
    expect(lines).toContain('+ `| Consulting | 12 | 100.00 | 19% | 1,200.00 |`');
  });

  it('is never empty, also when only what is not shown changed', () => {
    const now = action(anInvoice({ lines: [aLine({ id: 8 })] }));
    expect(postDifference(action(anInvoice()), now)).toEqual([
      'What is shown is the same, but lines were replaced or something not shown here changed.',
    ]);
    expect(sectionDifference('a', 'a')).toEqual([]);
    expect(postDifference(null, now)).toHaveLength(1);
  });

  it('stays short and harmless', () => {
    const long = Array.from({ length: 200 }, (_, id) => aLine({ id, label: `Line ${id} [[x]] \`y\`` }));
    const lines = postDifference(action(anInvoice()), action(anInvoice({ lines: long })));
    expect(lines.length).toBeLessThan(20);
    expect(lines.join('\n')).not.toMatch(/\[\[|``/);
    expect(lines.at(-1)).toMatch(/^\+|^\(and \d+ more\)|more/);
  });
});

describe('a section that is replaced', () => {
  it('leaves verdict, feedback and request as they were', () => {
    const other = invoiceSection(anInvoice({ total: 5 }));
    const card = cardOf();
    const body = withInvoiceSection(card.body, other);
    expect(readInvoiceBody(body)).toEqual({ ...readInvoiceBody(card.body), invoice: other });
  });
});
