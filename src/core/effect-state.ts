import { createHash } from 'node:crypto';
import type { DeliveryCause, RefusedRecipient } from './delivery-verdict.ts';

/**
 * Where an effect stands, from what its journal holds. In qmail's manner:
 *
 *   sealed.json            the instant of commitment: this, and nothing else, may be sent
 *   attempt-n.json         one process took the n-th attempt (exclusive name: two cannot)
 *   attempt-n.transmitting who has the right to let the n-th body out: its sender, or (`void`) nobody
 *   attempt-n.result.json  what it came to
 *   resolution-n.json      how a doubt about it was settled
 *   returned.json          what was done came back: a delivery report names the very mail that was sealed
 *
 *   sealed -> running -> done | failed | retry | in_doubt -> done | retry
 *                        done -> failed, once a generation, by `returned.json` alone
 *
 * A crash without `transmitting` surely sent nothing; a crash with it and without a result may have. What
 * cannot be read is never acted on.
 */

export type AttemptResult =
  | { readonly verdict: 'sent'; readonly at: number; readonly words: string }
  | {
      readonly verdict: 'sent_partly';
      readonly at: number;
      readonly words: string;
      readonly refused: readonly RefusedRecipient[];
    }
  | {
      readonly verdict: 'retry' | 'failed';
      readonly at: number;
      readonly words: string;
      readonly cause: DeliveryCause;
    }
  | { readonly verdict: 'in_doubt'; readonly at: number; readonly words: string };

/**
 * The last two: Odoo was read, and it is posted, or it is a draft as it was sealed. `found_in_report`: a delivery
 * report names the mail, so it left.
 */
export type ResolvedHow =
  | 'found_in_sent'
  | 'found_in_report'
  | 'user_sent'
  | 'user_resend'
  | 'found_posted'
  | 'found_not_posted';

export interface Resolution {
  readonly how: ResolvedHow;
  readonly at: number;
  readonly evidence: string;
}

export interface Attempt<Process> {
  readonly n: number;
  /** `withdrawn`: the number was taken so that nobody can send this generation any more. */
  readonly kind: 'attempt' | 'withdrawn';
  readonly at: number;
  readonly process: Process;
  readonly transmitting: 'no' | 'sender' | 'void';
  readonly result: AttemptResult | null;
  readonly resolution: Resolution | null;
}

/** What was done came back: a mail that its recipient's server refused later. */
export interface Returned {
  readonly at: number;
  /** Of the report, so that the same one is told once. */
  readonly notice: string;
  /** The server's, hostile. */
  readonly words: string;
  /** As the report names them; hostile, may be empty. */
  readonly recipients: readonly string[];
}

/** One generation of a task's journal: what was sealed once, and what became of it. */
export interface JournalEntries<Process> {
  readonly sealed: boolean;
  /** What lies there that cannot be read or does not belong there. */
  readonly faults: readonly string[];
  /** In the order of their numbers. */
  readonly attempts: readonly Attempt<Process>[];
  /** Only of what was done; the next yes then seals another generation. */
  readonly returned?: Returned | null;
}

/** Times are milliseconds since the epoch. */
export type EffectState =
  | { readonly state: 'none' }
  | { readonly state: 'sealed' }
  | { readonly state: 'running'; readonly attempt: number; readonly since: number }
  | {
      readonly state: 'done';
      readonly attempt: number;
      readonly at: number;
      readonly how: 'accepted' | 'found_in_sent' | 'found_in_report' | 'user_sent' | 'found_posted';
      readonly words: string;
      /** Recipients who did not get it although others did. */
      readonly refused: readonly RefusedRecipient[];
    }
  | {
      readonly state: 'failed';
      readonly attempt: number;
      readonly at: number;
      readonly words: string;
      readonly cause: DeliveryCause | 'returned';
      /** Those who did not get it, with the cause `returned`. */
      readonly recipients?: readonly string[];
    }
  | {
      readonly state: 'retry';
      readonly attempt: number;
      readonly at: number;
      /** Not before this time. */
      readonly after: number;
      readonly words: string;
      readonly cause: DeliveryCause | 'crash' | 'user' | 'looked';
    }
  | { readonly state: 'in_doubt'; readonly attempt: number; readonly since: number; readonly words: string }
  | { readonly state: 'withdrawn' }
  | { readonly state: 'unreadable'; readonly why: string };

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Spreads what failed at the same moment; the same key gives the same delay. */
  readonly key: string;
}

