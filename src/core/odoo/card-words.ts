/**
 * Odoo's own words in the callout of a card: inert, on one line, and without anything that could hide the section below, for
 * which post-action.ts would refuse the card.
 */
import { inlineText } from './cell-text.ts';

export function inertWords(said: string, max = 300): string {
  return inertLine(inlineText(said.replace(/\s+/g, ' ').trim(), max));
}

/** A line of Markdown whose foreign parts stand in code already. */
export function inertLine(line: string): string {
  return line
    .replace(/\s*\n\s*/g, ' ')
    .replace(/<(?=[A-Za-z!/?])/g, '< ')
    .replace(/\$(?=\$)/g, '$ ')
    .replace(/%(?=%)/g, '% ')
    .replace(/^(?=[>\s]*(?:`{3}|~{3}))/, '· ');
}
