/** Decoding of RFC 3492; node's own module is deprecated and the rest of its API encodes only. Pure. */

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const MAX_LABEL = 63;

/** `xn--mller-kva` is `müller`; a label that is none, or a broken one, is itself. */
export function unicodeLabel(label: string): string {
  if (!/^xn--[a-z0-9-]+$/i.test(label) || label.length > MAX_LABEL) return label;
  const decoded = decode(label.slice(4).toLowerCase());
  return decoded === null ? label : decoded.normalize('NFC');
}

function decode(input: string): string | null {
  const delimiter = input.lastIndexOf('-');
  const output = Array.from(delimiter > 0 ? input.slice(0, delimiter) : '', (c) => c.codePointAt(0) ?? 0);
  let at = delimiter > 0 ? delimiter + 1 : 0;
  let n = 128;
  let i = 0;
  let bias = 72;
  while (at < input.length) {
    const before = i;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(input.charAt(at++));
      if (digit === null) return null;
      i += digit * weight;
      if (i > 0x7fffffff) return null;
      const threshold = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    const length = output.length + 1;
    bias = adapt(i - before, length, before === 0);
    n += Math.floor(i / length);
    i %= length;
    if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff)) return null;
    output.splice(i++, 0, n);
  }
  return String.fromCodePoint(...output);
}

function adapt(delta: number, length: number, first: boolean): number {
  let rest = first ? Math.floor(delta / DAMP) : delta >> 1;
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}

function digitOf(char: string): number | null {
  if (/^[a-z]$/.test(char)) return char.charCodeAt(0) - 97;
  return /^[0-9]$/.test(char) ? char.charCodeAt(0) - 48 + 26 : null;
}
