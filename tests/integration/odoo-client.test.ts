/** Every operation of the client on a real Odoo 19, over each transport, with the key of a billing user. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Invoice } from '../../src/core/odoo/invoice.ts';
import { agingReport } from '../../src/odoo/aging.ts';
import { DRAFT_CALLS, LIVE_CALLS } from '../../src/odoo/allow-list.ts';
import { attach } from '../../src/odoo/attach.ts';
import { createDraft } from '../../src/odoo/create-draft.ts';
import { findCurrency } from '../../src/odoo/currencies.ts';
import type { DraftInput } from '../../src/odoo/draft-input.ts';
import type { OdooFault } from '../../src/odoo/faults.ts';
import { findDraft } from '../../src/odoo/find-draft.ts';
import { findTwins } from '../../src/odoo/find-twins.ts';
import { invoiceLink } from '../../src/odoo/invoice-link.ts';
import { type InvoiceSummary, type InvoiceWish, listInvoices } from '../../src/odoo/invoices.ts';
import { listJournals } from '../../src/odoo/journals.ts';
import { readLedger } from '../../src/odoo/ledger.ts';
import type { Odoo, OdooProtocol } from '../../src/odoo/odoo.ts';
import { type OdooSettings, openOdoo } from '../../src/odoo/open-odoo.ts';
import { partnerAccount } from '../../src/odoo/partner-account.ts';
import { findPartners } from '../../src/odoo/partners.ts';
import { listPaymentTerms } from '../../src/odoo/payment-terms.ts';
import { findProducts } from '../../src/odoo/products.ts';
import { readInvoice } from '../../src/odoo/read-invoice.ts';
import { reviseDraft } from '../../src/odoo/revise-draft.ts';
import { listTaxes } from '../../src/odoo/taxes.ts';
import { faultOf } from '../helpers/odoo-fault.ts';
import { type OdooServer, type OdooUser, startOdoo } from '../helpers/odoo.ts';

const PROTOCOLS: readonly OdooProtocol[] = ['json2', 'jsonrpc', 'xmlrpc'];

let server: OdooServer;
let billing: OdooUser;
/** The books that all protocols look at. */
const ids = {
  customer: 0,
  contact: 0,
  vendor: 0,
  termed: 0,
  product: 0,
  tax15: 0,
  tax7: 0,
  bought15: 0,
  term: 0,
};

beforeAll(async () => {
  server = await startOdoo();
  billing = await server.user('billing', ['account.group_account_invoice']);
  const made = async (model: string, values: object): Promise<number> => {
    const [id] = (await server.call(model, 'create', { vals_list: [values] })) as number[];
    return id ?? 0;
  };
  const tax = async (name: string, use: string): Promise<number> => {
    const domain = [
      ['name', '=', name],
      ['type_tax_use', '=', use],
    ];
    return ((await server.call('account.tax', 'search', { domain })) as number[])[0] ?? 0;
  };
  [ids.tax15, ids.tax7, ids.bought15] = [
    await tax('15%', 'sale'),
    await tax('7%', 'sale'),
    await tax('15%', 'purchase'),
  ];
  const customer = {
    name: 'Müller & Söhne <GmbH> ☕',
    email: 'billing@mueller.example',
    vat: 'X-77',
    is_company: true,
  };
  ids.customer = await made('res.partner', { ...customer, street: 'Ring 1', city: 'Wien', ref: 'C-1' });
  ids.contact = await made('res.partner', {
    name: 'Anna',
    email: 'anna@mueller.example',
    parent_id: ids.customer,
  });
  ids.vendor = await made('res.partner', { name: 'Paper Supply', email: 'paper@example.org' });
  await made('res.partner', { name: 'Paper Supply North' });
  [ids.term] = (await server.call('account.payment.term', 'search', {
    domain: [['name', '=', '15 Days']],
  })) as [number];
  ids.termed = await made('res.partner', { name: 'Later & Co', property_payment_term_id: ids.term });
  const sold = { name: 'Consulting', default_code: 'CONS', barcode: '4006381333931', list_price: 120 };
  ids.product = await made('product.product', {
    ...sold,
    taxes_id: [[6, 0, [ids.tax7]]],
    purchase_ok: false,
  });
  await made('product.product', { name: 'Consulting, senior', default_code: 'CONS-S', list_price: 180 });
});
afterAll(() => server.stop());

