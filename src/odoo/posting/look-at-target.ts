import type { OdooKind } from '../../core/odoo/invoice.ts';
import type { PostProperties } from '../../core/odoo/post-action.ts';
import { findDraft } from '../find-draft.ts';
import type { Odoo } from '../odoo.ts';
import { readInvoice } from '../read-invoice.ts';
import { heldAgainst, heldAgainstPosted } from './held-against.ts';

/** One document of one task, as it was shown. */
export interface Target {
  readonly kind: OdooKind;
  readonly odooId: number;
  readonly externalId: string;
  readonly section: string;
  readonly properties: PostProperties;
}

/** Where it stands in Odoo. `lines` say what differs from what was shown. */
export type TargetLook =
  | { readonly is: 'as_shown' }
  | { readonly is: 'changed'; readonly section: string; readonly lines: readonly string[] }
  | { readonly is: 'deleted' }
  | { readonly is: 'reset'; readonly number: string | null }
  | { readonly is: 'cancelled' }
  /** `lines` are empty when it is posted as it was shown. */
  | { readonly is: 'posted'; readonly number: string; readonly lines: readonly string[] };

/** Reads and changes nothing. @throws OdooFault */
export async function lookAtTarget(odoo: Odoo, target: Target): Promise<TargetLook> {
  // The key, not the number on the card, says which document belongs to the task.
  if ((await findDraft(odoo, target.externalId)) !== target.odooId) return { is: 'deleted' };
  const invoice = await readInvoice(odoo, target.odooId);
  if (invoice === null) return { is: 'deleted' };
  if (invoice.state === 'cancel') return { is: 'cancelled' };
  if (invoice.state === 'posted') {
    const { lines } = heldAgainstPosted(target, invoice);
    return { is: 'posted', number: invoice.number ?? '', lines };
  }
  if (invoice.postedBefore) return { is: 'reset', number: invoice.number };
  const { section, lines } = heldAgainst(target, invoice);
  return lines.length === 0 ? { is: 'as_shown' } : { is: 'changed', section, lines };
}
