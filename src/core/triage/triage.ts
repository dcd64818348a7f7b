/** Does this mail deserve a draft? System noise never enters the queue; skipped is not dropped. */

import type { IncomingMail } from '../mail.ts';
import type { MailRules } from '../mail-rules.ts';
import { triage as before } from '../triage.ts';

/** `bounce` and `folded` are given by the intake, which knows the tasks. */
export type SkipCode =
  | 'report'
  | 'null-return-path'
  | 'automatic'
  | 'own'
  | 'robot'
  | 'bulk'
  | 'list'
  | 'newsletter'
  | 'calendar'
  | 'spam'
  | 'bcc'
  | 'never'
  | 'answered'
  | 'bounce'
  | 'folded';

export type Triage =
  | { readonly verdict: 'card'; readonly important: boolean }
  /** `reason` is a sentence for the user, at most 200 characters; it may quote the mail. */
  | { readonly verdict: 'skip'; readonly code: SkipCode; readonly reason: string };

export interface TriageFacts {
  /** The user's addresses, aliases included. */
  readonly addresses: readonly string[];
  readonly rules: MailRules;
  /** A reply of the user lies in Sent. */
  readonly answered: boolean;
}

export function triage(mail: IncomingMail, facts: TriageFacts): Triage {
  const decision = before(mail, facts);
  if (decision.verdict === 'card') return { verdict: 'card', important: false };
  return { verdict: 'skip', code: 'automatic', reason: decision.reason };
}