const settings = (protocol: OdooSettings['protocol'], user: OdooUser = billing): OdooSettings => ({
  ...{ url: server.url, db: server.db, username: user.login, apiKey: user.apiKey },
  ...{ protocol, allow: DRAFT_CALLS },
});

const TODAY = '2026-11-21';
const draft = (change: Partial<DraftInput> = {}): DraftInput => ({
  ...{ type: 'out_invoice', partnerId: ids.customer },
  lines: [
    { label: 'Consulting, day\nNovember', quantity: 2, priceUnit: 150.25, taxIds: [ids.tax15] },
    { label: 'Travel', quantity: 1, priceUnit: 19.99, discount: 10, taxIds: [] },
  ],
  ...change,
});
const keyOf = (name: string): string => `handover_bridge.od_${name}`;

const existing = async (odoo: Odoo, id: number): Promise<Invoice> => {
  const invoice = await readInvoice(odoo, id);
  if (invoice === null) throw new Error('it is gone');
  return invoice;
};
const ofAdmin = (model: string, method: string, id: number, more: object = {}): Promise<unknown> =>
  server.call(model, method, { ids: [id], ...more });
/** Found on every transport: the newest are the first. */
const listed = async (odoo: Odoo, wish: InvoiceWish): Promise<readonly InvoiceSummary[]> =>
  (await listInvoices(odoo, { partnerId: ids.customer, limit: 100, ...wish })).items;

