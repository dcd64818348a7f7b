/** Drafts: made once, changed, told apart, with files. */
import { describe, expect, it } from 'vitest';
import { attach } from '../../../src/odoo/attach.ts';
import { createDraft } from '../../../src/odoo/create-draft.ts';
import { findDraft } from '../../../src/odoo/find-draft.ts';
import { findTwins } from '../../../src/odoo/find-twins.ts';
import { reviseDraft } from '../../../src/odoo/revise-draft.ts';
import { connect, type Desk, draftOf, drafted, faultOf, invoice, keyOf, line, post } from './books.ts';
import { json2 } from './raw.ts';

export function draftContract(desk: () => Desk): void {
  describe('a draft', () => {
    it('is made once: a repeat writes nothing, also with other content and after posting', async () => {
      const { odoo } = desk();
      const key = keyOf(desk(), 'once');
      expect(await findDraft(odoo, key)).toBeNull();
      const made = await createDraft(odoo, key, draftOf(desk(), { reference: 'one' }));
      expect(made.created).toBe(true);
      const before = await invoice(odoo, made.id);
      const again = draftOf(desk(), { reference: 'two', lines: [line('Other', 7)] });
      expect(await createDraft(odoo, key, again)).toEqual({ id: made.id, created: false });
      expect(await invoice(odoo, made.id)).toEqual(before);
      await post(desk(), made.id);
      expect(await createDraft(odoo, key, again)).toEqual({ id: made.id, created: false });
      expect(await findDraft(odoo, key)).toBe(made.id);
    });

    it('of eight racing callers is one', async () => {
      const key = keyOf(desk(), 'race');
      const input = draftOf(desk());
      const all = await Promise.all(Array.from({ length: 8 }, () => createDraft(desk().odoo, key, input)));
      expect(new Set(all.map((made) => made.id)).size).toBe(1);
      expect((await invoice(desk().odoo, all[0]!.id)).lines).toHaveLength(1);
    });

    it('that a person deleted is gone with its key; the next is another', async () => {
      const id = await drafted(desk(), 'deleted');
      await desk().call('account.move', 'unlink', { ids: [id] });
      expect(await findDraft(desk().odoo, keyOf(desk(), 'deleted'))).toBeNull();
      expect(await drafted(desk(), 'deleted')).toBeGreaterThan(id);
    });

    it('has no number, the words of the request, and the sections and notes of a person', async () => {
      const id = await drafted(desk(), 'words', {
        ...{ reference: 'PO <1>', origin: 'od-7', terms: 'Net 30\n<b>no</b> & yes' },
        lines: [line('Day one\nNovember', 12.5, { quantity: 2 })],
      });
      await desk().call('account.move', 'write', {
        ids: [id],
        vals: {
          invoice_line_ids: [
            [0, 0, { display_type: 'line_section', name: 'Part two', sequence: 200 }],
            [0, 0, { display_type: 'line_note', name: 'as agreed', sequence: 201 }],
          ],
        },
      });
      expect(await invoice(desk().odoo, id)).toMatchObject({
        ...{ number: null, state: 'draft', postedBefore: false, autoPost: 'no', paymentState: 'not_paid' },
        ...{ reference: 'PO <1>', origin: 'od-7', terms: 'Net 30\n<b>no</b> & yes' },
        ...{ partnerEmail: 'billing@mueller.example', partnerVat: 'X-77', invoiceDate: '2026-11-20' },
        ...{ journal: { name: 'Sales' }, currency: { name: 'USD' }, decimals: 2, total: 25 },
        lines: [
          { display: 'product', label: 'Day one\nNovember', quantity: 2, priceUnit: 12.5, subtotal: 25 },
          { display: 'section', label: 'Part two', quantity: 0, account: null, subtotal: 0 },
          { display: 'note', label: 'as agreed', taxes: [] },
        ],
      });
    });

    it("takes the product's name, price, unit and tax where the request leaves them out", async () => {
      const id = await drafted(desk(), 'product', {
        lines: [{ productId: desk().product, label: 'Consulting, May', quantity: 3, priceUnit: 110 }],
      });
      const { lines, tax } = await invoice(desk().odoo, id);
      expect(lines).toMatchObject([
        {
          ...{ product: { name: '[CONS] Consulting' }, label: 'Consulting, May', priceUnit: 110 },
          ...{ taxes: [{ name: '7%' }], unit: { name: 'Units' } },
        },
      ]);
      expect(tax).toBe(23.1);
    });

    it('goes by the terms of the partner, unless it says when it is due', async () => {
      const due = async (name: string, change: object): Promise<unknown> => {
        const id = await drafted(desk(), name, {
          partnerId: desk().termed,
          invoiceDate: '2026-11-05',
          ...change,
        });
        const { dueDate, paymentTerm } = await invoice(desk().odoo, id);
        return [dueDate, paymentTerm?.name];
      };
      expect(await due('terms', {})).toEqual(['2026-11-20', '15 Days']);
      expect(await due('due', { dueDate: '2027-03-01' })).toEqual(['2027-03-01', undefined]);
    });

    it.each([
      ['a partner that is not there', { partnerId: 999_999 }],
      ['a tax that is not there', { lines: [line('x', 1, { taxIds: [999_999] })] }],
      ['a journal of the other kind', { journalId: 2 }],
    ])('with %s is refused in words, and nothing is made', async (what, change) => {
      const key = keyOf(desk(), what.replaceAll(' ', '_'));
      const [code, words] = await faultOf(createDraft(desk().odoo, key, draftOf(desk(), change)));
      expect([code, words.length > 10]).toEqual(['refused', true]);
      expect(await findDraft(desk().odoo, key)).toBeNull();
    });
  });

  describe('a revision', () => {
    it('replaces lines, partner, dates and reference; a repeat changes nothing', async () => {
      const id = await drafted(desk(), 'revised', { dueDate: '2027-03-01', reference: 'old', terms: 'old' });
      const { t7 } = desk().taxes;
      const input = draftOf(desk(), {
        ...{ partnerId: desk().termed, invoiceDate: '2026-11-05', reference: 'new' },
        lines: [line('Other', 200, { quantity: 1.5, taxIds: [t7] })],
      });
      for (const attempt of ['first', 'repeat']) {
        expect(await reviseDraft(desk().odoo, keyOf(desk(), 'revised'), input), attempt).toEqual({ id });
        expect(await invoice(desk().odoo, id), attempt).toMatchObject({
          ...{ partner: { id: desk().termed }, reference: 'new', terms: '', total: 321 },
          ...{ invoiceDate: '2026-11-05', dueDate: '2026-11-20', paymentTerm: { name: '15 Days' } },
          lines: [{ label: 'Other', quantity: 1.5, taxes: [{ name: '7%' }] }],
        });
      }
    });

    it.each([
      ['posted', ['action_post']],
      ['reset', ['action_post', 'button_draft']],
      ['cancelled', ['button_cancel']],
    ])('of what a person has %s is refused', async (state, methods) => {
      const id = await drafted(desk(), `revise_${state}`);
      for (const method of methods) await desk().call('account.move', method, { ids: [id] });
      const revise = reviseDraft(desk().odoo, keyOf(desk(), `revise_${state}`), draftOf(desk()));
      expect((await faultOf(revise))[0]).toBe('refused');
    });

    it('of a draft that is gone says so', async () => {
      const revise = reviseDraft(desk().odoo, keyOf(desk(), 'never_made'), draftOf(desk()));
      expect((await faultOf(revise))[0]).toBe('missing');
    });
  });

  describe('a twin', () => {
    it('is another document of the same partner and amount, or of the same reference', async () => {
      const partnerId = await desk().make('res.partner', { name: `Twin ${desk().protocol}` });
      const lines = [line('Work', 77.7)];
      const one = await drafted(desk(), 'twin_1', { partnerId, lines, reference: 'T-1' });
      const two = await drafted(desk(), 'twin_2', { partnerId, lines });
      const three = await drafted(desk(), 'twin_3', { partnerId, reference: 'T-1' });
      const of = async (id: number): Promise<unknown> =>
        (await findTwins(desk().odoo, await invoice(desk().odoo, id), '2026-11-20')).map((twin) => [
          twin.id,
          twin.why,
        ]);
      expect(await of(two)).toEqual([[one, 'same amount']]);
      expect(await of(three)).toEqual([[one, 'same reference']]);
    });

    it('of a bill is not refused by Odoo 19: both are made', async () => {
      const bill = {
        type: 'in_invoice',
        partnerId: desk().vendor,
        reference: `VB-${desk().protocol}`,
      } as const;
      const [one, two] = [await drafted(desk(), 'bill_1', bill), await drafted(desk(), 'bill_2', bill)];
      const [row] = (await desk().call('account.move', 'read', {
        ids: [two],
        fields: ['duplicated_ref_ids'],
      })) as { duplicated_ref_ids: number[] }[];
      expect(row?.duplicated_ref_ids).toContain(one);
    });
  });

  describe('a file', () => {
    it('is put on the draft once, whatever it is called', async () => {
      const id = await drafted(desk(), 'file', { type: 'in_invoice', partnerId: desk().vendor });
      const bytes = Buffer.from(`%PDF-1.4 ${desk().protocol}`);
      const put = (name: string) =>
        attach(desk().odoo, keyOf(desk(), 'file'), { name, mimeType: 'application/pdf', bytes });
      const one = await put('Bill ☕.pdf');
      expect(await put('other.pdf')).toEqual({ id: one.id, created: false });
      const kept = await desk().call('ir.attachment', 'search_read', {
        domain: [
          ['res_model', '=', 'account.move'],
          ['res_id', '=', id],
        ],
        fields: ['name', 'mimetype', 'datas', 'file_size'],
      });
      expect(kept).toEqual([
        {
          ...{ id: one.id, name: 'Bill ☕.pdf', mimetype: 'application/pdf' },
          ...{ datas: bytes.toString('base64'), file_size: bytes.length },
        },
      ]);
    });
  });

  describe('the draft bot behind the guard', () => {
    const bot = () => connect(desk().server, desk().protocol, desk().server.draftBot);

    it('makes and changes drafts, with files', async () => {
      const odoo = await bot();
      const key = keyOf(desk(), 'bot');
      const { id } = await createDraft(odoo, key, draftOf(desk()));
      await reviseDraft(odoo, key, draftOf(desk(), { lines: [line('More', 250)] }));
      expect((await invoice(odoo, id)).total).toBe(250);
      const file = { name: 'a.txt', mimeType: 'text/plain', bytes: Buffer.from('a') };
      expect((await attach(odoo, key, file)).created).toBe(true);
    });

    it.each([
      ['action_post', {}],
      ['write', { vals: { state: 'posted' } }],
      ['write', { vals: { auto_post: 'at_date' } }],
      ['button_cancel', {}],
      ['unlink', {}],
    ])('cannot %s %j', async (method, args) => {
      const { id } = await createDraft(await bot(), keyOf(desk(), 'bot_kept'), draftOf(desk()));
      const call = { model: 'account.move', method, ids: [id], args };
      // By a right, by the record rule or by the automation, whichever comes first.
      expect([403, 422]).toContain((await json2(desk().server, desk().server.draftBot, call)).status);
      expect(await invoice(desk().odoo, id)).toMatchObject({ state: 'draft', autoPost: 'no' });
    });

    it("cannot change a person's draft", async () => {
      const id = await drafted(desk(), 'of_a_person');
      const call = { model: 'account.move', method: 'write', ids: [id], args: { vals: { ref: 'mine' } } };
      expect((await json2(desk().server, desk().server.draftBot, call)).status).toBe(403);
    });
  });
}
