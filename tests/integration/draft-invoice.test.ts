import { describe, expect, it } from 'vitest';
import { readInvoiceBody, renderInvoiceBody } from '../../src/core/odoo/invoice-body.ts';
import { invoiceProperties, invoiceSection } from '../../src/core/odoo/invoice-section.ts';
import { postActionOf } from '../../src/core/odoo/post-action.ts';
import { parseNote, renderNote, type TaskNote, withData } from '../../src/core/task-file.ts';
import { idInName } from '../../src/core/task-id.ts';
import {
  drafted,
  INBOX,
  MINE,
  OFFERED,
  openInvoicer,
  requestNote,
  withRequest,
} from '../helpers/invoicer.ts';
import { ACME } from '../helpers/scripted-books.ts';

function withFeedback(note: TaskNote, feedback: string): TaskNote {
  return { data: note.data, body: renderInvoiceBody({ ...readInvoiceBody(note.body), feedback }) };
}

describe('a request for an invoice', () => {
  it('becomes one draft in the books and one card that can be approved', async () => {
    const invoicer = await drafted();
    expect(await invoicer.names(INBOX)).toEqual([]);
    expect(await invoicer.names(MINE)).toEqual([]);
    const { name, note } = await invoicer.card();
    const id = idInName(name);
    expect(name).toMatch(/^ACME November od-[0-9a-f]{16}\.md$/);
    const [[task, invoice] = [], ...others] = invoicer.books.documents;
    expect([task, others]).toEqual([id, []]);
    expect(note.data).toMatchObject({
      id,
      kind: 'odoo_invoice',
      customer: 'ACME GmbH',
      purchase_reference: 'PO-77',
      drafted_by: 'odoo-mcp',
      drafted_at: '2026-11-20T10:00:00',
      expires: '2026-11-23T10:00:00',
      claimed_by: 'cloud-agent',
      odoo_link: 'https://books.example.org/odoo/action/107',
      ...invoiceProperties(invoice!),
    });
    const action = postActionOf(note);
    expect(action).toMatchObject({
      ok: true,
      action: { id, odooId: 107, section: invoiceSection(invoice!) },
    });
  });

  it('becomes a card that is read in ten seconds', async () => {
    const { verdict } = await (await drafted()).card();
    expect(verdict).toBe(
      [
        '> [!question|handover] Invoice for ACME GmbH: 1,190.00 EUR',
        '> **Due** 2026-12-20 · **Date** the day of posting · 1 line, tax 190.00 EUR · **Reference** PO-77',
        '> ',
        '> **Move this note to**',
        '> - `Approved`: it is posted in Odoo, as it stands here',
        '> - `Rejected`: nothing is posted; the draft stays in Odoo',
        '> - `Needs_Action/odoo`: it is drafted again, by the request below as you change it',
      ].join('\n'),
    );
  });

  it('keeps the words of the request below the card', async () => {
    const { note } = await (await drafted(requestNote({}, undefined, 'Thank you.'))).card();
    const { request } = readInvoiceBody(note.body);
    expect(request).toContain('| Consulting in November | 10 | 100 | 19% |');
    expect(request).toContain('## Note\n\nThank you.');
  });

  it('says what a bookkeeper would stop at', async () => {
    const invoicer = await openInvoicer();
    invoicer.books.partners[0] = { ...ACME, email: '', vat: '', street: '', city: '' };
    invoicer.books.twins.push({
      id: 90,
      number: 'INV/2026/00012',
      state: 'posted',
      date: '2026-11-02',
      total: 1000,
      reference: '',
      why: 'same amount',
    });
    const request = requestNote(
      { currency: 'USD', invoice_date: '2026-08-01', due_date: '2026-08-15', covering_mail: true },
      '| Description | Price | Taxes |\n|---|---|---|\n| Consulting | 1000 | none |',
    );
    await invoicer.put(`${INBOX}/x.md`, request);
    await invoicer.pass();
    const { verdict, note } = await invoicer.card();
    expect(verdict).toContain('[!warning|handover] Invoice for ACME GmbH: 1,000.00 USD');
    expect(verdict).toContain('INV/2026/00012 of 2026-11-02 (1,000.00) has the same partner and amount.');
    expect(verdict).toContain('No tax on one line.');
    expect(verdict).toContain('Odoo has no address and no e-mail address and no VAT number of this partner.');
    expect(verdict).toContain("In USD; your company's currency is EUR.");
    expect(verdict).toContain('The date 2026-08-01 lies in a month that may be closed.');
    expect(verdict).toContain('The due date 2026-08-15 has passed.');
    expect(verdict).toContain('a covering mail with the PDF');
    expect(postActionOf(note)).toMatchObject({ ok: true, action: { coveringMail: true } });
  });

  it('says when Odoo made something else of it', async () => {
    const invoicer = await openInvoicer();
    const create = invoicer.books.createDraft.bind(invoicer.books);
    invoicer.books.createDraft = async (task, draft, signal) => {
      const made = await create(task, draft, signal);
      if (!made.ok) return made;
      const invoice = { ...made.value.invoice, dueDate: '2027-01-31' };
      return { ok: true, value: { ...made.value, invoice } };
    };
    await invoicer.put(`${INBOX}/x.md`, requestNote({ due_date: '2026-12-01' }));
    await invoicer.pass();
    expect((await invoicer.card()).verdict).toContain(
      '**Careful:** Due date: asked for 2026-12-01, Odoo has 2027-01-31.',
    );
  });

  it('takes price, tax and words of a product from Odoo', async () => {
    const invoicer = await drafted(requestNote({}, '| Product | Menge |\n|---|---|\n| C-1 | 2,5 |'));
    const [invoice] = [...invoicer.books.documents.values()];
    expect(invoice?.lines).toMatchObject([
      { label: '[C-1] Consulting', quantity: 2.5, priceUnit: 95, taxes: [{ id: 1 }] },
    ]);
  });
});

