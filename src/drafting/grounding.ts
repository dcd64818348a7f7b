/** What a text asserts in figures and addresses: the things that cost money when they are invented. */
const CLAIMS = [
  /\bhttps?:\/\/[^\s<>"')\]]+/giu,
  /\bwww\.[^\s<>"')\]]+/giu,
  /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}/gu,
  /\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,4})?\b/gu,
  /(?<![\p{L}\p{N}])\d(?:[\d.,:/ -]*\d)(?![\p{L}\p{N}])/gu,
] as const;
const MAX_SHOWN = 5;

/**
 * The links, addresses, account numbers and figures of a reply that none of the sources holds: a price, a
 * date or a link that the thread does not support must be seen before it is sent.
 */
export function unsupportedClaims(reply: string, sources: readonly string[]): string[] {
  const known = sources.join('\n').toLowerCase();
  const digits = known.replace(/[^\d\n]/g, '');
  const found = new Set<string>();
  let rest = reply;
  for (const pattern of CLAIMS) {
    rest = rest.replace(pattern, (claim) => {
      const text = claim.replace(/[.,;:!?]+$/, '');
      const figures = /^[\d.,:/ -]+$/.test(text) ? text.replace(/\D/g, '') : null;
      const supported = known.includes(text.toLowerCase()) || (figures !== null && digits.includes(figures));
      if (!supported) found.add(text.slice(0, 80));
      return ' ';
    });
  }
  return [...found].slice(0, MAX_SHOWN);
}
