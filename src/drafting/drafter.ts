/**
 * What writes drafts. A drafter gets facts and gives text; recipients, subject and thread are none of its
 * business, so a mail that talks it into something changes words that the user reads before they leave.
 */

import type { ThreadText } from '../core/earlier-mails.ts';
import type { TaskNote } from '../core/task-file.ts';
import type { Template } from './template.ts';

export interface DraftRequest {
  readonly kind: 'email_reply' | 'email_new';
  readonly mail: {
    /** As the card shows it; hostile. */
    readonly from: string;
    /** Without `Re:`. */
    readonly subject: string;
    /** `YYYY-MM-DDTHH:mm:ss` in the vault's time zone, or ''. */
    readonly received: string;
    /** The original as shown, '' for a mail of the user's own. Hostile. */
    readonly text: string;
  };
  /** Earlier mails of the thread, oldest first, at most 6 of 4,000 characters. Hostile, the user's own too. Absent: none. */
  readonly thread?: readonly ThreadText[];
  /** Name to greet, '' when there is none that can be trusted to be a name. */
  readonly addressee: string;
  /** `signature` is '' when there is none. */
  readonly me: { readonly name: string; readonly signature: string };
  /** The user's rules of the house (`Company_Handbook.md`), or ''. */
  readonly handbook: string;
  /** What the user wrote under Feedback, '' at the first draft. */
  readonly feedback: string;
  /** The reply as it stands in the note, edits included; null when there is none. */
  readonly previousReply: string | null;
  /** What the user wrote into a note of their own, for `email_new`. */
  readonly instruction: string;
  readonly templates: readonly Template[];
  /** May the draft say that the mail asks for an invoice? Absent: no. */
  readonly findRequest?: boolean;
}

/** What a mail asks to be invoiced: every text and figure stands in the mail. '' where the mail does not say. */
export interface FoundRequest {
  readonly lines: readonly {
    readonly description: string;
    readonly quantity: string;
    readonly price: string;
  }[];
  /** ISO code. */
  readonly currency: string;
  /** The sender's own number for the order. */
  readonly reference: string;
}

export interface Draft {
  readonly decision: 'reply' | 'no_reply_needed';
  readonly reply: string;
  /** What wrote it in the end, for `drafted_by`. */
  readonly drafter: string;
  readonly templateName?: string;
  /** How it came about, one line for the card. */
  readonly verdictLine: string;
  /** One sentence each; written to be read by the user. */
  readonly warnings: readonly string[];
  /** Only when it was asked for; never from a template. */
  readonly invoiceRequest?: FoundRequest;
}

export type Revised =
  | {
      readonly ok: true;
      /** The note with a changed request, its Feedback still there. */
      readonly note: TaskNote;
      /** What was changed and by whom, one sentence each. */
      readonly remarks: readonly string[];
    }
  /** In a few words, for the card. */
  | { readonly ok: false; readonly why: string };

/** Turns what the user wrote under Feedback of an invoice card into a changed request. Rejects only when `signal` aborts. */
export interface RequestReviser {
  revise(note: TaskNote, feedback: string, signal: AbortSignal): Promise<Revised>;
}

export interface Drafter {
  readonly name: string;
  /** Rejects only when `signal` aborts or an invariant broke; a model that fails is an answer with a warning. */
  draft(request: DraftRequest, signal: AbortSignal): Promise<Draft>;
}
