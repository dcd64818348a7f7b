/** Reading a document where 14 answers otherwise than 19; the real 19 is in tests/integration/odoo-client.test.ts. */
import { describe, expect, it } from 'vitest';
import type { OdooFault } from '../../../src/odoo/faults.ts';
import type { Odoo, OdooCall, OdooValue } from '../../../src/odoo/odoo.ts';
import { readInvoice } from '../../../src/odoo/read-invoice.ts';
import { faultOf } from '../../helpers/odoo-fault.ts';

const MOVE = {
  ...{ id: 5, name: '/', state: 'draft', posted_before: false, write_date: '2026-11-20 10:00:00' },
  ...{ move_type: 'out_refund', company_id: [1, 'Books'], journal_id: [2, 'Sales'], partner_id: [7, 'Anna'] },
  ...{ currency_id: [3, 'JPY'], invoice_date: false, invoice_date_due: '2026-12-01' },
  ...{ invoice_payment_term_id: false, ref: false, invoice_origin: 'mail', fiscal_position_id: false },
  ...{ partner_bank_id: false, narration: ' <b>plain</b> ', auto_post: true },
  ...{ amount_untaxed: 300, amount_tax: 45, amount_total: 345, payment_state: 'not_paid' },
};
const LINE = {
  ...{
    id: 1,
    display_type: false,
    exclude_from_invoice_tab: false,
    name: 'Day',
    product_id: false,
    quantity: 3,
  },
  ...{ product_uom_id: false, price_unit: 100, discount: 0, tax_ids: [4, 9], account_id: [8, 'Sales'] },
  ...{ price_subtotal: 300, price_total: 345, tax_line_id: false, amount_currency: -300 },
};
const hidden = { ...LINE, exclude_from_invoice_tab: true, tax_ids: [] };
const LINES = [
  LINE,
  { ...LINE, id: 2, display_type: 'line_note', name: 'Thanks', tax_ids: [] },
  { ...hidden, id: 3, name: '15%', tax_line_id: [4, 'VAT 15%'], amount_currency: 30 },
  { ...hidden, id: 4, name: '15%', tax_line_id: [4, 'VAT 15%'], amount_currency: 15 },
  { ...hidden, id: 5, name: 'receivable', amount_currency: -345 },
];

const ANSWERS: Readonly<Record<string, OdooValue>> = {
  'account.move': [MOVE],
  'account.move.line': LINES,
  'account.tax': [{ id: 4, name: 'VAT 15%' }],
  'res.partner': [{ id: 7, email: 'anna@example.org', vat: false }],
  'res.currency': [{ id: 3, name: 'JPY', decimal_places: 0 }],
};

function odooOf(
  version: string,
  change: Readonly<Record<string, OdooValue>> = {},
): Odoo & { calls: OdooCall[] } {
  const calls: OdooCall[] = [];
  const call = (made: OdooCall): Promise<OdooValue> => {
    calls.push(made);
    return Promise.resolve({ ...ANSWERS, ...change }[made.model] ?? []);
  };
  return { protocol: 'jsonrpc', version, url: 'https://books.example.org', db: 'books', uid: 2, call, calls };
}

describe('a document of Odoo 14', () => {
  it('reads as one of 19 does', async () => {
    expect(await readInvoice(odooOf('14.0'), 5)).toMatchObject({
      ...{ type: 'out_refund', number: null, autoPost: 'at_date', terms: '<b>plain</b>', invoiceDate: null },
      ...{ reference: '', origin: 'mail', decimals: 0, partnerEmail: 'anna@example.org', partnerVat: '' },
      lines: [
        {
          id: 1,
          display: 'product',
          taxes: [
            { id: 4, name: 'VAT 15%' },
            { id: 9, name: 'tax 9' },
          ],
        },
        { id: 2, display: 'note', label: 'Thanks' },
      ],
      // Two lines of the same tax are one, with the sign of the document.
      taxLines: [{ name: 'VAT 15%', amount: 45 }],
    });
  });

  it('is asked for with the fields of its own version, and no more than is needed', async () => {
    for (const [version, flag] of [
      ['14.0', true],
      ['19.0', false],
    ] as const) {
      const odoo = odooOf(version);
      await readInvoice(odoo, 5).catch(() => null);
      const lines = odoo.calls.find(({ model }) => model === 'account.move.line');
      expect((lines?.args['fields'] as string[]).includes('exclude_from_invoice_tab'), version).toBe(flag);
      expect(odoo.calls.length).toBeLessThanOrEqual(5);
    }
  });

  it('is null when there is none', async () => {
    expect(await readInvoice(odooOf('14.0', { 'account.move': [] }), 5)).toBeNull();
  });

  it('is no invoice when it is a journal entry', async () => {
    const fault = await faultOf(
      readInvoice(odooOf('14.0', { 'account.move': [{ ...MOVE, move_type: 'entry' }] }), 5),
    );
    expect(fault.code).toBe('refused');
  });

  it.each<[string, Readonly<Record<string, OdooValue>>]>([
    ['an amount in words', { 'account.move': [{ ...MOVE, amount_total: 'much' }] }],
    ['a day that is none', { 'account.move': [{ ...MOVE, invoice_date: 'tomorrow' }] }],
    ['a state that nobody knows', { 'account.move': [{ ...MOVE, state: 'gone' }] }],
    ['lines that are none', { 'account.move.line': 'none' }],
    ['a currency that is gone', { 'res.currency': [] }],
  ])('is not understood with %s', async (_what, change) => {
    const fault: OdooFault = await faultOf(readInvoice(odooOf('14.0', change), 5));
    expect(fault.code).toBe('malformed');
  });

  it('is not shown in part', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => ({ ...LINE, id: i + 1 }));
    const fault = await faultOf(readInvoice(odooOf('14.0', { 'account.move.line': many }), 5));
    expect(fault.message).toContain('more than 1000 lines');
  });
});