describe('what is unclear is asked, and nothing is drafted', () => {
  const product = '| Product | Quantity |\n|---|---|\n';
  const plain = '| Description | Price | Taxes |\n|---|---|---|\n';
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      'an unknown customer',
      requestNote({ customer: 'Nobody Ltd' }),
      ['Odoo knows no customer “Nobody Ltd”.'],
    ],
    [
      'a part of a name',
      requestNote({ customer: 'ACM' }),
      ['No contact in Odoo is exactly “ACM”.', '#42 · ACME GmbH · Ring 1 · Berlin', 'customer', '"#42"'],
    ],
    ['a bare number', requestNote({ customer: 42 }), ['"#42"']],
    ['nobody', requestNote({ customer: '' }), ['For whom?']],
    ['a product that is not there', requestNote({}, `${product}| Nothing | 1 |`), ['no product “Nothing”']],
    [
      'a part of the name of a product',
      requestNote({}, `${product}| Consult | 1 |`),
      ['no product is exactly “Consult”', '#12 · [C-1] Consulting'],
    ],
    [
      'no tax',
      requestNote({}, `${plain}| Work | 5 | |`),
      ['Line 1 names no tax.', '#1 · 19% USt · 19 %', '`none`'],
    ],
    ['a tax that is not there', requestNote({}, `${plain}| Work | 5 | 21% |`), ['Odoo has no tax “21%”']],
    [
      'an ambiguous amount',
      requestNote({}, `${plain}| Work | 1.234 | 19% |`),
      ['1.234 can be read in two ways'],
    ],
    ['an unknown currency', requestNote({ currency: 'XYZ' }), ['Odoo has no active currency “XYZ”']],
    [
      'unknown payment terms',
      requestNote({ payment_terms: '99 days' }),
      ['no payment terms “99 days”', '30 Days'],
    ],
    [
      'an unknown journal',
      requestNote({ journal: 'Vendor Bills' }),
      ['no sales journal', 'Customer Invoices'],
    ],
    [
      'a bill without date and number',
      requestNote({ kind: 'odoo_bill', customer: '', vendor: 'ACME GmbH', purchase_reference: '' }),
      ['needs the date', "needs the vendor's number"],
    ],
    ['a credit note for nothing', requestNote({ kind: 'odoo_credit_note' }), ['Which document is credited?']],
    [
      'a credit note for a document that is not there',
      requestNote({ kind: 'odoo_credit_note', credits: 'INV/2026/00001' }),
      ['Odoo has no document “INV/2026/00001” to credit.'],
    ],
    ['another kind', requestNote({ kind: 'odoo_payment' }), ['odoo_invoice, odoo_bill or odoo_credit_note']],
    [
      'a foreign unit',
      requestNote({}, '| Product | Unit |\n|---|---|\n| C-1 | Days |'),
      ['“Hours”', '“Days”'],
    ],
    ['no lines', requestNote({}, 'ten hours'), ['no table of lines']],
  ];
  it.each(cases)('%s', async (_, note, words) => {
    const invoicer = await drafted(note);
    const card = await invoicer.card();
    for (const word of words) expect(card.verdict).toContain(word);
    expect(card.verdict).toMatch(/^> \[!question\|handover\] Before this can be drafted/);
    expect(card.note.data['odoo_id']).toBeUndefined();
    expect(readInvoiceBody(card.note.body).invoice).toBeNull();
    expect(postActionOf(card.note).ok).toBe(false);
    expect(invoicer.books.calls).not.toContain('createDraft');
  });

  it('more than one customer of that name, each with its number and town', async () => {
    const invoicer = await openInvoicer();
    invoicer.books.partners.push({ ...ACME, id: 43, city: 'Hamburg' });
    await invoicer.put(`${INBOX}/x.md`, requestNote());
    await invoicer.pass();
    const { verdict } = await invoicer.card();
    expect(verdict).toContain('More than one contact in Odoo fits “ACME GmbH”.');
    expect(verdict).toMatch(/#42 · ACME GmbH · Ring 1 · Berlin[^]*#43 · ACME GmbH · Ring 1 · Hamburg/);
  });

  it('a question that is answered becomes a draft, under the same id', async () => {
    const invoicer = await drafted(requestNote({ customer: 'ACM' }));
    const name = await invoicer.giveBack((note) => withData(note, { customer: '#42' }));
    await invoicer.pass();
    const card = await invoicer.card();
    expect(card.name).toBe(name);
    expect(postActionOf(card.note).ok).toBe(true);
    expect(invoicer.books.documents.size).toBe(1);
  });

  it.each([
    ['of another partner', { partner: { id: 7, name: 'Other' } }, 'is of “Other”, not of “ACME GmbH”'],
    ['that is a draft', { state: 'draft' as const }, 'is not posted'],
    ['in another currency', { currency: 'USD' }, 'is in “USD”'],
  ])('a credit note for a document %s', async (_, change, words) => {
    const invoicer = await openInvoicer();
    invoicer.books.invoices.push({
      id: 1,
      number: 'INV/2026/00001',
      type: 'out_invoice',
      state: 'posted',
      partner: { id: 42, name: 'ACME GmbH' },
      currency: 'EUR',
      total: 100,
      ...change,
    });
    await invoicer.put(`${INBOX}/x.md`, requestNote({ kind: 'odoo_credit_note', credits: 'INV/2026/00001' }));
    await invoicer.pass();
    expect((await invoicer.card()).verdict).toContain(words);
  });
});

