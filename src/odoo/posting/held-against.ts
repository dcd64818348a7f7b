import type { Invoice, MoveType, OdooKind } from '../../core/odoo/invoice.ts';
import { invoiceProperties, invoiceSection } from '../../core/odoo/invoice-section.ts';
import { postDifference, type PostProperties } from '../../core/odoo/post-action.ts';
import type { ChangedDraft } from '../../stages/post-effects.ts';

/** What the user said yes to: the text that was shown and the properties beside it. */
export interface Shown {
  readonly kind: OdooKind;
  readonly section: string;
  readonly properties: PostProperties;
}

/** What differs from what was shown; null: nothing does. */
export function heldAgainst(shown: Shown, invoice: Invoice): ChangedDraft | null {
  const section = invoiceSection(invoice);
  const properties = invoiceProperties(invoice);
  if (!TYPES[shown.kind].includes(invoice.type)) {
    return { section, properties, lines: ['In Odoo it is a document of another kind than on the card.'] };
  }
  if (section === shown.section && sameProperties(shown.properties, properties)) return null;
  return { section, properties, lines: postDifference(shown, { section, properties }) };
}

/** The same once it is posted: Odoo fills the dates that the card left to the day of posting. */
export function heldAgainstPosted(shown: Shown, invoice: Invoice): ChangedDraft | null {
  if (shown.properties['invoice_date'] !== null) return heldAgainst(shown, invoice);
  const due = shown.properties['due_date'];
  const dueDate = typeof due === 'string' ? due : null;
  const changed = heldAgainst(shown, { ...invoice, invoiceDate: null, dueDate });
  if (changed === null) return null;
  return { section: invoiceSection(invoice), properties: invoiceProperties(invoice), lines: changed.lines };
}

const TYPES: Readonly<Record<OdooKind, readonly MoveType[]>> = {
  odoo_invoice: ['out_invoice'],
  odoo_bill: ['in_invoice'],
  odoo_credit_note: ['out_refund', 'in_refund'],
};

function sameProperties(a: PostProperties, b: PostProperties): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => (a[key] ?? null) === (b[key] ?? null));
}
