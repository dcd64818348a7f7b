/** Posting: once, with a number, and everything Odoo refuses. */
import { describe, expect, it } from 'vitest';
import { type Desk, drafted, faultOf, invoice, line, post } from './books.ts';

export function postingContract(desk: () => Desk): void {
  const call = (method: string, ids: readonly number[], args: object = {}): Promise<unknown> =>
    desk().call('account.move', method, { ids, ...args });
  const state = async (id: number): Promise<readonly unknown[]> => {
    const { state: is, number, postedBefore } = await invoice(desk().odoo, id);
    return [is, number, postedBefore];
  };

  describe('posting', () => {
    it('gives a number, a date and a payment reference, and can be done once', async () => {
      const id = await drafted(desk(), 'post');
      expect(await post(desk(), id)).toBe(false);
      const posted = await invoice(desk().odoo, id);
      expect(posted).toMatchObject({
        state: 'posted',
        postedBefore: true,
        invoiceDate: '2026-11-20',
        total: 100,
      });
      expect(posted.number).toMatch(/^INV\/2026\/\d{5}$/);
      const [code, words] = await faultOf(post(desk(), id));
      expect([code, words]).toEqual(['refused', `The entry ${posted.number} (id ${id}) must be in draft.`]);
      expect(await invoice(desk().odoo, id)).toEqual(posted);
    });

    it('of four racing callers succeeds for one', async () => {
      const id = await drafted(desk(), 'post_race');
      const codes = await Promise.all(Array.from({ length: 4 }, () => faultOf(post(desk(), id))));
      expect(codes.map(([code]) => code).sort()).toEqual(['none', 'refused', 'refused', 'refused']);
    });

    it('numbers documents without gap, each kind in its own row', async () => {
      const number = async (name: string, change: object): Promise<readonly [string, number]> => {
        const id = await drafted(desk(), name, change);
        await post(desk(), id);
        const said = (await invoice(desk().odoo, id)).number ?? '';
        return [said.replace(/\d+$/, ''), Number(/\d+$/.exec(said)?.[0])];
      };
      const bill = { partnerId: desk().vendor, invoiceDate: '2026-11-20' };
      const kinds: readonly (readonly [object, string])[] = [
        [{}, 'INV/2026/'],
        [{ type: 'out_refund' }, 'RINV/2026/'],
        [{ type: 'in_invoice', ...bill }, 'BILL/2026/11/'],
        [{ type: 'in_refund', ...bill }, 'RBILL/2026/11/'],
      ];
      for (const [at, [change, prefix]] of kinds.entries()) {
        const one = await number(`row_${at}_1`, change);
        const two = await number(`row_${at}_2`, change);
        expect([one[0], two]).toEqual([prefix, [prefix, one[1] + 1]]);
      }
    });

    it('sets the day where there is none, and reckons the terms from it', async () => {
      const id = await drafted(desk(), 'undated', { partnerId: desk().termed, invoiceDate: undefined });
      expect((await invoice(desk().odoo, id)).invoiceDate).toBeNull();
      await post(desk(), id);
      const { invoiceDate, dueDate } = await invoice(desk().odoo, id);
      expect(invoiceDate).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(Date.parse(dueDate ?? '') - Date.parse(invoiceDate ?? '')).toBe(15 * 86_400_000);
    });

    it.each([
      ['nothing', [], {}, /Even magicians can't post nothing!/],
      ['less than nothing', [line('x', -5)], {}, /negative total amount/],
      [
        'a bill without a date',
        [line('x', 5)],
        { type: 'in_invoice', invoiceDate: undefined },
        /The Bill\/Refund date is required/,
      ],
    ] as const)('%s is refused', async (what, lines, change, words) => {
      const id = await drafted(desk(), `refuse_${what.replaceAll(' ', '_')}`, {
        ...{ lines: lines.length > 0 ? lines : [line('x', 1)] },
        ...change,
      });
      if (lines.length === 0) await call('write', [id], { vals: { invoice_line_ids: [[5, 0, 0]] } });
      const [code, said] = await faultOf(post(desk(), id));
      expect([code, said]).toEqual(['refused', expect.stringMatching(words)]);
      expect(await state(id)).toEqual(['draft', null, false]);
    });

    it('of what has no customer is refused', async () => {
      const id = await desk().make('account.move', { move_type: 'out_invoice' });
      const [code, words] = await faultOf(post(desk(), id));
      expect([code, words]).toEqual(['refused', expect.stringContaining("The 'Customer' field is required")]);
    });

    it('of several is all or nothing', async () => {
      const [one, two] = [await drafted(desk(), 'all_1'), await drafted(desk(), 'all_2')];
      await post(desk(), two);
      await expect(call('action_post', [one, two])).rejects.toThrow('must be in draft');
      expect(await state(one)).toEqual(['draft', null, false]);
    });

    it('happens through the state as well: it is what the guard is for', async () => {
      const id = await drafted(desk(), 'by_state');
      await call('write', [id], { vals: { state: 'posted' } });
      expect((await state(id))[0]).toBe('posted');
      expect((await state(id))[1]).toMatch(/^INV\/2026\/\d{5}$/);
    });
  });

  describe('a posted document', () => {
    it('keeps its lines and cannot be deleted; its reference may change', async () => {
      const id = await drafted(desk(), 'kept');
      await post(desk(), id);
      const late = { vals: { invoice_line_ids: [[0, 0, { name: 'late', price_unit: 1 }]] } };
      await expect(call('write', [id], late)).rejects.toThrow(
        'You cannot modify the following readonly fields on a posted move: invoice_line_ids',
      );
      await expect(call('unlink', [id])).rejects.toThrow("can't delete a posted journal item");
      await call('write', [id], { vals: { ref: 'changed' } });
      expect(await invoice(desk().odoo, id)).toMatchObject({ reference: 'changed', total: 100 });
    });

    it('that is reset keeps its number, and is posted under it again', async () => {
      const id = await drafted(desk(), 'reset');
      await post(desk(), id);
      const [, number] = await state(id);
      await call('button_draft', [id]);
      expect(await state(id)).toEqual(['draft', number, true]);
      await expect(call('button_draft', [id])).rejects.toThrow('Only posted/cancelled journal entries');
      await post(desk(), id);
      expect(await state(id)).toEqual(['posted', number, true]);
    });

    it('that is cancelled cannot be posted; the last of its row can be deleted, and its number is given again', async () => {
      const id = await drafted(desk(), 'cancelled');
      await post(desk(), id);
      const [, number] = await state(id);
      await call('button_cancel', [id]);
      expect(await state(id)).toEqual(['cancel', number, true]);
      expect((await faultOf(post(desk(), id)))[0]).toBe('refused');
      await call('unlink', [id]);
      const next = await drafted(desk(), 'next');
      await post(desk(), next);
      expect((await state(next))[1]).toBe(number);
    });

    it('has lines that are less safe than the document: a price can be written to one', async () => {
      const id = await drafted(desk(), 'lines');
      await post(desk(), id);
      const [first] = (await invoice(desk().odoo, id)).lines;
      await desk().call('account.move.line', 'write', { ids: [first?.id], vals: { price_unit: 9 } });
      expect(await invoice(desk().odoo, id)).toMatchObject({ lines: [{ priceUnit: 9 }], total: 100 });
      await expect(desk().call('account.move.line', 'unlink', { ids: [first?.id] })).rejects.toThrow(
        'posted',
      );
    });
  });
}
