import { describe, expect, it } from 'vitest';
import { DRAFT_CALLS } from '../../../src/odoo/allow-list.ts';
import { checkCall } from '../../../src/odoo/check-call.ts';
import { checkDraft, type DraftInput, sheetOf, valuesOf } from '../../../src/odoo/draft-input.ts';

const LINE = { label: 'Consulting', quantity: 2, priceUnit: 150.25 };
const DRAFT: DraftInput = { type: 'out_invoice', partnerId: 12, lines: [LINE] };
const KEY = 'handover_bridge.od_0123456789abcdef';
const FULL: DraftInput = {
  ...{ type: 'in_invoice', partnerId: 12, currencyId: 3, journalId: 2, invoiceDate: '2026-11-20' },
  ...{ dueDate: '2026-12-20', reference: 'VB-77', origin: 'mail', terms: 'a\n<b>' },
  lines: [
    { ...LINE, taxIds: [1, 5], accountId: 9, discount: 10, productId: 4 },
    { label: 'Travel', quantity: 1, priceUnit: 19.99, taxIds: [], accountId: 9 },
  ],
};

describe('the sheet of a draft', () => {
  it('leaves out the columns that nobody fills: an empty one would be written', () => {
    expect(sheetOf(KEY, { ...DRAFT, reference: '', terms: '' }, '19.0')).toEqual({
      columns: [
        ...['id', 'move_type', 'partner_id/.id'],
        ...['invoice_line_ids/name', 'invoice_line_ids/quantity', 'invoice_line_ids/price_unit'],
      ],
      rows: [[KEY, 'out_invoice', '12', 'Consulting', '2', '150.25']],
    });
  });

  it('holds everything as text, the document in its first row', () => {
    const { columns, rows } = sheetOf(KEY, FULL, '19.0');
    const cells = rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])));
    expect(cells[0]).toMatchObject({
      ...{ id: KEY, move_type: 'in_invoice', 'currency_id/.id': '3', 'journal_id/.id': '2', ref: 'VB-77' },
      ...{ invoice_date: '2026-11-20', invoice_date_due: '2026-12-20', narration: '<p>a<br>&lt;b&gt;</p>' },
      ...{ 'invoice_line_ids/tax_ids/.id': '1,5', 'invoice_line_ids/product_id/.id': '4' },
    });
    expect(cells[1]).toMatchObject({
      ...{ id: '', move_type: '', ref: '', 'invoice_line_ids/name': 'Travel' },
      ...{ 'invoice_line_ids/tax_ids/.id': '', 'invoice_line_ids/discount': '0' },
    });
  });

  it('says "no payment term" with a due date: the partner\'s own would change it at posting', () => {
    const { columns, rows } = sheetOf(KEY, FULL, '19.0');
    expect(rows[0]?.[columns.indexOf('invoice_payment_term_id/.id')]).toBe('');
    expect(valuesOf(FULL, '19.0')).toMatchObject({
      invoice_payment_term_id: false,
      invoice_date_due: '2026-12-20',
    });
  });

  it('is on the list of what may be called, and so is its revision', () => {
    const { columns, rows } = sheetOf(KEY, FULL, '19.0');
    const context = { mode: 'update', noupdate: true };
    const args = { fields: columns, data: rows };
    const load = { model: 'account.move', method: 'load', ids: null, args, context };
    expect(checkCall(load, DRAFT_CALLS).writes).toBe(true);
    const vals = valuesOf(FULL, '19.0');
    const write = { model: 'account.move', method: 'write', ids: [7], args: { vals } };
    expect(checkCall(write, DRAFT_CALLS).writes).toBe(true);
  });

  it('has plain terms before 15', () => {
    expect(valuesOf(FULL, '14.0')['narration']).toBe('a\n<b>');
  });
});

describe('a draft', () => {
  const refused = (change: object): string => {
    try {
      checkDraft({ ...DRAFT, ...change });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it.each([
    ['another type', { type: 'entry' }],
    ['no lines', { lines: [] }],
    ['201 lines', { lines: Array.from({ length: 201 }, () => LINE) }],
    ['a label of 2001 characters', { lines: [{ ...LINE, label: 'x'.repeat(2001) }] }],
    ['a blank label', { lines: [{ ...LINE, label: '  ' }] }],
    ['a price that is no number', { lines: [{ ...LINE, priceUnit: Number.NaN }] }],
    ['a day that is none', { invoiceDate: '2026-02-30' }],
    ['a member nobody knows', { state: 'posted' }],
    ['taxes for one line and not for the other', { lines: [{ ...LINE, taxIds: [1] }, LINE] }],
    ['an account for one line and not for the other', { lines: [{ ...LINE, accountId: 1 }, LINE] }],
    ['a due date and a payment term', { dueDate: '2026-12-01', paymentTermId: 2 }],
    ['a partner that is none', { partnerId: 0 }],
  ])('has not %s', (_what, change) => {
    expect(refused(change)).toContain('this is no draft that can be made in Odoo');
  });

  it('may leave out all but partner and lines', () => {
    expect(refused({})).toBe('');
  });
});
