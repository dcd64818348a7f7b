import { findingWords, newThings } from '../core/outgoing-check.ts';

/** What is looked for by itself: links, addresses and account numbers, which hold figures too. */
const NOT_FIGURES = [
  /\bhttps?:\/\/[^\s<>"')\]]+/giu,
  /\bwww\.[^\s<>"')\]]+/giu,
  /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}/gu,
  /\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,4})?\b/gu,
] as const;
const FIGURES = /(?<![\p{L}\p{N}])\d(?:[\d.,:/ -]*\d)(?![\p{L}\p{N}])/gu;
const MAX_SHOWN = 5;

/**
 * The links, addresses, account numbers and figures of a reply that none of the sources holds: a price, a
 * date or a link that the thread does not support must be seen before it is sent.
 */
export function unsupportedClaims(reply: string, sources: readonly string[]): string[] {
  const found = newThings(reply, sources)
    .filter(({ kind }) => kind === 'link' || kind === 'address' || kind === 'account')
    .map(({ value }) => value);
  const rest = found.reduce((text, value) => text.replaceAll(value, ' '), reply);
  return [...new Set([...found, ...newFigures(rest, sources)])].slice(0, MAX_SHOWN);
}

/** One sentence each, for the card. */
export function groundingWarnings(reply: string, sources: readonly string[]): string[] {
  const claims = unsupportedClaims(reply, sources);
  const secrets = newThings(reply, sources).filter(({ kind }) => kind === 'secret');
  return [
    ...findingWords(secrets).map((words) => `Draft: ${words}`),
    ...(claims.length === 0
      ? []
      : [`Draft: check what neither the mail nor your notes say: ${claims.join(' · ')}`]),
  ];
}

function newFigures(text: string, sources: readonly string[]): string[] {
  const digits = sources.join('\n').replace(/[^\d\n]/g, '');
  let rest = text;
  for (const pattern of NOT_FIGURES) rest = rest.replace(pattern, ' ');
  return [...rest.matchAll(FIGURES)]
    .map(([figure]) => figure.replace(/[.,;:!?]+$/, '').slice(0, 80))
    .filter((figure) => !digits.includes(figure.replace(/\D/g, '')));
}
