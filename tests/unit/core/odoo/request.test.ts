import { describe, expect, it } from 'vitest';
import type { Property } from '../../../../src/core/front-matter.ts';
import { partnerWish, readRequest } from '../../../../src/core/odoo/request.ts';
import { parseNote } from '../../../../src/core/task-file.ts';
import { requestNote } from '../../../helpers/invoicer.ts';

function read(change: Readonly<Record<string, Property>> = {}, lines?: string, more?: string) {
  const parsed = parseNote(requestNote(change, lines, more));
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return readRequest(parsed.note);
}

function faults(...request: Parameters<typeof read>): string {
  const result = read(...request);
  return result.ok ? '' : result.faults.join('\n');
}

const HEAD = '| Description | Quantity | Unit | Price | Discount | Taxes |\n|---|---|---|---|---|---|\n';

describe('a request', () => {
  it('is read with all that it says', () => {
    expect(
      read(
        {
          customer: 'Jane <jane@acme.example>',
          currency: '€',
          invoice_date: '2026-11-20',
          due_date: '20.12.2026',
          purchase_reference: 'PO 77',
          journal: 'INV',
          covering_mail: true,
        },
        `${HEAD}| Work \\| travel<br>in May | 2,5 | h | 100 € | 10 % | 19% ; 7% |`,
        'Thank you.',
      ),
    ).toEqual({
      ok: true,
      request: {
        kind: 'odoo_invoice',
        type: 'out_invoice',
        role: 'customer',
        partner: { by: 'email', email: 'jane@acme.example' },
        currency: 'EUR',
        invoiceDate: '2026-11-20',
        dueDate: '2026-12-20',
        paymentTerms: null,
        reference: 'PO 77',
        credits: '',
        journal: 'INV',
        coveringMail: true,
        lines: [
          {
            product: '',
            description: 'Work | travel\nin May',
            quantity: '2.5',
            unit: 'h',
            price: '100',
            discount: '10',
            taxes: ['19%', '7%'],
          },
        ],
        terms: 'Thank you.',
      },
    });
  });

  it('says every fault at once', () => {
    const all = faults(
      { customer: '', currency: '$', due_date: '2026-02-30', kind: 'odoo_bill' },
      `${HEAD}| | 1 | | x | | |\n| a | 1.234 | | 5 | 101 | |`,
    );
    for (const words of [
      'For whom?',
      'no currency code',
      '`due_date: 2026-02-30` is no date',
      'A bill needs the date',
      'Line 1 has neither a product nor a description',
      'Line 1, price: x is no number',
      'Line 2, quantity: 1.234 can be read in two ways',
      'a discount of 101 %',
    ])
      expect(all).toContain(words);
  });

  it.each<[string, Parameters<typeof read>, string]>([
    ['both customer and vendor', [{ vendor: 'X' }], 'Both `customer` and `vendor`'],
    [
      'an invoice from a vendor',
      [{ customer: '', vendor: 'X' }],
      'move the name from `vendor` to `customer`',
    ],
    [
      'a bill to a customer',
      [{ kind: 'odoo_bill', invoice_date: '2026-11-01' }],
      'move the name from `customer`',
    ],
    [
      'payment terms and a due date',
      [{ payment_terms: '30', due_date: '2026-12-01' }],
      'Both `payment_terms`',
    ],
    ['a due date before the date', [{ invoice_date: '2026-12-02', due_date: '2026-12-01' }], 'lies before'],
    [
      'a price in another currency',
      [{ currency: 'EUR' }, `${HEAD}| a | 1 | | 5 USD | | |`],
      'the price is in USD',
    ],
    ['a price in a currency nobody named', [{}, `${HEAD}| a | 1 | | 5 € | | |`], 'says nothing'],
    [
      'a hidden character in a line',
      [{}, `${HEAD}| a\u202e | 1 | | 5 | | |`],
      'Line 1 holds a hidden character',
    ],
    ['a hidden character in a property', [{ customer: 'AC\u200bME' }], '`customer` holds a hidden character'],
    ['an endless name', [{ customer: 'x'.repeat(3_000) }], 'longer than 200'],
    ['an endless description', [{}, `${HEAD}| ${'x'.repeat(2_001)} | 1 | | 5 | | |`], 'longer than 2000'],
    ['endless terms', [{}, undefined, 'x'.repeat(4_001)], 'longer than 4000'],
    ['two tables', [{}, `${HEAD}| a | 1 | | 5 | | |\n\n${HEAD}| b | 1 | | 5 | | |`], 'second table'],
    [
      'a credit note of a vendor without its number',
      [
        {
          kind: 'odoo_credit_note',
          customer: '',
          vendor: 'X',
          credits: 'BILL/1',
          purchase_reference: '',
          invoice_date: '2026-11-01',
        },
      ],
      "A vendor's credit note needs the vendor's number",
    ],
  ])('%s is a fault', (_, request, words) => {
    expect(faults(...request)).toContain(words);
  });

  it('takes a quantity of one where none is said, and no tax where that is said', () => {
    const result = read({}, `${HEAD}| a |  |  | 5 |  | keine |`);
    expect(result).toMatchObject({ ok: true, request: { lines: [{ quantity: '1', taxes: [] }] } });
  });

  it('leaves the tax open where nothing is said', () => {
    expect(read({}, `${HEAD}| a | 1 | | 5 | | |`)).toMatchObject({ request: { lines: [{ taxes: null }] } });
  });

  it.each([
    ['#42', { by: 'id', id: 42 }],
    ['# 42', { by: 'id', id: 42 }],
    ['42', null],
    ['#0', { by: 'name', name: '#0' }],
    ['[[ACME GmbH]]', { by: 'name', name: 'ACME GmbH' }],
    ['[[Contacts/ACME|the ACME]]', { by: 'name', name: 'ACME' }],
    ['ACME', { by: 'name', name: 'ACME' }],
    ['jane@acme.example', { by: 'email', email: 'jane@acme.example' }],
  ])('%s as a customer is %j', (typed, wish) => {
    expect(partnerWish(typed)).toEqual(wish);
  });
});
