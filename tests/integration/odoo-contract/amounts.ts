/** Taxes and totals, to the cent: the figures are those of a real Odoo 19.0. */
import { describe, expect, it } from 'vitest';
import { type Books, type Desk, drafted, invoice, line, type TaxName } from './books.ts';

interface Sum {
  readonly what: string;
  /** Quantity, price, discount in per cent, taxes. */
  readonly lines: readonly (readonly [quantity: number, price: number, discount: number, taxes: TaxName[]])[];
  readonly untaxed: number;
  readonly total: number;
  /** In the order Odoo gives them. */
  readonly taxes: readonly number[];
  /** Without and with tax, of each line. */
  readonly shown: readonly (readonly [subtotal: number, total: number])[];
  readonly as?: (books: Books) => object;
}

const SUMS: readonly Sum[] = [
  {
    what: 'no tax',
    lines: [
      [2, 150.25, 0, []],
      [1, 19.99, 0, []],
    ],
    ...{ untaxed: 320.49, total: 320.49, taxes: [] },
    shown: [
      [300.5, 300.5],
      [19.99, 19.99],
    ],
  },
  {
    // Each line alone is 146.89 and 22.03; the whole is one cent more and one less.
    what: 'a tax of the whole, not of each line',
    lines: [
      [12.12, 12.12, 0, ['t15']],
      [12.12, 12.12, 0, ['t15']],
    ],
    ...{ untaxed: 293.79, total: 337.86, taxes: [44.07] },
    shown: [
      [146.89, 168.92],
      [146.89, 168.92],
    ],
  },
  {
    what: 'a tax in the price, twice',
    lines: [
      [1, 21.53, 0, ['in20']],
      [1, 21.53, 0, ['in20']],
    ],
    ...{ untaxed: 35.88, total: 43.06, taxes: [7.18] },
    shown: [
      [17.94, 21.53],
      [17.94, 21.53],
    ],
  },
  {
    what: 'several taxes, discounts and thirds',
    lines: [
      [3, 33.333, 10, ['t15']],
      [1, 0.1, 0, ['t15', 't7']],
      [7, 1.005, 33.33, ['t7']],
    ],
    ...{ untaxed: 94.79, total: 108.64, taxes: [13.51, 0.34] },
    shown: [
      [90, 103.5],
      [0.1, 0.13],
      [4.69, 5.02],
    ],
  },
  {
    what: 'a line that takes off',
    lines: [
      [1, 100, 0, ['t15']],
      [1, -30.03, 0, ['t15']],
    ],
    ...{ untaxed: 69.97, total: 80.47, taxes: [10.5] },
    shown: [
      [100, 115],
      [-30.03, -34.53],
    ],
  },
  {
    what: 'taxes in the price and upon it',
    lines: [
      [3, 99.99, 0, ['in20', 'in5']],
      [1, 10.01, 5, ['t15']],
    ],
    ...{ untaxed: 249.49, total: 310.92, taxes: [48, 12, 1.43] },
    shown: [
      [239.98, 299.98],
      [9.51, 10.94],
    ],
  },
  {
    what: 'an amount for each piece, and one taken back',
    lines: [
      [2, 10, 0, ['eco', 't15']],
      [-1, 3.33, 0, ['eco']],
    ],
    ...{ untaxed: 16.67, total: 20.8, taxes: [3, 1.13] },
    shown: [
      [20, 25.26],
      [-3.33, -4.46],
    ],
  },
  {
    what: 'a tax upon a tax',
    lines: [
      [1, 100.01, 0, ['base3', 't15']],
      [3, 7.77, 0, ['base3', 't15', 't7']],
    ],
    ...{ untaxed: 123.32, total: 147.15, taxes: [18.5, 3.7, 1.63] },
    shown: [
      [100.01, 118.01],
      [23.31, 29.14],
    ],
  },
  {
    what: 'a tax upon a tax in the price',
    lines: [
      [1, 100, 0, ['inbase4', 'in20']],
      [5, 1.11, 0, ['inbase4', 'in20', 't15']],
    ],
    ...{ untaxed: 84.58, total: 106.22, taxes: [3.38, 17.59, 0.67] },
    shown: [
      [80.13, 100.01],
      [4.45, 6.23],
    ],
  },
  {
    what: 'a share of the total',
    lines: [
      [1, 100, 0, ['div10']],
      [1, 3.33, 0, ['t15', 'div10']],
    ],
    ...{ untaxed: 103.33, total: 115.31, taxes: [11.48, 0.5] },
    shown: [
      [100, 111.11],
      [3.33, 4.2],
    ],
  },
  {
    what: 'half cents, three times',
    lines: [
      [1, 0.005, 0, ['t15']],
      [1, 0.005, 0, ['t15']],
      [1, 0.005, 0, ['t15']],
    ],
    ...{ untaxed: 0.02, total: 0.02, taxes: [] },
    shown: [
      [0.01, 0.01],
      [0.01, 0.01],
      [0.01, 0.01],
    ],
  },
  {
    what: 'a million, nothing, and all taken off',
    lines: [
      [1, 1_000_000, 0, []],
      [0, 5, 0, ['t15']],
      [1, 50, 100, ['t15']],
    ],
    ...{ untaxed: 1_000_000, total: 1_000_000, taxes: [] },
    shown: [
      [1_000_000, 1_000_000],
      [0, 0],
      [0, 0],
    ],
  },
  {
    what: 'three times a third',
    lines: [[3, 0.333333, 0, []]],
    ...{ untaxed: 1, total: 1, taxes: [], shown: [[1, 1]] },
  },
  {
    what: 'yen, which have no cents',
    lines: [
      [3, 333.4, 0, ['t15']],
      [1, 0.5, 0, []],
    ],
    ...{ untaxed: 1001, total: 1151, taxes: [150] },
    shown: [
      [1000, 1150],
      [1, 1],
    ],
    as: ({ currencies }) => ({ currencyId: currencies.JPY }),
  },
  {
    what: 'a bill in euros',
    lines: [[3, 33.33, 0, ['buy15']]],
    ...{ untaxed: 99.99, total: 114.99, taxes: [15], shown: [[99.99, 114.99]] },
    as: ({ vendor, currencies }) => ({ type: 'in_invoice', partnerId: vendor, currencyId: currencies.EUR }),
  },
  {
    what: 'a credit note',
    lines: [[3, 33.33, 0, ['t15', 'in20']]],
    ...{ untaxed: 83.33, total: 112.5, taxes: [12.5, 16.67], shown: [[83.33, 112.5]] },
    as: () => ({ type: 'out_refund' }),
  },
  {
    what: 'a credit note of a vendor',
    lines: [[1, 10.07, 0, ['buy15']]],
    ...{ untaxed: 10.07, total: 11.58, taxes: [1.51], shown: [[10.07, 11.58]] },
    as: ({ vendor }) => ({ type: 'in_refund', partnerId: vendor }),
  },
];

export function amountContract(desk: () => Desk): void {
  describe.each(SUMS)('the sum of $what', ({ what, lines, untaxed, total, taxes, shown, as }) => {
    it('is what Odoo makes of it', async () => {
      const made = await drafted(desk(), `sum_${what.replace(/\W+/g, '_')}`, {
        ...as?.(desk()),
        lines: lines.map(([quantity, price, discount, names], at) =>
          line(`line ${at}`, price, {
            ...{ quantity, taxIds: names.map((name) => desk().taxes[name]) },
            ...(discount > 0 ? { discount } : {}),
          }),
        ),
      });
      const said = await invoice(desk().odoo, made);
      expect({
        ...{ untaxed: said.untaxed, tax: said.tax, total: said.total },
        taxes: said.taxLines.map(({ amount }) => amount),
        shown: said.lines.map((one) => [one.subtotal, one.total]),
      }).toEqual({ untaxed, tax: cents(total - untaxed), total, taxes, shown });
    });
  });
}

const cents = (amount: number): number => Math.round(amount * 100) / 100;
