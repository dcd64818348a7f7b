import { propertyText } from '../../core/neutralise.ts';
import type { Invoice, OdooKind } from '../../core/odoo/invoice.ts';
import { invoiceProperties, invoiceSection } from '../../core/odoo/invoice-section.ts';
import type { PostProperties } from '../../core/odoo/post-action.ts';
import type { ChangedDraft } from '../../stages/post-effects.ts';
import { findDraft } from '../find-draft.ts';
import type { Odoo } from '../odoo.ts';
import { readInvoice } from '../read-invoice.ts';
import { majorOf } from '../server-version.ts';
import { heldAgainst, heldAgainstPosted } from './held-against.ts';

/** One document of one task, as it was shown. */
export interface Target {
  readonly kind: OdooKind;
  readonly odooId: number;
  readonly externalId: string;
  readonly section: string;
  readonly properties: PostProperties;
}

/** Where it stands in Odoo. `changed`: what differs from what was shown; null: nothing does. */
export type TargetLook =
  | { readonly is: 'as_shown' }
  | { readonly is: 'changed'; readonly changed: ChangedDraft }
  | { readonly is: 'deleted' }
  | { readonly is: 'reset'; readonly number: string | null; readonly changed: ChangedDraft | null }
  | { readonly is: 'cancelled' }
  | { readonly is: 'posted'; readonly number: string; readonly changed: ChangedDraft | null };

/** Reads and changes nothing. @throws OdooFault */
export async function lookAtTarget(odoo: Odoo, target: Target): Promise<TargetLook> {
  // The key, not the number on the card, says which document belongs to the task.
  if ((await findDraft(odoo, target.externalId)) !== target.odooId) return { is: 'deleted' };
  const invoice = await readInvoice(odoo, target.odooId);
  if (invoice === null) return { is: 'deleted' };
  if (invoice.state === 'cancel') return { is: 'cancelled' };
  if (invoice.state === 'posted') {
    return { is: 'posted', number: invoice.number ?? '', changed: heldAgainstPosted(target, invoice) };
  }
  const changed = numbered(odoo, invoice, heldAgainst(target, invoice));
  if (invoice.postedBefore) return { is: 'reset', number: invoice.number, changed };
  return changed === null ? { is: 'as_shown' } : { is: 'changed', changed };
}

/**
 * A name that somebody writes into a draft becomes its number when it is posted, and the journal counts on from there
 * (measured on 19). There a draft has no number of its own before.
 */
function numbered(odoo: Odoo, invoice: Invoice, changed: ChangedDraft | null): ChangedDraft | null {
  if (invoice.number === null || invoice.postedBefore || majorOf(odoo.version) < NO_NUMBER_BEFORE)
    return changed;
  const line = `Somebody gave the draft the number ${propertyText(invoice.number, 100)} before it was posted: take it out in Odoo.`;
  const shown = { section: invoiceSection(invoice), properties: invoiceProperties(invoice) };
  return { ...shown, lines: [line, ...(changed?.lines ?? [])] };
}

const NO_NUMBER_BEFORE = 19;
