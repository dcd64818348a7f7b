import type { SubmissionPhase } from '../../core/delivery-verdict.ts';

const ORDER = [
  'connect',
  'greeting',
  'tls',
  'auth',
  'envelope',
  'data',
  'body',
  'final-reply',
] as const satisfies readonly SubmissionPhase[];

/** Follows a conversation through nodemailer's transaction log: it reports every loss alike, as `CONN`. */
export interface Conversation {
  /** The furthest phase reached. */
  readonly phase: SubmissionPhase;
  reached(phase: SubmissionPhase): void;
  /** Called for every reply of the server. */
  onReply: (() => void) | undefined;
  readonly logger: Record<
    'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    (...args: unknown[]) => void
  >;
}

export function conversation(): Conversation {
  let phase: SubmissionPhase = 'connect';
  const reached = (next: SubmissionPhase): void => {
    if (ORDER.indexOf(next) > ORDER.indexOf(phase)) phase = next;
  };
  const log = (entry: unknown, message: unknown): void => {
    const tnx = typeof entry === 'object' && entry !== null && 'tnx' in entry ? entry.tnx : undefined;
    if (tnx === 'server') {
      reached('greeting');
      talk.onReply?.();
    }
    if (tnx !== 'client' || typeof message !== 'string') return;
    if (message.startsWith('STARTTLS')) reached('tls');
    // Pipelined (RFC 2920) it goes out with the envelope: then a loss counts as one at DATA, nothing else.
    if (message === 'DATA') reached('data');
  };
  const talk: Conversation = {
    get phase() {
      return phase;
    },
    reached,
    onReply: undefined,
    logger: { trace: log, debug: log, info: log, warn: log, error: log, fatal: log },
  };
  return talk;
}

const MAX_WORDS = 500;

/** A server's words, for a person to read: one line, no control characters, bounded. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_WORDS);
}
