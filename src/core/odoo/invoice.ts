/**
 * An invoice, bill or credit note as Odoo computed it: read once, shown on the card, compared before it is posted.
 * The same shape on every transport and version; amounts are numbers as Odoo's JSON gives them (IEEE doubles).
 */

/** Odoo's `move_type`. The four we draft and post; `entry` and receipts are never touched. */
export const MOVE_TYPES = ['out_invoice', 'in_invoice', 'out_refund', 'in_refund'] as const;
export type MoveType = (typeof MOVE_TYPES)[number];

/** `kind` of a note. A credit note is one to a customer, unless the request says it is a vendor's. */
export type OdooKind = 'odoo_invoice' | 'odoo_bill' | 'odoo_credit_note';

/** A many2one: id and display name, as Odoo gives it. */
export interface Named {
  readonly id: number;
  readonly name: string;
}

export interface InvoiceLine {
  readonly id: number;
  /** `product` is an amount line; `line_section`, `line_subsection` and `line_note` are text. */
  readonly display: 'product' | 'section' | 'note';
  readonly label: string;
  readonly product: Named | null;
  readonly quantity: number;
  readonly unit: Named | null;
  readonly priceUnit: number;
  /** Per cent. */
  readonly discount: number;
  readonly taxes: readonly Named[];
  readonly account: Named | null;
  readonly subtotal: number;
  readonly total: number;
}

export interface InvoiceState {
  readonly state: 'draft' | 'posted' | 'cancel';
  /** Was it posted before (a person reset it to draft)? False where Odoo does not say (before 13). */
  readonly postedBefore: boolean;
  /** Null while it has none. Odoo 14 gives drafts a number already. */
  readonly number: string | null;
  /** UTC, `YYYY-MM-DD HH:mm:ss`; whole seconds only, so lines are compared too. */
  readonly writeDate: string;
}

export interface Invoice extends InvoiceState {
  readonly id: number;
  readonly type: MoveType;
  readonly company: Named;
  readonly journal: Named;
  readonly partner: Named | null;
  /** Of the partner, for the eye; '' when there is none. */
  readonly partnerEmail: string;
  readonly partnerVat: string;
  readonly currency: Named;
  /** Decimal places of the currency. */
  readonly decimals: number;
  /** `YYYY-MM-DD`; null: the day of posting. */
  readonly invoiceDate: string | null;
  readonly dueDate: string | null;
  readonly paymentTerm: Named | null;
  /** Vendor's or customer's reference (`ref`), '' when empty. */
  readonly reference: string;
  /** `invoice_origin`, ''. */
  readonly origin: string;
  readonly fiscalPosition: Named | null;
  /** Bank account it is to be paid to (`partner_bank_id`). */
  readonly bankAccount: Named | null;
  /** Plain text of the terms (`narration`), ''. */
  readonly terms: string;
  /** `auto_post` other than `no` is a posting in disguise. */
  readonly autoPost: string;
  readonly lines: readonly InvoiceLine[];
  /** Sum per tax, in the order Odoo computed them. */
  readonly taxLines: readonly { readonly name: string; readonly amount: number }[];
  readonly untaxed: number;
  readonly tax: number;
  readonly total: number;
  /** `not_paid`, `paid` ... as Odoo says it; '' where it does not. */
  readonly paymentState: string;
}

/** Another document that may be the same: same partner and total, or same vendor and reference. */
export interface Twin {
  readonly id: number;
  readonly number: string | null;
  readonly state: InvoiceState['state'];
  readonly date: string | null;
  readonly total: number;
  readonly reference: string;
  readonly why: 'same amount' | 'same reference';
}