describe('a bill and a credit note', () => {
  it('a bill is drafted with its date and number', async () => {
    const invoicer = await drafted(
      requestNote({
        kind: 'odoo_bill',
        customer: '',
        vendor: 'billing@acme.example',
        purchase_reference: 'R-9',
        invoice_date: '2026-11-18',
      }),
    );
    const { verdict } = await invoicer.card();
    expect(verdict).toContain('Bill from ACME GmbH: 1,190.00 EUR');
    const [bill] = [...invoicer.books.documents.values()];
    expect(bill).toMatchObject({ type: 'in_invoice', reference: 'R-9', invoiceDate: '2026-11-18' });
  });

  it('a credit note says what it is for', async () => {
    const invoicer = await openInvoicer();
    invoicer.books.invoices.push({
      id: 1,
      number: 'INV/2026/00001',
      type: 'out_invoice',
      state: 'posted',
      partner: { id: 42, name: 'ACME GmbH' },
      currency: 'EUR',
      total: 1190,
    });
    const request = requestNote({
      kind: 'odoo_credit_note',
      credits: 'INV/2026/00001',
      purchase_reference: '',
    });
    await invoicer.put(`${INBOX}/x.md`, request);
    await invoicer.pass();
    const [note] = [...invoicer.books.documents.values()];
    expect(note).toMatchObject({
      type: 'out_refund',
      reference: 'Credit note for INV/2026/00001',
      origin: 'INV/2026/00001',
    });
  });
});

