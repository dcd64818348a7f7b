import { round } from './round.ts';
import { lineDetails, type LineDetails, type Priced, type Tax, type TaxShare } from './tax-details.ts';

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
  /** Taxes that are reckoned upon this one: with others behind it, it is booked apart. */
  readonly affects: readonly number[];
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

interface Part extends TaxShare {
  readonly affects: readonly number[];
}

/** Each tax is rounded once; its missing cents go to the lines, and with them to where they are booked. */
function taxTotals(details: readonly LineDetails[], decimals: number): readonly TaxTotal[] {
  const parts = details.flatMap(({ shares }) =>
    shares.map((share, at) => ({ ...share, affects: behind(shares, at) })),
  );
  const totals = new Map<string, TaxTotal>();
  const settled = new Map(parts.map((part) => [part, { base: 0, amount: 0 }]));
  for (const id of new Set(parts.map(({ tax }) => tax.id)))
    settleTax(
      parts.filter(({ tax }) => tax.id === id),
      settled,
      decimals,
    );
  for (const part of parts) {
    const { tax, affects } = part;
    const key = JSON.stringify([tax.id, affects]);
    const before = totals.get(key) ?? { tax, affects, base: 0, amount: 0 };
    const { base = 0, amount = 0 } = settled.get(part) ?? {};
    totals.set(key, {
      ...before,
      base: round(before.base + base, decimals),
      amount: round(before.amount + amount, decimals),
    });
  }
  return [...totals.values()];
}

const behind = (shares: readonly TaxShare[], at: number): readonly number[] =>
  shares[at]?.tax.affectsBase === true ? shares.slice(at + 1).map(({ tax }) => tax.id) : [];

function settleTax(
  parts: readonly Part[],
  settled: Map<Part, { base: number; amount: number }>,
  decimals: number,
): void {
  const [amounts, bases] = [parts.map(({ amount }) => amount), parts.map(({ base }) => base)];
  const amount = round(sum(amounts), decimals);
  // A price with the tax in it stays what it was: the cents are the base's.
  const isInPrice = parts[0]?.tax.priceInclude === true;
  const base = isInPrice ? round(sum(bases) + sum(amounts), decimals) - amount : round(sum(bases), decimals);
  const ownAmounts = shareOut(amounts, amount, decimals);
  const ownBases = shareOut(bases, base, decimals);
  parts.forEach((part, at) => settled.set(part, { base: ownBases[at] ?? 0, amount: ownAmounts[at] ?? 0 }));
}

/** Rounds each, so that together they make the total. */
function shareOut(raw: readonly number[], total: number, decimals: number): readonly number[] {
  const rounded = raw.map((one) => round(one, decimals));
  return spread(rounded, raw, total - sum(rounded), decimals);
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
