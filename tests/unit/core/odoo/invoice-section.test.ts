import { describe, expect, it } from 'vitest';
import type { Invoice } from '../../../../src/core/odoo/invoice.ts';
import { normalSection } from '../../../../src/core/odoo/invoice-body.ts';
import { fingerprint, invoiceProperties, invoiceSection } from '../../../../src/core/odoo/invoice-section.ts';
import { aLine, anInvoice } from './an-invoice.ts';

describe('the section ## Invoice', () => {
  it('shows partner, lines, taxes and total as Odoo computed them', () => {
    expect(invoiceSection(anInvoice())).toBe(
      `- **Document** Customer invoice, My Company
- **Journal** Customer Invoices
- **Customer** ACME GmbH (#42)
- **E-mail** billing@acme.example
- **VAT** DE123456789
- **Date** the day of posting
- **Due** 2026-12-20
- **Reference** PO-77

| Description | Quantity | Price | Taxes | Amount |
| --- | ---: | ---: | --- | ---: |
| Consulting | 10 | 100.00 | 19% | 1,000.00 |

| Sum | EUR |
| --- | ---: |
| Without tax | 1,000.00 |
| 19% | 190.00 |
| **Total** | **1,190.00** |

Fingerprint: ${fingerprint(anInvoice())}`,
    );
  });

  it('sums up several taxes, and says that there is none', () => {
    const two = anInvoice({
      taxLines: [
        { name: '19%', amount: 100 },
        { name: '7%', amount: 90 },
      ],
    });
    expect(invoiceSection(two)).toContain('| 19% | 100.00 |\n| 7% | 90.00 |\n| Tax | 190.00 |');
    expect(invoiceSection(anInvoice({ taxLines: [], tax: 0 }))).toContain('| Tax | 0.00 |');
  });

  it('is the same text after it was normalised for comparing', () => {
    const section = invoiceSection(anInvoice({ terms: 'Pay soon.\n\nThank you.' }));
    expect(normalSection(`\n${section.replaceAll('\n', '  \n')}\n\n`)).toBe(section);
  });

  it('shows columns for product, unit and discount only where a line has one', () => {
    const line = aLine({
      product: { id: 3, name: '[C-1] Consulting' },
      unit: { id: 1, name: 'Hours' },
      discount: 12.5,
    });
    const section = invoiceSection(anInvoice({ lines: [line] }));
    expect(section).toContain(
      '| Description | Product | Quantity | Unit | Price | Discount | Taxes | Amount |',
    );
    expect(section).toContain(
      '| Consulting | [C-1] Consulting | 10 | Hours | 100.00 | 12.5 % | 19% | 1,000.00 |',
    );
  });

  it('shows the account of a bill', () => {
    const section = invoiceSection(anInvoice({ type: 'in_invoice' }));
    expect(section).toContain('| 400000 Product Sales |');
    expect(section).toContain('- **Vendor** ACME GmbH (#42)');
  });

  it('shows sections and notes as rows of text', () => {
    const section = invoiceSection(
      anInvoice({ lines: [aLine({ display: 'section', label: 'November' }), aLine()] }),
    );
    expect(section).toContain('| *November* |  |  |  |  |');
  });

  it('names an invoice that posts by itself', () => {
    expect(invoiceSection(anInvoice({ autoPost: 'at_date' }))).toContain('- **Posts by itself** at_date');
  });

  it('never rounds an amount away', () => {
    const section = invoiceSection(anInvoice({ lines: [aLine({ priceUnit: 0.0049 })], total: 1190.004 }));
    expect(section).toContain('| 0.0049 |');
    expect(section).toContain('**1,190.004**');
  });

  it('cuts nothing of a label of 2,000 characters', () => {
    const label = 'x'.repeat(2_000);
    expect(invoiceSection(anInvoice({ lines: [aLine({ label })] }))).toContain(label);
  });

  it.each([
    'Pipe | in | the name',
    'Backslash \\| and \\\\| pipe',
    'Two\nlines\r\nand\rmore',
    '`code` and ``` fence',
    '~~~~\nfence',
    '[[Link]] ![[Embed]] [text](https://evil.example)',
    '## Feedback',
    'x\n## Feedback\n\n## Invoice\n| a | b |',
    '%% comment %% and <!-- html --> and <b>bold</b>',
    '<% tp.file.delete() %>',
    '`= dv.pages()` and key:: value',
    'Hidden\u202etxt \u200b zero \u{e0041} tag',
    '**bold** _em_ ~~gone~~ ==mark== $x$ ^sup^',
    '&#35;&#35; Feedback &lt;',
    'obsidian://new?file=x',
  ])('a hostile name stays one cell, one row, no heading: %j', (name) => {
    const plain = invoiceSection(anInvoice());
    const hostile = anInvoice({
      partner: { id: 42, name },
      reference: name,
      terms: name,
      journal: { id: 1, name },
      lines: [aLine({ label: name, taxes: [{ id: 1, name }], product: { id: 3, name } })],
      taxLines: [{ name, amount: 190 }],
    });
    const section = invoiceSection(hostile);
    expect(section.split('\n')).toHaveLength(plain.split('\n').length + 2);
    expect(section).not.toMatch(/^## |^(?:`{3}|~{3})|%%|<!--|<%|<b>|\[\[|\]\(|[\u202e\u200b]|(?<!\\):\/\//mu);
    for (const row of section
      .split('\n')
      .filter((line) => line.startsWith('| ') && line.includes('100.00'))) {
      expect(row.replace(/\\\|/g, '').split('|')).toHaveLength(8);
    }
  });
});

describe('the fingerprint', () => {
  const changes: readonly Partial<Invoice>[] = [
    { total: 1190.000001 },
    { partner: { id: 43, name: 'ACME GmbH' } },
    { lines: [aLine({ id: 8 })] },
    { lines: [aLine({ label: 'Consulting ' })] },
    { lines: [aLine({ account: { id: 401, name: '400000 Product Sales' } })] },
    { invoiceDate: '2026-11-20' },
    { bankAccount: { id: 1, name: 'DE02 1234' } },
    { autoPost: 'at_date' },
    { currency: { id: 2, name: 'EUR' } },
  ];
  it.each(changes)('sees %j', (change) => {
    expect(fingerprint(anInvoice(change))).not.toBe(fingerprint(anInvoice()));
  });

  it('does not see what posting changes by itself', () => {
    const posted = anInvoice({
      state: 'posted',
      number: 'INV/2026/00001',
      writeDate: '2026-11-21 10:00:00',
      paymentState: 'paid',
      postedBefore: true,
    });
    expect(fingerprint(posted)).toBe(fingerprint(anInvoice()));
  });

  it('does not depend on the order in which the keys were read', () => {
    const reversed = Object.fromEntries(Object.entries(anInvoice()).reverse()) as unknown as Invoice;
    expect(fingerprint(reversed)).toBe(fingerprint(anInvoice()));
  });
});

it('gives the properties a card shows first', () => {
  expect(invoiceProperties(anInvoice({ partner: null }))).toEqual({
    odoo_id: 107,
    partner: '',
    currency: 'EUR',
    amount_total: 1190,
    invoice_date: null,
    due_date: '2026-12-20',
  });
});