/** Doubling from the first delay up to the limit, and up to a fifth more, given by the key. */
export function retryDelay(attempt: number, backoff: Backoff): number {
  const doubled = Math.min(backoff.firstMs * 2 ** Math.min(attempt - 1, 30), backoff.maxMs);
  const spread = createHash('sha256').update(`${backoff.key}#${attempt}`).digest().readUInt16BE(0) / 65_536;
  return Math.round(doubled * (1 + spread / 5));
}

export function effectState<Process>(
  entries: JournalEntries<Process>,
  isAlive: (process: Process) => boolean,
  backoff: Backoff,
): EffectState {
  const [fault] = entries.faults;
  if (fault !== undefined) return { state: 'unreadable', why: fault };
  if (!entries.sealed) {
    if (entries.attempts.length > 0) return { state: 'unreadable', why: 'an attempt without a seal' };
    return { state: 'none' };
  }
  let state: EffectState = { state: 'sealed' };
  let returned = entries.returned ?? null;
  for (const [index, attempt] of entries.attempts.entries()) {
    if (attempt.n !== index + 1) return { state: 'unreadable', why: `attempt ${index + 1} is missing` };
    const open = state.state === 'sealed' || state.state === 'retry';
    if (!open && !(state.state === 'failed' && attempt.kind === 'withdrawn')) {
      return { state: 'unreadable', why: `attempt ${attempt.n} came after \`${state.state}\`` };
    }
    state = attemptState(attempt, isAlive, backoff);
    if (state.state === 'done' && returned !== null) {
      const { at, words, recipients } = returned;
      state = { state: 'failed', attempt: attempt.n, at, words, cause: 'returned', recipients };
      returned = null;
    }
    // Whatever lies behind an attempt that may have sent: it stays the one that counts.
    if (state.state === 'done' || state.state === 'in_doubt' || state.state === 'running') break;
  }
  if (returned !== null) return { state: 'unreadable', why: 'it came back and was never sent' };
  return state;
}

function attemptState<Process>(
  attempt: Attempt<Process>,
  isAlive: (process: Process) => boolean,
  backoff: Backoff,
): EffectState {
  const { n, result, resolution } = attempt;
  if (attempt.kind === 'withdrawn') return { state: 'withdrawn' };
  if (result !== null && result.verdict !== 'in_doubt') return conclusive(n, result, backoff);
  if (resolution !== null) return resolved(n, resolution);
  if (result !== null) return { state: 'in_doubt', attempt: n, since: result.at, words: result.words };
  if (attempt.transmitting !== 'void' && isAlive(attempt.process)) {
    return { state: 'running', attempt: n, since: attempt.at };
  }
  if (attempt.transmitting === 'sender') {
    const words = 'the program stopped while it was on its way';
    return { state: 'in_doubt', attempt: n, since: attempt.at, words };
  }
  const words = 'the program stopped before it was on its way';
  return { state: 'retry', attempt: n, at: attempt.at, after: attempt.at, words, cause: 'crash' };
}

function conclusive(
  n: number,
  result: Exclude<AttemptResult, { verdict: 'in_doubt' }>,
  backoff: Backoff,
): EffectState {
  const { at, words } = result;
  switch (result.verdict) {
    case 'sent':
      return { state: 'done', attempt: n, at, how: 'accepted', words, refused: [] };
    case 'sent_partly':
      return { state: 'done', attempt: n, at, how: 'accepted', words, refused: result.refused };
    case 'failed':
      return { state: 'failed', attempt: n, at, words, cause: result.cause };
    case 'retry':
      return {
        state: 'retry',
        attempt: n,
        at,
        after: at + retryDelay(n, backoff),
        words,
        cause: result.cause,
      };
  }
}

function resolved(n: number, resolution: Resolution): EffectState {
  const { how, at, evidence } = resolution;
  if (how === 'user_resend' || how === 'found_not_posted') {
    const cause = how === 'user_resend' ? 'user' : 'looked';
    return { state: 'retry', attempt: n, at, after: at, words: evidence, cause };
  }
  return { state: 'done', attempt: n, at, how, words: evidence, refused: [] };
}
