/**
 * What drafting an invoice asks of the books. Filled by the client of odoo-mcp in draft mode: nothing here can post. Every answer
 * is a value; a fault says by its class what follows from it.
 */
import type { Invoice, MoveType, Named, Twin } from '../core/odoo/invoice.ts';
import type { TaskId } from '../core/task-id.ts';

/** The codes of odoo/faults.ts, and `not_allowed`: odoo-mcp refuses the token or does not have the tool. */
export type BooksFaultCode =
  | 'unreachable'
  | 'unknown'
  | 'busy'
  | 'authentication'
  | 'access'
  | 'wrong_database'
  | 'unsupported'
  | 'missing'
  | 'refused'
  | 'malformed'
  | 'invalid_call'
  | 'not_allowed';

/**
 * `transient`: ask again later. `authentication` and `configuration`: nothing works until somebody mends it, so the edge rests.
 * `logic` and `data`: about this request, for the user.
 */
export type BooksFaultClass = 'transient' | 'authentication' | 'configuration' | 'logic' | 'data';

export interface BooksFault {
  readonly code: BooksFaultCode;
  readonly class: BooksFaultClass;
  /** One line for a bookkeeper: no traceback, no key, no host. Hostile all the same (Odoo's own words). */
  readonly words: string;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: BooksFault };

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
  /** Of the product for sales; of its purchases for `forPurchase`. Empty: none is set. */
  readonly taxes: readonly Named[];
}

export interface FoundTax {
  readonly id: number;
  readonly name: string;
  /** Per cent; null for another kind of tax (fixed, group, code). */
  readonly percent: number | null;
  readonly priceInclude: boolean;
}

/** What the request's words for journal, currency and payment terms are held against. Active ones only. */
export interface Ledger {
  readonly company: Named;
  /** ISO code, `EUR`. */
  readonly companyCurrency: string;
  readonly currencies: readonly Named[];
  readonly journals: readonly {
    readonly id: number;
    readonly name: string;
    readonly code: string;
    readonly type: 'sale' | 'purchase';
  }[];
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

export interface BookLine {
  readonly productId?: number | undefined;
  readonly label: string;
  /** Exact decimal text, as typed: `1.5`. */
  readonly quantity: string;
  readonly priceUnit: string;
  /** Per cent. */
  readonly discount?: string | undefined;
  /** Absent: Odoo's own choice (the product's, mapped by the fiscal position). Empty: no tax. */
  readonly taxIds?: readonly number[] | undefined;
}

/** What is to be drafted; every id was found in Odoo. */
export interface BookDraft {
  readonly type: MoveType;
  readonly partnerId: number;
  readonly currencyId?: number | undefined;
  readonly journalId?: number | undefined;
  /** `YYYY-MM-DD`. */
  readonly invoiceDate?: string | undefined;
  readonly dueDate?: string | undefined;
  readonly paymentTermId?: number | undefined;
  /** `ref`. */
  readonly reference?: string | undefined;
  /** `invoice_origin`. */
  readonly origin?: string | undefined;
  /** Plain text. */
  readonly terms?: string | undefined;
  readonly lines: readonly BookLine[];
}

export interface Drafted {
  readonly invoice: Invoice;
  /** False: a draft of this task was there already, and nothing was written. */
  readonly created: boolean;
  readonly twins: readonly Twin[];
  /** Opens the document in Odoo's web client. */
  readonly link: string;
}

export interface DraftBooks {
  /** By Odoo's id, by e-mail address (whole, case does not matter), or by a part of the name. */
  findPartners(
    by: { readonly id: number } | { readonly email: string } | { readonly name: string },
    signal: AbortSignal,
  ): Promise<Answer<Found<FoundPartner>>>;
  /** By Odoo's id, or by a part of name or code. */
  findProducts(
    by: { readonly id: number } | { readonly words: string },
    use: 'sale' | 'purchase',
    signal: AbortSignal,
  ): Promise<Answer<Found<FoundProduct>>>;
  /** All active ones of the company, at most 500. */
  listTaxes(use: 'sale' | 'purchase', signal: AbortSignal): Promise<Answer<readonly FoundTax[]>>;
  ledger(signal: AbortSignal): Promise<Answer<Ledger>>;
  /** Documents with exactly this number; an empty list is an answer. */
  findInvoices(
    by: { readonly number: string; readonly types: readonly MoveType[] },
    signal: AbortSignal,
  ): Promise<Answer<readonly FoundInvoice[]>>;
  /** Once per task: a repeat gives the first, unchanged, `created` false. */
  createDraft(task: TaskId, draft: BookDraft, signal: AbortSignal): Promise<Answer<Drafted>>;
  /** Lines, dates and references anew, in one write. `missing`: there is no draft of this task; `refused`: it is none any more. */
  reviseDraft(task: TaskId, draft: BookDraft, signal: AbortSignal): Promise<Answer<Drafted>>;
  /** Null: Odoo has no document of this task. */
  readDraft(task: TaskId, signal: AbortSignal): Promise<Answer<Drafted | null>>;
}
