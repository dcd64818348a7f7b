/**
 * Amounts as exact decimal text. What a person types is read without guessing which sign is the decimal one; what Odoo
 * holds (IEEE doubles) is shown with all of its digits.
 */

/** Digits before the decimal point that a double still holds exactly to the cent. */
const MAX_WHOLE_DIGITS = 12;
const MAX_DECIMALS = 6;

export type ReadAmount =
  /** Canonical: optional `-`, digits without leading zeros, then a point and decimals as typed, or none. */
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly why: 'none' | 'ambiguous' | 'too_long'; readonly words: string };

const SPACES = /[\s\u00a0\u202f\u2009']/g;

/**
 * `1.234,50`, `1,234.50`, `1 234,50`, `12.5`, `12,5`, `-3`. A single sign with exactly three digits behind it (`1.234`) may be
 * either one thousand or one and a bit: never guessed. `0.125` is no thousand, so it is read.
 */
export function parseAmount(typed: string): ReadAmount {
  const shown = typed.trim().slice(0, 40);
  const bare = typed.trim().replace(SPACES, '').replace('\u2212', '-');
  const sign = bare.startsWith('-') ? '-' : '';
  const digits = bare.replace(/^[-+]/, '');
  if (!/^\d[\d.,]*$/.test(digits) || /[.,]$/.test(digits)) return none(shown);
  const points = digits.split('.').length - 1;
  const commas = digits.split(',').length - 1;
  let plain: string | null;
  if (points > 0 && commas > 0) plain = bothSigns(digits);
  else if (points + commas > 1) plain = grouped(digits, points > 0 ? '.' : ',');
  else if (points + commas === 1) {
    if (/^[1-9]\d{0,2}[.,]\d{3}$/.test(digits)) return ambiguous(shown, digits);
    plain = digits.replace(',', '.');
  } else plain = digits;
  if (plain === null) return none(shown);
  return canonical(sign, plain, shown);
}

function bothSigns(digits: string): string | null {
  const decimal = digits.lastIndexOf('.') > digits.lastIndexOf(',') ? '.' : ',';
  const group = decimal === '.' ? ',' : '.';
  const [whole = '', fraction = '', ...more] = digits.split(decimal);
  if (more.length > 0 || fraction.includes(group)) return null;
  const joined = grouped(whole, group);
  return joined === null ? null : `${joined}.${fraction}`;
}

/** `1.234.567`: groups of three after the first. */
function grouped(digits: string, group: string): string | null {
  const parts = digits.split(group);
  const ok = parts.every((part, at) => (at === 0 ? /^\d{1,3}$/ : /^\d{3}$/).test(part));
  return ok ? parts.join('') : null;
}

function canonical(sign: string, plain: string, shown: string): ReadAmount {
  const [whole = '', fraction = ''] = plain.split('.');
  const bare = whole.replace(/^0+(?=\d)/, '');
  if (bare.length > MAX_WHOLE_DIGITS || fraction.length > MAX_DECIMALS) {
    return {
      ok: false,
      why: 'too_long',
      words: `${shown} has more digits than an amount may have (${MAX_WHOLE_DIGITS} before and ${MAX_DECIMALS} after the point).`,
    };
  }
  const value = fraction === '' ? bare : `${bare}.${fraction}`;
  return { ok: true, value: /^[0.]*$/.test(value) ? value : `${sign}${value}` };
}

function none(shown: string): ReadAmount {
  return {
    ok: false,
    why: 'none',
    words: `${shown === '' ? 'An empty field' : shown} is no number. Write 1234.50 or 1234,50.`,
  };
}

function ambiguous(shown: string, digits: string): ReadAmount {
  const whole = digits.replace(/[.,]/, '');
  const decimal = digits.replace(',', '.');
  return {
    ok: false,
    why: 'ambiguous',
    words: `${shown} can be read in two ways. Write ${whole} for the thousands, or ${decimal}0 for the decimals.`,
  };
}

/** A double in plain notation with every digit it needs, never `1e-7`. */
export function decimalText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const short = String(Object.is(value, -0) ? 0 : value);
  if (!/e/i.test(short)) return short;
  const [mantissa = '', exponent = '0'] = short.split(/e/i);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const at = whole.length + Number(exponent);
  const digits = whole + fraction;
  if (at <= 0) return `${sign}0.${'0'.repeat(-at)}${digits}`;
  return at >= digits.length
    ? `${sign}${digits}${'0'.repeat(at - digits.length)}`
    : `${sign}${digits.slice(0, at)}.${digits.slice(at)}`;
}

/** Far below any currency's smallest coin, far above what adding doubles loses. */
const NOISE = 1e-7;

/**
 * `1,190.00`: grouped, with at least `decimals` places. More of them are shown when the value has more: nothing is rounded away
 * but the noise of binary arithmetic.
 */
export function moneyText(value: number, decimals: number): string {
  const places = Math.min(Math.max(Math.trunc(decimals), 0), 8);
  const rounded = value.toFixed(places);
  const noise = NOISE * Math.max(1, Math.abs(value) * 1e-6);
  const exact = Math.abs(Number(rounded) - value) <= noise ? rounded : decimalText(value);
  const text = /^-0(?:\.0*)?$/.test(exact) ? exact.slice(1) : exact;
  const [whole = '', fraction] = text.split('.');
  const grouping = whole.replace(/(?<=\d)(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? grouping : `${grouping}.${fraction}`;
}
