/** The taxes of one line, not rounded: measured on Odoo 19, which rounds per tax of the whole document. */

export interface Tax {
  readonly id: number;
  readonly name: string;
  readonly type: 'percent' | 'fixed' | 'division';
  /** Per cent, or an amount for each unit. */
  readonly amount: number;
  readonly priceInclude: boolean;
  /** Later taxes are reckoned on the price with this one. */
  readonly affectsBase: boolean;
}

export interface Priced {
  readonly quantity: number;
  readonly priceUnit: number;
  /** Per cent. */
  readonly discount: number;
  /** In the order they are reckoned in. */
  readonly taxes: readonly Tax[];
}

export interface TaxShare {
  readonly tax: Tax;
  readonly base: number;
  readonly amount: number;
}

export interface LineDetails {
  readonly excluded: number;
  readonly shares: readonly TaxShare[];
}

interface Working {
  readonly tax: Tax;
  readonly batch: readonly Tax[];
  amount: number | null;
  /** What other taxes add to the base, for the tax itself and for the base that is shown. */
  forTax: number;
  forBase: number;
}

/** `settle` rounds a tax of one line, where Odoo rounds per line; else it leaves it. */
export function lineDetails(line: Priced, settle: (amount: number) => number): LineDetails {
  const price = line.priceUnit * (1 - line.discount / 100);
  const raw = settle(line.quantity * price);
  const work = line.taxes.map((tax, at): Working => {
    return { tax, batch: batchOf(line.taxes, at), amount: null, forTax: 0, forBase: 0 };
  });
  const reckon = (item: Working, amount: number): void => {
    item.amount = settle(amount);
    passOn(work, item);
  };
  const sign = price < 0 ? -1 : 1;
  for (const item of [...work].reverse()) {
    if (item.tax.type === 'fixed') reckon(item, sign * line.quantity * item.tax.amount);
  }
  for (const item of [...work].reverse()) {
    if (item.amount === null && item.tax.priceInclude) reckon(item, included(item, raw + item.forTax));
  }
  for (const item of work) {
    if (item.amount === null) reckon(item, excluded(item, raw + item.forTax));
  }
  const shares = work.map(({ tax, amount, batch, forBase }) => {
    const inside = tax.priceInclude ? sumOf(work.filter((other) => batch.includes(other.tax))) : 0;
    return { tax, amount: amount ?? 0, base: raw + forBase - inside };
  });
  return { excluded: shares[0]?.base ?? raw, shares };
}

const sumOf = (items: readonly Working[]): number =>
  items.reduce((sum, { amount }) => sum + (amount ?? 0), 0);

/** Neighbours of one kind share their base: 19 % and 5 % both in the price come out of it together. */
function batchOf(taxes: readonly Tax[], at: number): readonly Tax[] {
  const tax = taxes[at];
  if (!tax) return [];
  const alike = (other: Tax | undefined): boolean =>
    other !== undefined &&
    !tax.affectsBase &&
    !other.affectsBase &&
    other.type === tax.type &&
    other.priceInclude === tax.priceInclude;
  let [from, to] = [at, at];
  while (alike(taxes[from - 1])) from -= 1;
  while (alike(taxes[to + 1])) to += 1;
  return taxes.slice(from, to + 1);
}

const rateOf = (batch: readonly Tax[]): number => batch.reduce((sum, { amount }) => sum + amount, 0) / 100;

function included({ tax, batch }: Working, base: number): number {
  if (tax.type === 'division') return (base * tax.amount) / 100;
  const rate = rateOf(batch);
  return rate === -1 ? 0 : ((base / (1 + rate)) * tax.amount) / 100;
}

function excluded({ tax, batch }: Working, base: number): number {
  if (tax.type === 'percent') return (base * tax.amount) / 100;
  const rate = rateOf(batch);
  return (base * tax.amount) / 100 / (rate === 1 ? 1 : 1 - rate);
}

/** What this tax does to the base of the others. */
function passOn(work: readonly Working[], item: Working): void {
  const at = work.indexOf(item);
  const amount = item.amount ?? 0;
  work.forEach((other, position) => {
    if (item.batch.includes(other.tax)) return;
    const after = position > at;
    const share = item.tax.priceInclude ? inPrice(item.tax, after) : after && item.tax.affectsBase ? 1 : 0;
    if (other.amount === null) other.forTax += share * amount;
    other.forBase += share * amount;
  });
}

const inPrice = (tax: Tax, after: boolean): number => (after && tax.affectsBase ? 0 : -1);
