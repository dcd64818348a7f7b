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
  /** The server said in its last EHLO that it takes addresses outside ASCII (RFC 6531). */
  readonly smtpUtf8: boolean;
  /** Called for every reply of the server. */
  onReply: (() => void) | undefined;
  readonly logger: Record<
    'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    (...args: unknown[]) => void
  >;
}

export function conversation(): Conversation {
  let phase: SubmissionPhase = 'connect';
  let smtpUtf8 = false;
  const reached = (next: SubmissionPhase): void => {
    if (ORDER.indexOf(next) > ORDER.indexOf(phase)) phase = next;
  };
  const log = (entry: unknown, message: unknown): void => {
    const tnx = typeof entry === 'object' && entry !== null && 'tnx' in entry ? entry.tnx : undefined;
    if (tnx === 'server') {
      reached('greeting');
      talk.onReply?.();
      if (typeof message === 'string' && /^250[ -]SMTPUTF8\b/im.test(message)) smtpUtf8 = true;
    }
    if (tnx !== 'client' || typeof message !== 'string') return;
    if (message.startsWith('STARTTLS')) reached('tls');
    // What was offered before TLS counts for nothing (RFC 3207 section 4.2).
    if (message.startsWith('EHLO')) smtpUtf8 = false;
    // Pipelined (RFC 2920) it goes out with the envelope: then a loss counts as one at DATA, nothing else.
    if (message === 'DATA') reached('data');
  };
  const talk: Conversation = {
    get phase() {
      return phase;
    },
    get smtpUtf8() {
      return smtpUtf8;
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
