/**
 * What one submission over SMTP came to. Nothing but the server's own reply and the phase that was reached
 * decides; the client library reports a lost connection alike before and after the final dot (measured).
 */

/** How far the conversation got. `body`: the server's go-ahead to DATA was seen. `final-reply`: so was the last byte. */
export type SubmissionPhase =
  | 'connect'
  | 'greeting'
  | 'tls'
  | 'auth'
  | 'envelope'
  | 'data'
  | 'body'
  | 'final-reply';

export interface RefusedRecipient {
  readonly address: string;
  /** The reply to RCPT, or 0 when it was not readable. */
  readonly code: number;
  readonly words: string;
}

export type SubmissionFault =
  | 'network'
  | 'timeout'
  | 'tls'
  | 'aborted'
  | 'local'
  | 'protocol'
  | 'rejected'
  /** There is nothing to log in with: the access was withdrawn, or nobody has logged in. */
  | 'login';

export interface SubmissionFacts {
  readonly phase: SubmissionPhase;
  /** null when the conversation came to its end with a 2xx to the mail itself. */
  readonly fault: SubmissionFault | null;
  /** The reply that ended the conversation, or null when none came or none could be read. */
  readonly replyCode: number | null;
  /** The server's last words on one line, or the local reason. */
  readonly words: string;
  readonly accepted: readonly string[];
  readonly refused: readonly RefusedRecipient[];
}

/** Whom the user or the operator has to look at; `authentication` and `tls` pause the edge, not the task. */
export type DeliveryCause =
  | 'network'
  | 'timeout'
  | 'tls'
  | 'authentication'
  | 'server'
  | 'recipients'
  | 'content'
  | 'local'
  | 'aborted';

export type DeliveryVerdict =
  | { readonly verdict: 'sent'; readonly words: string }
  /** Some recipients have it, others were refused. Never sent again by itself: the first would get it twice. */
  | { readonly verdict: 'sent_partly'; readonly words: string; readonly refused: readonly RefusedRecipient[] }
  | { readonly verdict: 'retry'; readonly words: string; readonly cause: DeliveryCause }
  | { readonly verdict: 'failed'; readonly words: string; readonly cause: DeliveryCause }
  | { readonly verdict: 'in_doubt'; readonly words: string };

export function deliveryVerdict(facts: SubmissionFacts): DeliveryVerdict {
  const bodyMayBeOut = facts.phase === 'body' || facts.phase === 'final-reply';
  return bodyMayBeOut ? afterGoAhead(facts) : beforeGoAhead(facts);
}

function afterGoAhead(facts: SubmissionFacts): DeliveryVerdict {
  const { replyCode, words, phase } = facts;
  switch (replyClass(replyCode)) {
    case 2:
      // A 250 before our last byte was handed over cannot be about the whole mail.
      if (phase !== 'final-reply') return { verdict: 'in_doubt', words };
      if (facts.refused.length > 0) return { verdict: 'sent_partly', words, refused: facts.refused };
      return { verdict: 'sent', words };
    // The server's verdict on the mail (RFC 5321 section 4.2.1), 421 included (section 3.8).
    case 4:
      return { verdict: 'retry', words, cause: 'server' };
    case 5:
      return { verdict: 'failed', words, cause: 'content' };
    case null:
      // RFC 5321 section 3.8: a server whose client goes away before the end of the mail MUST drop it.
      if (phase === 'body') return { verdict: 'retry', words, cause: cause(facts) };
      return { verdict: 'in_doubt', words };
  }
}

function beforeGoAhead(facts: SubmissionFacts): DeliveryVerdict {
  const { phase, replyCode, words } = facts;
  // The fault is on our side of the wire (an address that is none): no server will take it later either.
  if (facts.fault === 'local') return { verdict: 'failed', words, cause: 'local' };
  if (phase === 'auth' || isAuthenticationReply(replyCode)) {
    // Not the mail's fault: the user mends the password, the approval stands.
    return { verdict: 'retry', words, cause: replyClass(replyCode) === 5 ? 'authentication' : cause(facts) };
  }
  const onTheMail = phase === 'envelope' || phase === 'data';
  if (replyClass(replyCode) === 5 && onTheMail) {
    const recipients = facts.refused.length > 0 && facts.accepted.length === 0;
    return { verdict: 'failed', words, cause: recipients ? 'recipients' : 'content' };
  }
  // A 5xx greeting is this server's mood, not a word on the mail; Postfix defers on it as well.
  return { verdict: 'retry', words, cause: cause(facts) };
}

/** RFC 4954 section 6: 530 authentication required, 534 and 535 refused, 538 needs encryption. */
function isAuthenticationReply(code: number | null): boolean {
  return code === 530 || code === 534 || code === 535 || code === 538;
}

function replyClass(code: number | null): 2 | 4 | 5 | null {
  const first = code === null ? 0 : Math.floor(code / 100);
  return first === 2 || first === 4 || first === 5 ? first : null;
}

function cause(facts: SubmissionFacts): DeliveryCause {
  switch (facts.fault) {
    case 'timeout':
    case 'tls':
    case 'aborted':
    case 'local':
      return facts.fault;
    case 'login':
      return 'authentication';
    case 'network':
      return facts.replyCode === null ? 'network' : 'server';
    case 'protocol':
    case 'rejected':
    case null:
      return 'server';
  }
}
