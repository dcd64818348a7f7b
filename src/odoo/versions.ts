/** Where Odoo 14 to 15 and 16 to 19 differ in what they call things. Everything that asks for a version is here. */
import type { InvoiceLine } from '../core/odoo/invoice.ts';
import { majorOf } from './server-version.ts';

export interface MoveLineKind {
  readonly display_type: string | false;
  readonly exclude_from_invoice_tab?: boolean | undefined;
}

/** 16 gave amount lines a `display_type` of their own; before, one flag tells the lines of the document from the others. */
function hasProductLines(version: string): boolean {
  return majorOf(version) >= 16;
}

export function lineFields(version: string): readonly string[] {
  return hasProductLines(version) ? [] : ['exclude_from_invoice_tab'];
}

/** Null: a line that is not on the document (tax, receivable, rounding ...). */
export function displayOf(line: MoveLineKind, version: string): InvoiceLine['display'] | null {
  switch (line.display_type) {
    case 'line_section':
    case 'line_subsection':
      return 'section';
    case 'line_note':
      return 'note';
    case 'product':
      return 'product';
    case false:
      return !hasProductLines(version) && line.exclude_from_invoice_tab === false ? 'product' : null;
    default:
      return null;
  }
}

/** A choice since 16, yes or no before. Other than `no` it is posted by the clock. */
export function autoPostOf(value: string | boolean): string {
  if (typeof value === 'string') return value;
  return value ? 'at_date' : 'no';
}

/** No number yet: false on 19, `/` on some before. */
export function numberOf(name: string): string | null {
  return name === '' || name === '/' ? null : name;
}

/** Terms are HTML since 15. */
export function termsToOdoo(terms: string, version: string): string {
  if (majorOf(version) < 15) return terms;
  const escaped = terms.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<p>${escaped.split('\n').join('<br>')}</p>`;
}

export function termsFromOdoo(narration: string, version: string): string {
  if (majorOf(version) < 15) return narration.trim();
  return narration
    .replace(/<br\s*\/?>|<\/(?:p|div|li|h[1-6]|tr)>/gi, '\n')
    .replace(/<(?:script|style)\b[^]*?<\/(?:script|style)>/gi, '')
    .replace(/<[^>]{0,2000}>/g, '')
    .replace(/&(lt|gt|quot|apos|nbsp|amp|#\d{1,7}|#x[0-9a-f]{1,6});/gi, (_all, name: string) => entity(name))
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  amp: '&',
};

function entity(name: string): string {
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  const known = ENTITIES[name.toLowerCase()];
  if (known !== undefined) return known;
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