describe('a card that comes back', () => {
  it('unchanged, is the same card again and no second draft', async () => {
    const invoicer = await drafted();
    const before = await invoicer.card();
    await invoicer.giveBack((note) => note);
    invoicer.books.calls.length = 0;
    await invoicer.pass();
    const after = await invoicer.card();
    expect(readInvoiceBody(after.note.body)).toEqual(readInvoiceBody(before.note.body));
    expect(after.note.data['request_hash']).toBe(before.note.data['request_hash']);
    expect(invoicer.books.calls).not.toContain('createDraft');
    expect(invoicer.books.calls).not.toContain('reviseDraft');
    expect(invoicer.books.documents.size).toBe(1);
  });

  it('with another quantity, is the same draft revised, and says what changed', async () => {
    const invoicer = await drafted();
    await invoicer.giveBack((note) => withRequest(note, (r) => r.replace('| 10 |', '| 12 |')));
    await invoicer.pass();
    const { note, verdict } = await invoicer.card();
    expect(note.data).toMatchObject({ odoo_id: 107, amount_total: 1428 });
    expect(verdict).toContain('Invoice for ACME GmbH: 1,428.00 EUR');
    expect(verdict).toContain('**Changed** since the last card:');
    expect(verdict).toContain('| Consulting in November | 12 |');
    expect(note.data['title']).toBe('Invoice for ACME GmbH');
    expect(invoicer.books.documents.size).toBe(1);
    expect(postActionOf(note).ok).toBe(true);
  });

  it('has a title that follows what it is, and keeps one of the user', async () => {
    const invoicer = await drafted();
    invoicer.books.partners.push({ ...ACME, id: 50, name: 'Bolt AG' });
    const titles: unknown[] = [];
    for (const change of [
      { customer: 'nobody' },
      { customer: 'Bolt AG' },
      { title: 'Mine' },
      { customer: '#42' },
    ]) {
      await invoicer.giveBack((note) => withData(note, change));
      await invoicer.pass();
      titles.push((await invoicer.card()).note.data['title']);
    }
    expect(titles).toEqual(['Request for Odoo', 'Invoice for Bolt AG', 'Mine', 'Mine']);
  });

  it('does not take for a wish what Odoo had filled in, and takes what the user wrote over it', async () => {
    const invoicer = await drafted();
    const { note } = await invoicer.card();
    expect(note.data['due_date']).toBe('2026-12-20');
    await invoicer.giveBack((card) => withData(card, { payment_terms: '30 Days' }));
    await invoicer.pass();
    expect((await invoicer.card()).verdict).not.toContain('Both `payment_terms` and `due_date`');
    await invoicer.giveBack((card) => withData(card, { payment_terms: '', due_date: '2027-01-15' }));
    await invoicer.pass();
    const [invoice] = [...invoicer.books.documents.values()];
    expect(invoice?.dueDate).toBe('2027-01-15');
    await invoicer.giveBack((card) => withRequest(card, (r) => r.replace('| 10 |', '| 11 |')));
    await invoicer.pass();
    expect([...invoicer.books.documents.values()][0]?.dueDate).toBe('2027-01-15');
  });

  it('with words under Feedback that nobody understands, asks and keeps them', async () => {
    const invoicer = await drafted();
    await invoicer.giveBack((note) => withFeedback(note, 'make it [[twelve]] hours'));
    await invoicer.pass();
    const { note, verdict } = await invoicer.card();
    expect(verdict).toContain('Your words under Feedback were not understood');
    expect(verdict).toContain('make it [ [twelve] ] hours');
    expect(readInvoiceBody(note.body).feedback).toBe('make it [[twelve]] hours');
    expect(postActionOf(note).ok).toBe(false);
    await invoicer.giveBack((card) => withFeedback(card, ''));
    await invoicer.pass();
    expect(postActionOf((await invoicer.card()).note)).toMatchObject({ ok: true, action: { odooId: 107 } });
    expect(invoicer.books.documents.size).toBe(1);
  });

  it('with words that a reviser understands, is revised once, and the words are history', async () => {
    const invoicer = await drafted();
    await invoicer.giveBack((note) => withFeedback(note, 'twelve hours, for somebody'));
    const reviser = {
      revise: (note: TaskNote) =>
        Promise.resolve({
          ok: true as const,
          note: withData(
            withRequest(note, (r) => r.replace('| 10 |', '| 12 |')),
            { customer: 'ACM' },
          ),
          remarks: ['Quantity is 12, as you asked.'],
        }),
    };
    await invoicer.pass({ reviser });
    const asks = await invoicer.card();
    expect(asks.verdict).toContain('No contact in Odoo is exactly');
    expect(readInvoiceBody(asks.note.body).feedback).toBe('');
    expect(asks.note.data['feedback_history']).toEqual(['2026-11-20 10:00:00 twelve hours, for somebody']);
    await invoicer.giveBack((card) => withData(card, { customer: '#42' }));
    await invoicer.pass({ reviser });
    expect((await invoicer.card()).note.data['amount_total']).toBe(1428);
  });

  it('whose draft was deleted in Odoo, gets a new one and says so', async () => {
    const invoicer = await drafted();
    await invoicer.giveBack((note) => note);
    invoicer.books.documents.clear();
    await invoicer.pass();
    const { note, verdict } = await invoicer.card();
    expect(note.data['odoo_id']).toBe(108);
    expect(verdict).toContain('The earlier draft (#107) is gone from Odoo; this is a new one.');
  });

  it.each([
    ['posted', 'is posted in Odoo already, as INV/2026/00001'],
    ['cancel', 'was cancelled in Odoo'],
  ] as const)('whose document is %s, is a question and changes nothing', async (state, words) => {
    const invoicer = await drafted();
    await invoicer.giveBack((note) => withRequest(note, (r) => r.replace('| 10 |', '| 12 |')));
    for (const [id, invoice] of invoicer.books.documents)
      invoicer.books.documents.set(id, { ...invoice, state, number: 'INV/2026/00001' });
    await invoicer.pass();
    const { note, verdict } = await invoicer.card();
    expect(verdict).toContain(words);
    expect(note.data['odoo_id']).toBeUndefined();
    expect([...invoicer.books.documents.values()]).toMatchObject([{ state, total: 1190 }]);
  });
});

