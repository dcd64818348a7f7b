import type { EffectWord } from '../core/approval-step.ts';
import type { MailAction } from '../core/approval.ts';
import type { TaskId } from '../core/task-id.ts';

/** What the approval handler knows of one task's effect; read from the journal, never from the vault. */
export interface EffectView {
  readonly word: EffectWord;
  /** The approved card as it was sealed; present from then on. */
  readonly sealed?: {
    readonly noteName: string;
    readonly noteText: string;
    readonly messageId: string;
    readonly approval: { readonly who: string; readonly when: string; readonly hash: string };
  };
  /** Milliseconds: when a refused-for-now attempt may be repeated. */
  readonly retryAt?: number;
  /** Milliseconds: when the last attempt began. */
  readonly attemptAt?: number;
  /** The server's own words about the last attempt. */
  readonly words?: string;
  /** Recipients the server refused while it took the mail for the others. */
  readonly refused?: readonly string[];
  readonly filed?: boolean;
}

/** A file that leaves with a mail: the very bytes that the yes covers. */
export interface SealedFile {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

export interface SealInput {
  readonly action: MailAction;
  readonly files: readonly SealedFile[];
  readonly hash: string;
  readonly noteName: string;
  readonly noteText: string;
  /** RFC 3339: when the user moved the card. */
  readonly approvedAt: string;
}

/** The effect journal in STATE_DIR, as the handler uses it. */
export interface SealedEffects {
  view(id: TaskId): Promise<EffectView>;
  /** The instant of commitment: when it returns, exactly these bytes may leave, whatever the vault says. */
  seal(input: SealInput): Promise<void>;
  /** Takes a seal back that never left: after a refusal or a dry run, the next yes seals anew. */
  release(id: TaskId, why: string): Promise<void>;
  /** Settles a doubt. */
  resolve(id: TaskId, how: 'found_in_sent' | 'user_sent' | 'user_resend', evidence: string): Promise<void>;
}

export type SendOutcome =
  | { readonly kind: 'settled' } // the journal has the verdict: done, failed, in doubt or retry
  | { readonly kind: 'paused' }
  | { readonly kind: 'limited'; readonly until: number }
  | { readonly kind: 'dry_run'; readonly file: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** The effects themselves, as email-mcp offers them. `unknown` is no answer: ask the journal again later. */
export interface MailEffects {
  send(id: TaskId): Promise<SendOutcome>;
  lookInSent(id: TaskId): Promise<'found' | 'absent' | 'unknown'>;
  fileInSent(id: TaskId): Promise<'filed' | 'already' | 'off' | 'unknown'>;
  threadStatus(id: TaskId): Promise<'quiet' | 'answered' | 'newer' | 'unknown'>;
}
