import { round } from './round.ts';
import { lineDetails, type LineDetails, type Priced, type Tax } from './tax-details.ts';

export type Rounding = 'round_globally' | 'round_per_line';

export interface LineTotals {
  /** Without tax, as the line shows it. */
  readonly subtotal: number;
  readonly total: number;
  /** As it goes into the books: a cent may have moved here from the rounding of the whole document. */
  readonly booked: number;
}

export interface TaxTotal {
  readonly tax: Tax;
  readonly base: number;
  readonly amount: number;
}

export interface DocumentTotals {
  readonly lines: readonly LineTotals[];
  /** In the order of the lines that brought them. */
  readonly taxes: readonly TaxTotal[];
  readonly untaxed: number;
  readonly tax: number;
  readonly total: number;
}

/**
 * An invoice's amounts. Rounded globally (the default since 18), each tax is summed over the document and rounded
 * once; the cents that the lines miss then go to the largest of them. Per line (14), every line's tax is rounded.
 */
export function documentTotals(
  lines: readonly Priced[],
  decimals: number,
  rounding: Rounding,
): DocumentTotals {
  const settle = rounding === 'round_per_line' ? (amount: number) => round(amount, decimals) : plain;
  const details = lines.map((line) => lineDetails(line, settle));
  const taxes = taxTotals(details, decimals);
  const booked = bookedAmounts(details, taxes, decimals);
  const untaxed = round(sum(booked), decimals);
  const tax = round(sum(taxes.map(({ amount }) => amount)), decimals);
  return {
    lines: details.map((detail, at) => {
      const subtotal = round(detail.excluded, decimals);
      const shares = detail.shares.map(({ amount }) => round(amount, decimals));
      return { subtotal, total: round(subtotal + sum(shares), decimals), booked: booked[at] ?? subtotal };
    }),
    taxes,
    untaxed,
    tax,
    total: round(untaxed + tax, decimals),
  };
}

const plain = (amount: number): number => amount;
const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

function taxTotals(details: readonly LineDetails[], decimals: number): readonly TaxTotal[] {
  const byTax = new Map<number, TaxTotal>();
  for (const { tax, base, amount } of details.flatMap(({ shares }) => shares)) {
    const before = byTax.get(tax.id) ?? { tax, base: 0, amount: 0 };
    byTax.set(tax.id, { tax, base: before.base + base, amount: before.amount + amount });
  }
  return [...byTax.values()].map(({ tax, base, amount }) => {
    const rounded = round(amount, decimals);
    // A price with the tax in it stays what it was: the cents are the base's.
    const own = tax.priceInclude
      ? round(round(base + amount, decimals) - rounded, decimals)
      : round(base, decimals);
    return { tax, base: own, amount: rounded };
  });
}

/**
 * Every line rounded by itself misses the document by some cents. With all taxes in the price the sum with tax is
 * what must come out, else the sum without.
 */
function bookedAmounts(
  details: readonly LineDetails[],
  taxes: readonly TaxTotal[],
  decimals: number,
): readonly number[] {
  const rounded = details.map(({ excluded }) => round(excluded, decimals));
  const shares = details.flatMap((detail) => detail.shares);
  const inPrice = shares.every(({ tax }) => tax.priceInclude);
  const raw = sum(details.map(({ excluded }) => excluded));
  const missing = inPrice
    ? round(raw + sum(shares.map(({ amount }) => amount)), decimals) -
      sum(rounded) -
      sum(taxes.map(({ amount }) => amount))
    : round(raw, decimals) - sum(rounded);
  return spread(
    rounded,
    details.map(({ excluded }) => excluded),
    missing,
    decimals,
  );
}

/** Gives the missing cents to the largest lines first, in proportion. */
function spread(
  amounts: readonly number[],
  weights: readonly number[],
  missing: number,
  decimals: number,
): readonly number[] {
  const unit = 10 ** -decimals;
  const count = Math.round(Math.abs(missing) / unit);
  const whole = sum(weights.map(Math.abs));
  const order = weights.map((weight, at) => ({
    at,
    share: whole === 0 ? 1 / weights.length : Math.abs(weight) / whole,
  }));
  order.sort((one, other) => other.share - one.share);
  const result = [...amounts];
  let left = count;
  const give = (at: number, cents: number): void => {
    result[at] = round((result[at] ?? 0) + Math.sign(missing) * cents * unit, decimals);
    left -= cents;
  };
  for (const { at, share } of order) give(at, Math.min(Math.round(share * count), left));
  for (const { at } of order) give(at, Math.min(1, left));
  return result;
}