describe.each(PROTOCOLS)('over %s', (protocol) => {
  let odoo: Odoo;
  let live: Odoo;
  beforeAll(async () => {
    odoo = await openOdoo(settings(protocol));
    live = await openOdoo({ ...settings(protocol), allow: LIVE_CALLS });
  });
  const post = (id: number): Promise<unknown> =>
    live.call({ model: 'account.move', method: 'action_post', ids: [id], args: {} });

  it('the connection says what it is', () => {
    expect(odoo).toMatchObject({
      protocol,
      version: '19.0',
      url: server.url,
      db: server.db,
      uid: billing.uid,
    });
  });

  it('a draft is made once, and read as Odoo computed it', async () => {
    const key = keyOf(`${protocol}_invoice`);
    const input = draft({
      reference: `PO-${protocol}`,
      invoiceDate: '2026-11-20',
      terms: 'Net 30\n<b>no</b> & yes',
    });
    const made = await createDraft(odoo, key, input);
    expect(made.created).toBe(true);
    expect(await createDraft(odoo, key, input)).toEqual({ id: made.id, created: false });
    expect(await findDraft(odoo, key)).toBe(made.id);
    const invoice = await existing(odoo, made.id);
    expect(invoice).toMatchObject({
      ...{
        id: made.id,
        type: 'out_invoice',
        state: 'draft',
        postedBefore: false,
        number: null,
        autoPost: 'no',
      },
      partner: { id: ids.customer, name: 'Müller & Söhne <GmbH> ☕' },
      ...{
        partnerEmail: 'billing@mueller.example',
        partnerVat: 'X-77',
        currency: { name: 'USD' },
        decimals: 2,
      },
      ...{ invoiceDate: '2026-11-20', paymentTerm: null, reference: `PO-${protocol}` },
      terms: 'Net 30\n<b>no</b> & yes',
      lines: [
        {
          ...{ display: 'product', label: 'Consulting, day\nNovember', quantity: 2, priceUnit: 150.25 },
          ...{ taxes: [{ id: ids.tax15, name: '15%' }], subtotal: 300.5, total: 345.58 },
        },
        { display: 'product', label: 'Travel', discount: 10, taxes: [], subtotal: 17.99, total: 17.99 },
      ],
      taxLines: [{ name: '15%', amount: 45.08 }],
      ...{ untaxed: 318.49, tax: 45.08, total: 363.57, paymentState: 'not_paid' },
    });
    expect(invoice.writeDate).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(invoice.lines[0]?.account?.name).toBe('Product Sales');
  });

  it("a line takes the product's taxes when none are given, and none without a product", async () => {
    const lines = [
      { label: 'With', quantity: 1, priceUnit: 100, productId: ids.product },
      { label: 'Without', quantity: 1, priceUnit: 100 },
    ];
    const { id } = await createDraft(odoo, keyOf(`${protocol}_default`), draft({ lines }));
    const invoice = await existing(odoo, id);
    expect(invoice.lines.map(({ taxes }) => taxes.map(({ name }) => name))).toEqual([['7%'], []]);
    expect(invoice.lines[0]?.product).toEqual({ id: ids.product, name: '[CONS] Consulting' });
  });

  it('bills and both kinds of credit notes read with the signs of the document', async () => {
    for (const type of ['in_invoice', 'in_refund', 'out_refund'] as const) {
      const bought = type.startsWith('in');
      const line = {
        label: 'Paper',
        quantity: 3,
        priceUnit: 10,
        taxIds: [bought ? ids.bought15 : ids.tax15],
      };
      const { id } = await createDraft(
        odoo,
        keyOf(`${protocol}_${type}`),
        draft({ type, partnerId: bought ? ids.vendor : ids.customer, lines: [line] }),
      );
      expect(await existing(odoo, id), type).toMatchObject({
        ...{ type, untaxed: 30, tax: 4.5, total: 34.5, taxLines: [{ name: '15%', amount: 4.5 }] },
      });
    }
  });

  it('a due date stays through posting, whatever the terms of the partner', async () => {
    const input = draft({ partnerId: ids.termed, dueDate: '2027-03-01' });
    const { id } = await createDraft(odoo, keyOf(`${protocol}_due`), input);
    expect(await existing(odoo, id)).toMatchObject({
      invoiceDate: null,
      dueDate: '2027-03-01',
      paymentTerm: null,
    });
    expect([false, null]).toContain(await post(id));
    expect(await existing(odoo, id)).toMatchObject({ state: 'posted', dueDate: '2027-03-01' });
  });

  it('a revision replaces the draft, and a repeat of it changes nothing', async () => {
    const key = keyOf(`${protocol}_revised`);
    const { id } = await createDraft(
      odoo,
      key,
      draft({ dueDate: '2027-03-01', reference: 'old', terms: 'old' }),
    );
    const line = { label: 'Other', quantity: 1.5, priceUnit: 200, taxIds: [ids.tax7] };
    const input = draft({
      partnerId: ids.termed,
      invoiceDate: '2026-11-05',
      reference: 'new',
      lines: [line],
    });
    const seen: unknown[] = [];
    for (const write of ['first', 'repeat']) {
      expect(await reviseDraft(odoo, key, input), write).toEqual({ id });
      const invoice = await existing(odoo, id);
      seen.push({ ...invoice, writeDate: '', lines: invoice.lines.map((line) => ({ ...line, id: 0 })) });
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]).toMatchObject({
      ...{ partner: { id: ids.termed }, reference: 'new', terms: '', total: 321 },
      ...{ invoiceDate: '2026-11-05', dueDate: '2026-11-20', paymentTerm: { id: ids.term } },
      lines: [{ label: 'Other', quantity: 1.5, taxes: [{ name: '7%' }] }],
    });
  });

  it('a revision without a due date forgets that of an earlier one', async () => {
    const key = keyOf(`${protocol}_forgets`);
    const { id } = await createDraft(odoo, key, draft({ dueDate: '2027-03-01' }));
    await reviseDraft(odoo, key, draft({ invoiceDate: '2026-11-05' }));
    expect(await existing(odoo, id)).toMatchObject({ dueDate: '2026-11-05', paymentTerm: null });
  });

  it('what a person did to a document is not revised away', async () => {
    const key = keyOf(`${protocol}_touched`);
    const revised = (change: Partial<DraftInput> = {}): Promise<OdooFault> =>
      faultOf(reviseDraft(odoo, key, draft({ reference: 'x', ...change })));
    expect((await revised()).code).toBe('missing');
    const { id } = await createDraft(odoo, key, draft());
    expect((await revised({ type: 'out_refund' })).message).toContain('another kind');
    await post(id);
    expect((await revised()).message).toMatch(/it is posted already, as INV\//);
    await ofAdmin('account.move', 'button_draft', id);
    expect((await revised()).message).toContain('posted once and reset to draft by a person');
    await ofAdmin('account.move', 'button_cancel', id);
    expect(await revised()).toMatchObject({ code: 'refused', class: 'logic' });
    expect(await existing(odoo, id)).toMatchObject({ state: 'cancel', postedBefore: true, reference: '' });
    expect(await createDraft(odoo, key, draft())).toEqual({ id, created: false });
  });

  it('a key that names another document is refused, and nothing is written', async () => {
    const key = keyOf(`${protocol}_taken`);
    const { id } = await createDraft(odoo, key, draft());
    for (const other of [draft({ partnerId: ids.vendor }), draft({ type: 'in_invoice' })]) {
      await expect(createDraft(odoo, key, other)).rejects.toMatchObject({
        ...{ code: 'refused', message: 'the key of this task belongs to another document in Odoo' },
      });
    }
    await expect(findDraft(odoo, 'base.main_company')).rejects.toMatchObject({ code: 'invalid_call' });
    expect((await existing(odoo, id)).partner?.id).toBe(ids.customer);
  });

  it('a draft that a person deleted is gone, and the next one is new', async () => {
    const key = keyOf(`${protocol}_deleted`);
    const { id } = await createDraft(odoo, key, draft());
    await ofAdmin('account.move', 'unlink', id);
    expect(await findDraft(odoo, key)).toBeNull();
    expect(await readInvoice(odoo, id)).toBeNull();
    const again = await createDraft(odoo, key, draft());
    expect(again.created).toBe(true);
    expect(again.id).not.toBe(id);
  });

  it('what Odoo cannot take is refused in words, and makes nothing', async () => {
    const line = { label: 'x', quantity: 1, priceUnit: 1 };
    const wrong: readonly (readonly [string, Partial<DraftInput>, RegExp])[] = [
      ['partner', { partnerId: 999_999 }, /No matching record found for database id '999999' in field/],
      ['tax', { lines: [{ ...line, taxIds: [999_999] }] }, /999999.*Taxes/],
      ['product', { lines: [{ ...line, productId: 999_999 }] }, /999999.*Product/],
      ['journal', { journalId: 999_999 }, /999999.*Journal/],
    ];
    for (const [name, change, words] of wrong) {
      const key = keyOf(`${protocol}_wrong_${name}`);
      const fault = await faultOf(createDraft(odoo, key, draft(change)));
      expect(fault, name).toMatchObject({ code: 'refused', class: 'logic' });
      expect(fault.message).toMatch(words);
      expect(await findDraft(odoo, key)).toBeNull();
      // Odoo itself still remembers the key; the corrected draft is made all the same.
      expect(await createDraft(odoo, key, draft())).toMatchObject({ created: true });
    }
  });

  it('sixteen racing callers make one draft', async () => {
    const key = keyOf(`${protocol}_race`);
    const callers = await Promise.all(Array.from({ length: 16 }, () => createDraft(odoo, key, draft())));
    expect(new Set(callers.map(({ id }) => id)).size).toBe(1);
    expect(callers.some(({ created }) => created)).toBe(true);
    const domain = `select count(*) from ir_model_data where name = 'od_${protocol}_race'`;
    expect(await server.sql(domain)).toBe('1');
    expect((await existing(odoo, callers[0]!.id)).lines).toHaveLength(2);
  });

  it('a file is put on the draft once', async () => {
    const key = keyOf(`${protocol}_file`);
    const file = {
      name: 'Bill ☕.pdf',
      mimeType: 'application/pdf',
      bytes: Buffer.from(`%PDF-1.4 ${protocol}`),
    };
    await expect(attach(odoo, key, file)).rejects.toMatchObject({ code: 'missing' });
    const { id } = await createDraft(odoo, key, draft({ type: 'in_invoice', partnerId: ids.vendor }));
    const [one, two] = [
      await attach(odoo, key, file),
      await attach(odoo, key, { ...file, name: 'other.pdf' }),
    ];
    expect(two).toEqual({ id: one.id, created: false });
    const racing = { ...file, bytes: Buffer.from('%PDF-1.4 racing') };
    const all = await Promise.all([1, 2, 3, 4].map(() => attach(odoo, key, racing)));
    expect(new Set(all.map((made) => made.id)).size).toBe(1);
    const kept = await server.call('ir.attachment', 'search_read', {
      domain: [
        ['res_model', '=', 'account.move'],
        ['res_id', '=', id],
      ],
      ...{ fields: ['name', 'mimetype', 'raw'], order: 'id' },
    });
    expect(kept).toHaveLength(2);
    expect(kept).toMatchObject([{ name: 'Bill ☕.pdf', mimetype: 'application/pdf' }, {}]);
    await ofAdmin('account.move', 'button_cancel', id);
    await expect(attach(odoo, key, { ...file, bytes: Buffer.from('x') })).rejects.toMatchObject({
      code: 'refused',
    });
  });

  it('partners: the exact ones first, by address, number, reference or name', async () => {
    const find = (query: string): Promise<(string | null)[][]> =>
      findPartners(odoo, { query }).then(({ items }) => items.map(({ name, exact }) => [name, exact]));
    expect(await find('BILLING@mueller.example')).toEqual([['Müller & Söhne <GmbH> ☕', 'email']]);
    expect(await find('x-77')).toContainEqual(['Müller & Söhne <GmbH> ☕', 'vat']);
    expect(await find('C-1')).toEqual([['Müller & Söhne <GmbH> ☕', 'reference']]);
    expect(await find('paper supply')).toEqual([
      ['Paper Supply', 'name'],
      ['Paper Supply North', null],
    ]);
    expect(await find('mueller.example')).toHaveLength(2);
    expect(await find('nobody@example.org')).toEqual([]);
    // A wildcard of the database is no exact match of everything.
    expect((await find('%')).filter(([, exact]) => exact !== null)).toEqual([]);
    const { items } = await findPartners(odoo, { query: 'anna@mueller.example' });
    expect(items).toMatchObject([
      { isCompany: false, parent: { id: ids.customer }, commercialId: ids.customer, exact: 'email' },
    ]);
    const byId = await findPartners(odoo, { ids: [ids.vendor, 999_999, ids.customer] });
    expect(byId.items.map(({ id }) => id)).toEqual([ids.vendor, ids.customer]);
    expect(byId.items[1]).toMatchObject({ street: 'Ring 1', city: 'Wien', country: '', isCompany: true });
  });

  it('pages are whole: nothing twice, nothing left out', async () => {
    const seen: number[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof findPartners>> = await findPartners(odoo, {
        ...{ query: 'paper', limit: 1, after },
      });
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
    } while (after !== null && seen.length < 10);
    expect(seen).toHaveLength(2);
    expect(new Set(seen).size).toBe(2);
    await expect(findPartners(odoo, { query: 'paper', after: 'x' })).rejects.toMatchObject({
      code: 'invalid_call',
    });
    await expect(findPartners(odoo, { query: 'paper', limit: 101 })).rejects.toMatchObject({
      code: 'invalid_call',
    });
    await expect(findPartners(odoo, { query: '' })).rejects.toMatchObject({ code: 'invalid_call' });
  });

  it('products: by code, barcode or name', async () => {
    const find = async (query: string): Promise<unknown> =>
      (await findProducts(odoo, { query })).items.map(({ code, exact }) => [code, exact]);
    expect(await find('cons')).toEqual([
      ['CONS', 'code'],
      ['CONS-S', null],
    ]);
    expect(await find('4006381333931')).toEqual([['CONS', 'barcode']]);
    expect(await find('Consulting')).toEqual([
      ['CONS', 'name'],
      ['CONS-S', null],
    ]);
    const [one] = (await findProducts(odoo, { query: 'CONS' })).items;
    expect(one).toMatchObject({
      id: ids.product,
      listPrice: 120,
      saleTaxIds: [ids.tax7],
      canBeBought: false,
    });
    const bought = await findProducts(odoo, { query: 'cons', use: 'purchase' });
    expect(bought.items.map(({ code }) => code)).toEqual(['CONS-S']);
  });

  it('taxes, journals, payment terms, currencies', async () => {
    const { items: taxes } = await listTaxes(odoo, { use: 'sale' });
    expect(taxes).toContainEqual(
      expect.objectContaining({
        id: ids.tax7,
        name: '7%',
        use: 'sale',
        amount: 7,
        amountType: 'percent',
        priceInclude: false,
      }),
    );
    expect(taxes.every(({ use }) => use === 'sale')).toBe(true);
    const { items: journals } = await listJournals(odoo, { type: 'purchase' });
    expect(journals).toMatchObject([{ code: 'BILL', type: 'purchase' }]);
    const terms = await listPaymentTerms(odoo, { limit: 2 });
    expect(terms.items).toContainEqual({ id: ids.term, name: '15 Days' });
    expect(terms.next).toBe('2');
    expect(await findCurrency(odoo, { code: 'usd' })).toMatchObject({ code: 'USD', decimals: 2 });
    expect(await findCurrency(odoo, { code: 'XXX' })).toBeNull();
    const ledger = await readLedger(odoo);
    expect(ledger).toMatchObject({ company: { name: 'Example Books' }, companyCurrency: 'USD' });
    expect(ledger.currencies.map(({ name }) => name)).toContain('USD');
  });

  it('twins: the same amount within sixty days, the same reference at any time', async () => {
    const line = (price: number): DraftInput['lines'] => [
      { label: protocol, quantity: 1, priceUnit: price, taxIds: [] },
    ];
    const price = { json2: 1001, jsonrpc: 1002, xmlrpc: 1003 }[protocol];
    const bill = async (name: string, change: Partial<DraftInput>): Promise<number> => {
      const input = draft({ type: 'in_invoice', partnerId: ids.vendor, lines: line(price), ...change });
      return (await createDraft(odoo, keyOf(`${protocol}_twin_${name}`), input)).id;
    };
    const first = await bill('first', { reference: `V-${protocol}`, invoiceDate: '2026-11-01' });
    const amount = await bill('amount', { invoiceDate: '2026-11-20' });
    const reference = await bill('reference', {
      ...{ reference: `V-${protocol}`, invoiceDate: '2025-01-01', lines: line(price + 500) },
    });
    await bill('far', { invoiceDate: '2026-05-01' });
    await bill('cents', { invoiceDate: '2026-11-01', lines: line(price + 0.01) });
    const cancelled = await bill('cancelled', { invoiceDate: '2026-11-01' });
    await ofAdmin('account.move', 'button_cancel', cancelled);
    const twins = await findTwins(odoo, await existing(odoo, first), TODAY);
    expect(twins.map(({ id, why }) => [id, why])).toEqual([
      [amount, 'same amount'],
      [reference, 'same reference'],
    ]);
    expect(twins[1]).toMatchObject({
      state: 'draft',
      number: null,
      total: price + 500,
      reference: `V-${protocol}`,
    });
  });

  it('lists, aging and one account add up', async () => {
    const before = await partnerAccount(odoo, { partnerId: ids.contact });
    const aging = await agingReport(odoo, { side: 'receivable', asOf: '2027-01-15' });
    const line = [{ label: 'x', quantity: 1, priceUnit: 100.1, taxIds: [] }];
    const invoice = await createDraft(
      odoo,
      keyOf(`${protocol}_open`),
      draft({ partnerId: ids.contact, invoiceDate: '2026-11-01', dueDate: '2026-12-10', lines: line }),
    );
    const credit = await createDraft(
      odoo,
      keyOf(`${protocol}_credit`),
      draft({
        type: 'out_refund',
        invoiceDate: '2026-11-01',
        dueDate: '2026-12-10',
        lines: [{ ...line[0]!, priceUnit: 0.2 }],
      }),
    );
    await post(invoice.id);
    await post(credit.id);
    const account = await partnerAccount(odoo, { partnerId: ids.contact, limit: 100 });
    expect(account).toMatchObject({ partner: { id: ids.customer }, currency: 'USD', cut: false });
    expect(account?.receivable).toBeCloseTo((before?.receivable ?? 0) + 99.9, 9);
    expect(account?.open.items.map(({ id }) => id)).toEqual(expect.arrayContaining([invoice.id, credit.id]));
    expect(await partnerAccount(odoo, { partnerId: 999_999 })).toBeNull();

    const now = await agingReport(odoo, { side: 'receivable', asOf: '2027-01-15' });
    expect(now.totals.days31to60).toBeCloseTo(aging.totals.days31to60 + 99.9, 9);
    const total = now.rows.reduce((sum, row) => sum + row.total, 0);
    expect(total).toBeCloseTo(now.totals.total, 9);
    expect(now).toMatchObject({ currency: 'USD', cut: false });
    expect((await agingReport(odoo, { side: 'payable', asOf: '2027-01-15' })).totals.total).toBe(0);

    expect((await listed(odoo, { open: true })).map(({ id }) => id)).toContain(invoice.id);
    expect((await listed(odoo, { overdueOn: '2026-12-10' })).map(({ id }) => id)).not.toContain(invoice.id);
    const late = (await listed(odoo, { overdueOn: '2026-12-11' })).find(({ id }) => id === invoice.id);
    expect(late).toMatchObject({
      state: 'posted',
      residual: 100.1,
      paymentState: 'not_paid',
      dueDate: '2026-12-10',
    });
    expect((await listed(odoo, { types: ['out_refund'], state: 'posted' })).map(({ id }) => id)).toContain(
      credit.id,
    );
    expect((await listed(odoo, { query: late?.number ?? '' })).map(({ id }) => id)).toEqual([invoice.id]);
    expect(await listed(odoo, { dateFrom: '2030-01-01' })).toEqual([]);
  });

  it('what is not on the list is refused before it is sent', async () => {
    const { id } = await createDraft(odoo, keyOf(`${protocol}_list`), draft());
    for (const [method, args] of [
      ['action_post', {}],
      ['write', { vals: { state: 'posted' } }],
      ['write', { vals: { auto_post: 'at_date' } }],
      ['unlink', {}],
    ] as const) {
      const call = odoo.call({ model: 'account.move', method, ids: [id], args });
      await expect(call).rejects.toMatchObject({ code: 'invalid_call', class: 'data' });
    }
    expect((await existing(odoo, id)).state).toBe('draft');
  });
});

describe('a link to a document', () => {
  it('is one that 19 sends to its web client, and one for the versions before', async () => {
    const link = invoiceLink(`${server.url}/`, '19.0', 7);
    expect(link).toBe(`${server.url}/odoo/account.move/7`);
    // Not logged in: to the login, and from there back to this place.
    const answer = await fetch(link, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      expect.stringContaining(encodeURIComponent('/odoo/account.move/7')),
    ]);
    expect(invoiceLink('https://books.example.org/x', '14.0', 7)).toBe(
      'https://books.example.org/x/web#id=7&model=account.move&view_type=form',
    );
  });
});
