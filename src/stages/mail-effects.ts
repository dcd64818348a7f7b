import type { EffectWord } from '../core/approval-step.ts';
import type { ResolvedHow } from '../core/effect-state.ts';
import type { EffectDetails } from '../core/effect-word.ts';
import type { MailAction } from '../core/approval.ts';
import type { TaskId } from '../core/task-id.ts';

/** What the approval handler knows of one task's effect; read from the journal, never from the vault. */
export interface EffectView extends EffectDetails {
  readonly word: EffectWord;
  /** The approved card as it was sealed; present from then on. */
  readonly sealed?: {
    readonly noteName: string;
    readonly noteText: string;
    /** Of a mail. */
    readonly messageId?: string;
    readonly approval: { readonly who: string; readonly when: string; readonly hash: string };
  };
  readonly filed?: boolean;
  /** The Message-ID it has in Sent, where the provider wrote another one. */
  readonly filedAs?: string;
}

/** A file that leaves with a mail: the very bytes that the yes covers. */
export interface SealedFile {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

/** What is sealed of every card. */
export interface SealedCard {
  readonly hash: string;
  readonly noteName: string;
  readonly noteText: string;
  /** RFC 3339: when the user moved the card. */
  readonly approvedAt: string;
}

export interface SealInput extends SealedCard {
  readonly action: MailAction;
  readonly files: readonly SealedFile[];
}

/** What the handler needs of a journal once a card is sealed. */
export interface EffectRecords {
  view(id: TaskId): Promise<EffectView>;
  /** Takes a seal back that never left: after a refusal or a dry run, the next yes seals anew. */
  release(id: TaskId, why: string): Promise<void>;
  /** Settles a doubt. */
  resolve(id: TaskId, how: ResolvedHow, evidence: string): Promise<void>;
}

/** The effect journal in STATE_DIR, as the handler uses it. */
export interface SealedEffects<Input extends SealedCard = SealInput> extends EffectRecords {
  /** The instant of commitment: when it returns, exactly this may happen, whatever the vault says. */
  seal(input: Input): Promise<void>;
}

/** A delivery report about one mail. Everything in it is hostile. */
export interface ReturnNotice {
  /** The report's own task id: the same report is the same notice. */
  readonly notice: string;
  /** Of the mail that came back, with angle brackets. */
  readonly messageId: string;
  readonly words: string;
  readonly recipients: readonly string[];
}

export type ReturnVerdict =
  | { readonly is: 'recorded' }
  /** `same`: this very report said so before; else another report of the same mail. */
  | { readonly is: 'again'; readonly same: boolean }
  | { readonly is: 'not_ours' }
  | { readonly is: 'not_done'; readonly word: EffectWord }
  | { readonly is: 'too_often' };

/** What of the journal a delivery report may touch. */
export interface MailReturns {
  /** A sent mail with this very Message-ID came back: the task counts as failed and may be approved anew. Once. */
  returned(id: TaskId, notice: ReturnNotice): Promise<ReturnVerdict>;
}

export type SendOutcome =
  | { readonly kind: 'settled' } // the journal has the verdict: done, failed, in doubt or retry
  | { readonly kind: 'paused' }
  | { readonly kind: 'limited'; readonly until: number }
  /** Quiet hours; `until` in milliseconds. */
  | { readonly kind: 'quiet'; readonly until: number }
  | { readonly kind: 'dry_run'; readonly file: string }
  /** Until the user mends something; the words say what. */
  | { readonly kind: 'waits'; readonly words: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** The effects themselves, as email-mcp offers them. `unknown` is no answer: ask the journal again later. */
export interface MailEffects {
  send(id: TaskId): Promise<SendOutcome>;
  lookInSent(id: TaskId): Promise<'found' | 'absent' | 'unknown'>;
  fileInSent(id: TaskId): Promise<'filed' | 'already' | 'off' | 'unknown'>;
  threadStatus(id: TaskId): Promise<'quiet' | 'answered' | 'newer' | 'unknown'>;
}
