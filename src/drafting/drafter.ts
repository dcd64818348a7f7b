/**
 * What writes drafts. A drafter gets facts and gives text; recipients, subject and thread are none of its
 * business, so a mail that talks it into something changes words that the user reads before they leave.
 */

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
}

export interface Drafter {
  readonly name: string;
  /** Rejects only when `signal` aborts or an invariant broke; a model that fails is an answer with a warning. */
  draft(request: DraftRequest, signal: AbortSignal): Promise<Draft>;
}
