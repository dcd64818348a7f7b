/** What a model says that a mail asks to be invoiced, kept only as far as the mail says it. */
import { z } from 'zod';
import { parseAmount } from '../core/odoo/amounts.ts';
import { visibleText } from '../core/neutralise.ts';
import type { FoundRequest } from './drafter.ts';

/** As the model is asked for it; bounds are checked here and not on the wire. */
export const REQUEST_IN_MAIL = z.object({
  lines: z.array(z.object({ description: z.string(), quantity: z.string(), price: z.string() })),
  currency: z.string(),
  reference: z.string(),
});

const MAX_LINES = 20;
const MAX_DESCRIPTION = 300;
const MAX_REFERENCE = 60;

/** A line whose words are not in the mail is left out, a figure that is not in it is left empty; null when no line is left. */
export function quotedRequest(
  found: z.output<typeof REQUEST_IN_MAIL>,
  mail: { readonly subject: string; readonly text: string },
): FoundRequest | null {
  const source = `${mail.subject}\n${mail.text}`;
  const lines = found.lines.slice(0, MAX_LINES).flatMap((line) => {
    const description = oneLine(line.description);
    if (description === '' || description.length > MAX_DESCRIPTION || !says(source, description)) return [];
    return [
      { description, quantity: quotedFigure(line.quantity, source), price: quotedFigure(line.price, source) },
    ];
  });
  if (lines.length === 0) return null;
  const reference = oneLine(found.reference);
  const currency = found.currency.trim().toUpperCase();
  return {
    lines,
    currency: /^[A-Z]{3}$/.test(currency) && names(source, currency) ? currency : '',
    reference: reference.length <= MAX_REFERENCE && says(source, reference) ? reference : '',
  };
}

function oneLine(text: string): string {
  return visibleText(text).text.replace(/\s+/g, ' ').trim();
}

/** Case, and where the lines were broken or quoted, say nothing. */
function bare(text: string): string {
  return oneLine(text.replace(/^[> ]+/gm, '')).toLowerCase();
}

/** Does `source` hold these words, as whole ones? `art` is not said by `party`. */
export function says(source: string, words: string): boolean {
  const wanted = bare(words);
  if (wanted === '') return false;
  const text = bare(source);
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    if (!LETTER.test(text.slice(0, at).slice(-1)) && !LETTER.test(text.charAt(at + wanted.length)))
      return true;
  }
  return false;
}

const LETTER = /[\p{L}\p{N}]/u;
const SIGNS: Readonly<Record<string, string>> = { EUR: '€', GBP: '£', USD: '$' };

function names(source: string, currency: string): boolean {
  return says(source, currency) || (SIGNS[currency] !== undefined && source.includes(SIGNS[currency]));
}

/** A number as it stands in `source`, with the same signs, else ''; `1.234` stays as it is and is asked about later. */
export function quotedFigure(typed: string, source: string): string {
  const amount = typed.trim().replace(/\s*(?:€|£|\$|[A-Za-z]{3})$/, '');
  const read = parseAmount(amount);
  if (!read.ok && read.why !== 'ambiguous') return '';
  const numbers: readonly string[] = source.match(/\d[\d.,'\u00a0\u202f]*/g) ?? [];
  return numbers.some((number) => number.replace(/[.,']+$/, '') === amount) ? amount : '';
}