describe('notes that are something else', () => {
  it('a copy of a request that still lies somewhere is a request of its own', async () => {
    const invoicer = await drafted();
    const first = await invoicer.card();
    const copy = withRequest(first.note, (r) => r.replace('| 10 |', '| 1 |'));
    await invoicer.put(`${INBOX}/ACME November ${idInName(first.name)!} 1.md`, renderNote(copy));
    await invoicer.pass();
    const names = await invoicer.names(OFFERED);
    expect(names).toHaveLength(2);
    const own = names.find((name) => name !== first.name)!;
    const read = await invoicer.vault.read({ folder: OFFERED, name: own });
    const parsed = parseNote(read.ok ? read.text : '');
    expect(parsed.ok && parsed.note.data).toMatchObject({
      id: idInName(own),
      odoo_id: 108,
      amount_total: 119,
    });
    expect([...invoicer.books.documents.values()].map((one) => one.total)).toEqual([1190, 119]);
  });

  it('a second note of the same id never comes to the books', async () => {
    const invoicer = await drafted();
    const { name, note } = await invoicer.card();
    await invoicer.put(
      `${INBOX}/Renamed ${idInName(name)!}.md`,
      renderNote(withRequest(note, (r) => r.replace('| 10 |', '| 99 |'))),
    );
    await invoicer.pass();
    expect(await invoicer.names('Conflicts')).toHaveLength(1);
    expect([...invoicer.books.documents.values()].map((one) => one.total)).toEqual([1190]);
    expect(await invoicer.names(OFFERED)).toEqual([name]);
  });

  it('a mail goes to the inbox of mails, under its name', async () => {
    const invoicer = await openInvoicer();
    await invoicer.put(`${INBOX}/Hello.md`, '---\nkind: email_new\nto: x@example.org\n---\nHello\n');
    await invoicer.pass();
    expect(await invoicer.names('Needs_Action/email')).toEqual(['Hello.md']);
    expect(invoicer.books.calls).toEqual([]);
  });

  it('a form that nobody filled in yet is left where it is', async () => {
    const invoicer = await openInvoicer();
    await invoicer.put(
      `${INBOX}/Form.md`,
      requestNote({ customer: '' }, '| Text | Price |\n|--|--|\n|  |  |'),
    );
    await invoicer.pass();
    expect(await invoicer.names(INBOX)).toEqual(['Form.md']);
    await invoicer.put(`${INBOX}/Form.md`, requestNote());
    await invoicer.pass();
    expect(await invoicer.names(OFFERED)).toHaveLength(1);
  });

  it('one that cannot be read is set aside with its reason', async () => {
    const invoicer = await openInvoicer();
    await invoicer.put(`${INBOX}/Broken.md`, 'no properties at all');
    await invoicer.pass();
    expect((await invoicer.names('Quarantine')).some((name) => name.includes('(why)'))).toBe(true);
  });
});
