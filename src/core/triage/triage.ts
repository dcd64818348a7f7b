/**
 * Does this mail deserve a draft? System noise never enters the queue; skipped is not dropped. Every sign is
 * named with its source where it is read; docs/triage.md tells the user all of them.
 */

import type { IncomingMail } from '../mail.ts';
import { type MailRules, matchOf } from '../mail-rules.ts';
import { automatic } from './automatic.ts';
import { blindCopy } from './blind-copy.ts';
import { calendar } from './calendar.ts';
import { bulk, mailingList } from './lists.ts';
import { newsletter } from './newsletter.ts';
import { nullReturnPath, report } from './reports.ts';
import { ownMail, robotSender } from './robots.ts';
import { spam } from './spam.ts';

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
  /** The user's addresses, aliases included; without any, nothing is taken for own mail or a blind copy. */
  readonly addresses: readonly string[];
  readonly rules: MailRules;
  /** A reply of the user lies in Sent. */
  readonly answered: boolean;
}

const MAX_REASON_CHARS = 200;

/** Pure: the same mail, addresses and rules give the same verdict. Never throws, whatever the mail holds. */
export function triage(mail: IncomingMail, facts: TriageFacts): Triage {
  const { addresses, rules, answered } = facts;
  const always = matchOf(rules.always, mail);
  const never = matchOf(rules.never, mail);
  // The more exact rule wins; of two alike the one that spares the user a card.
  if (never > 0 && never >= always) return skip('never', 'Your handbook says never (Mail rules).');
  for (const [code, rule, overruled] of RULES) {
    const reason = always > 0 && overruled ? null : rule(mail, addresses);
    if (reason !== null) return skip(code, reason);
  }
  if (answered) return skip('answered', 'You have answered it already.');
  return { verdict: 'card', important: matchOf(rules.important, mail) > 0 };
}

type Rule = (mail: IncomingMail, own: readonly string[]) => string | null;

/**
 * The surest sign first, so that the reason is the one a reader believes. True: `always` of the handbook
 * overrules it. A mail server's report, an empty return path, the user's own mail and what a filter holds for
 * spam (whose sender may be forged) stay skipped.
 */
const RULES: readonly (readonly [SkipCode, Rule, boolean])[] = [
  ['report', report, false],
  ['null-return-path', nullReturnPath, false],
  ['own', ownMail, false],
  ['spam', spam, false],
  ['automatic', automatic, true],
  ['robot', robotSender, true],
  ['list', mailingList, true],
  ['bulk', bulk, true],
  ['newsletter', newsletter, true],
  ['calendar', calendar, true],
  ['bcc', blindCopy, true],
];

/** Cut between characters, not inside one. */
function skip(code: SkipCode, reason: string): Triage {
  const cut =
    reason.length <= MAX_REASON_CHARS
      ? reason
      : reason.slice(0, MAX_REASON_CHARS).replace(/[\ud800-\udbff]$/, '');
  return { verdict: 'skip', code, reason: cut };
}
