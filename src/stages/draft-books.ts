/**
 * What drafting an invoice asks of the books. Filled by the client of odoo-mcp in draft mode: nothing here can post. Every answer
 * is a value; a fault says by its class what follows from it.
 */
import type {
  Found,
  FoundInvoice,
  FoundPartner,
  FoundProduct,
  FoundTax,
  Ledger,
} from '../core/odoo/found.ts';
import type { BookDraft } from '../core/odoo/book-draft.ts';
import type { Invoice, MoveType, Twin } from '../core/odoo/invoice.ts';
import type { TaskId } from '../core/task-id.ts';

export type { BookDraft } from '../core/odoo/book-draft.ts';

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
