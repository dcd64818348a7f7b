/** Looking things up: people, products, taxes, documents, what is open. */
import { describe, expect, it } from 'vitest';
import { agingReport } from '../../../src/odoo/aging.ts';
import { findCurrency } from '../../../src/odoo/currencies.ts';
import { listInvoices } from '../../../src/odoo/invoices.ts';
import { listJournals } from '../../../src/odoo/journals.ts';
import { readLedger } from '../../../src/odoo/ledger.ts';
import { partnerAccount } from '../../../src/odoo/partner-account.ts';
import { findPartners } from '../../../src/odoo/partners.ts';
import { listPaymentTerms } from '../../../src/odoo/payment-terms.ts';
import { findProducts } from '../../../src/odoo/products.ts';
import { readInvoice } from '../../../src/odoo/read-invoice.ts';
import { listTaxes } from '../../../src/odoo/taxes.ts';
import { type Desk, drafted, line, post } from './books.ts';

export function listContract(desk: () => Desk): void {
  describe('looking up', () => {
    it('partners, the exact one first', async () => {
      const find = async (query: string): Promise<unknown> =>
        (await findPartners(desk().odoo, { query })).items.map(({ id, exact }) => [id, exact])[0];
      const { customer } = desk();
      expect(await find('BILLING@mueller.example')).toEqual([customer, 'email']);
      expect(await find('x-77')).toEqual([customer, 'vat']);
      expect(await find('C-1')).toEqual([customer, 'reference']);
      expect(await find('Müller & Söhne <GmbH> ☕')).toEqual([customer, 'name']);
      expect(await find('söhne')).toEqual([customer, null]);
      expect(await find('100%_\\')).toBeUndefined();
    });

    it('products by code, barcode and words', async () => {
      const find = async (query: string): Promise<unknown> =>
        (await findProducts(desk().odoo, { query })).items.map(({ id, exact }) => [id, exact]);
      for (const [query, exact] of [
        ['cons', 'code'],
        ['4006381333931', 'barcode'],
        ['consult', null],
      ] as const) {
        expect(await find(query), query).toEqual([[desk().product, exact]]);
      }
      const [found] = (await findProducts(desk().odoo, { query: 'CONS', use: 'sale' })).items;
      expect(found).toMatchObject({ name: 'Consulting', listPrice: 120, saleTaxIds: [desk().taxes.t7] });
    });

    it('taxes, journals, terms and currencies', async () => {
      const { odoo, taxes, currencies } = desk();
      const sale = (await listTaxes(odoo, { use: 'sale', limit: 100 })).items;
      expect(sale.find(({ id }) => id === taxes.t15)).toMatchObject({
        name: '15%',
        amount: 15,
        priceInclude: false,
      });
      expect(sale.find(({ id }) => id === taxes.in20)).toMatchObject({
        priceInclude: true,
        amountType: 'percent',
      });
      expect(sale.map(({ id }) => id)).not.toContain(taxes.buy15);
      const journals = (await listJournals(odoo, { type: 'sale' })).items;
      expect(journals).toMatchObject([{ name: 'Sales', code: 'INV', type: 'sale' }]);
      const terms = (await listPaymentTerms(odoo, { limit: 100 })).items.map(({ name }) => name);
      expect(terms).toEqual(expect.arrayContaining(['Immediate Payment', '15 Days', '30 Days']));
      expect(await findCurrency(odoo, { code: 'JPY' })).toEqual({
        id: currencies.JPY,
        code: 'JPY',
        decimals: 0,
      });
      expect(await findCurrency(odoo, { code: 'XXX' })).toBeNull();
      expect(await readLedger(odoo)).toMatchObject({ company: { name: 'Example Books' } });
    });

    it('a document that is not there', async () => {
      expect(await readInvoice(desk().odoo, 999_999)).toBeNull();
      expect(await partnerAccount(desk().odoo, { partnerId: 999_999 })).toBeNull();
    });

    it('pages: nothing twice, nothing left out', async () => {
      const word = `Paged ${desk().protocol}`;
      const ids = await Promise.all(
        [1, 2, 3, 4, 5].map((at) => desk().make('res.partner', { name: `${word} ${at}` })),
      );
      const seen: number[] = [];
      let after: string | null = null;
      do {
        const page = await findPartners(desk().odoo, { query: word, limit: 2, after });
        expect(page.items.length).toBeLessThanOrEqual(2);
        seen.push(...page.items.map(({ id }) => id));
        after = page.next;
      } while (after !== null);
      expect([...seen].sort()).toEqual([...ids].sort());
    });
  });

  describe('what is open', () => {
    it('is in the lists, in the account of its partner, and in the aging report', async () => {
      const { odoo } = desk();
      const partnerId = await desk().make('res.partner', {
        name: `Debtor ${desk().protocol}`,
        is_company: true,
      });
      const contact = await desk().make('res.partner', { name: 'Contact', parent_id: partnerId });
      const dated = { invoiceDate: '2026-11-01', dueDate: '2026-12-10' };
      const debt = await drafted(desk(), 'debt', { partnerId: contact, ...dated, lines: [line('x', 100.1)] });
      const credit = await drafted(desk(), 'credit', {
        ...{ type: 'out_refund', partnerId, ...dated },
        lines: [line('back', 0.2)],
      });
      const draft = await drafted(desk(), 'not_yet', { partnerId });
      await post(desk(), debt);
      await post(desk(), credit);

      const account = await partnerAccount(odoo, { partnerId: contact });
      expect(account).toMatchObject({
        partner: { id: partnerId },
        currency: 'USD',
        receivable: 99.9,
        payable: 0,
      });
      expect(account?.open.items.map(({ id }) => id).sort()).toEqual([debt, credit].sort());

      const row = async (asOf: string): Promise<unknown> =>
        (await agingReport(odoo, { side: 'receivable', asOf })).rows.find(
          ({ partner }) => partner?.id === partnerId,
        );
      expect(await row('2026-12-10')).toMatchObject({ current: 99.9, total: 99.9 });
      expect(await row('2027-01-15')).toMatchObject({ current: 0, days31to60: 99.9, total: 99.9 });

      const list = async (wish: object): Promise<readonly number[]> =>
        (await listInvoices(odoo, { partnerId, limit: 100, ...wish })).items.map(({ id }) => id);
      expect(await list({ open: true, types: ['out_invoice'] })).toEqual([debt]);
      expect(await list({ overdueOn: '2026-12-10' })).toEqual([]);
      expect(await list({ overdueOn: '2026-12-11', types: ['out_invoice'] })).toEqual([debt]);
      expect(await list({ state: 'draft' })).toEqual([draft]);
      expect(await list({ types: ['out_refund'] })).toEqual([credit]);
      const [posted] = (await listInvoices(odoo, { partnerId, open: true, types: ['out_invoice'] })).items;
      expect(posted).toMatchObject({ residual: 100.1, paymentState: 'not_paid', dueDate: '2026-12-10' });
      expect(await list({ query: posted?.number })).toEqual([debt]);
    });
  });
}
