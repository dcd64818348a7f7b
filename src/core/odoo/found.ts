/** What the books answer to a search. Names and words are Odoo's data: hostile. */
import type { MoveType, Named } from './invoice.ts';

/** At most as many as asked for (20); `more`: there are others. */
export interface Found<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

export interface FoundPartner {
  readonly id: number;
  /** Display name: a contact of a company reads `ACME GmbH, Jane Doe`. */
  readonly name: string;
  readonly email: string;
  readonly vat: string;
  readonly street: string;
  readonly city: string;
  readonly country: string;
}

export interface FoundProduct {
  readonly id: number;
  /** Display name, `[CODE] Name` where there is a code. */
  readonly name: string;
  /** `default_code`, ''. */
  readonly code: string;
  readonly unit: Named | null;
  /** `list_price`: per unit, company currency. */
  readonly listPrice: number;
  /** Of the product for sales, or for purchases, as asked. Empty: none is set. */
  readonly taxIds: readonly number[];
}

export interface FoundTax {
  readonly id: number;
  readonly name: string;
  /** Per cent; null for another kind of tax (fixed, group, code). */
  readonly percent: number | null;
  readonly priceInclude: boolean;
}

export interface FoundJournal extends Named {
  readonly code: string;
  readonly type: 'sale' | 'purchase';
}

/** What the request's words for journal, currency and payment terms are held against. Active ones only. */
export interface Ledger {
  readonly company: Named;
  /** ISO code, `EUR`. */
  readonly companyCurrency: string;
  readonly currencies: readonly Named[];
  readonly journals: readonly FoundJournal[];
  readonly paymentTerms: readonly Named[];
}

/** A document that a credit note refers to, found by its number. */
export interface FoundInvoice {
  readonly id: number;
  readonly number: string;
  readonly type: MoveType;
  readonly state: 'draft' | 'posted' | 'cancel';
  readonly partner: Named | null;
  readonly currency: string;
  readonly total: number;
}
