/** What the approval handler asks of odoo-mcp in live mode. Every answer can be `unknown`: then it is asked again later. */
import type { PostAction, PostProperties } from '../core/odoo/post-action.ts';
import type { TaskId } from '../core/task-id.ts';
import type { SealedCard, SealedEffects, SendOutcome } from './mail-effects.ts';

export interface PostSealInput extends SealedCard {
  readonly action: PostAction;
  /** The user was told that it was posted once and reset to draft, and said yes again: only then may it be posted again. */
  readonly again: boolean;
}

/** The journal of Odoo's effects, as the handler uses it. */
export type SealedPosts = SealedEffects<PostSealInput>;

/** What the card would show now; `lines` say what differs from what it shows, Markdown for a callout. */
export interface ChangedDraft {
  readonly section: string;
  readonly properties: PostProperties;
  readonly lines: readonly string[];
}

/** The card of this task, as it lies in the vault, held against what Odoo has now. */
export type DraftLook =
  /**
   * `closedPeriod`: Odoo's own words that its date lies in a closed period, so that it would be booked on another day
   * (measured on 19: `action_post` does not refuse that, it moves the accounting date and with it the year of the number).
   */
  | { readonly is: 'as_shown'; readonly closedPeriod?: string }
  | ({ readonly is: 'changed' } & ChangedDraft)
  | { readonly is: 'deleted' }
  /** Posted once and reset to draft by a person: never posted again without a question. */
  | { readonly is: 'reset'; readonly number: string | null; readonly changed: ChangedDraft | null }
  /** It is posted already, as shown: sealing it and `post` then end as done, and nothing is posted again. */
  | { readonly is: 'posted'; readonly number: string }
  | { readonly is: 'cancelled' }
  /** Odoo or our configuration refuses, in words for the user (a wrong key, the mode, the wrong database). */
  | { readonly is: 'refused'; readonly words: string }
  | { readonly is: 'unknown'; readonly words: string };

/** What became of a sealed post whose answer was lost. `not_posted`: it is a draft as it was sealed, so it can be tried again. */
export type PostLook = 'posted' | 'not_posted' | 'changed' | 'unknown';

export interface PostedInvoice {
  readonly odooId: number;
  readonly number: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly dueDate: string | null;
  /** The accounting date, where it is another one than `date`. */
  readonly bookedOn?: string;
  readonly total: number;
  readonly currency: string;
  readonly partner: string;
  readonly partnerEmail: string;
  /** Opens the document in Odoo's web client. */
  readonly link: string;
  /** A file below STATE_DIR, `null`: Odoo made none (words say why). */
  readonly pdf: { readonly file: string; readonly name: string; readonly sha256: string } | null;
  readonly pdfWords: string;
  /** What is posted and was not on the approved card (a person changed it at that moment), Markdown; empty: nothing. */
  readonly differs: readonly string[];
}

export interface PostEffects {
  /** post_approved: posts what is sealed under this id, at most once. */
  post(id: TaskId): Promise<SendOutcome>;
  /** draft_status */
  lookAtDraft(id: TaskId): Promise<DraftLook>;
  /** posting_status */
  lookAtPost(id: TaskId): Promise<PostLook>;
  /** posted_invoice: only for a task whose journal says done. */
  posted(id: TaskId): Promise<PostedInvoice | 'unknown'>;
}
