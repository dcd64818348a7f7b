import type { EffectWord } from './approval-step.ts';
import type { EffectState } from './effect-state.ts';

export interface EffectDetails {
  /** Milliseconds: when a refused-for-now attempt may be repeated. */
  readonly retryAt?: number;
  /** Milliseconds: when the last attempt began. */
  readonly attemptAt?: number;
  /** The server's own words about the last attempt. */
  readonly words?: string;
  /** Recipients the server refused while it took the mail for the others. */
  readonly refused?: readonly string[];
  /** It was done and came back; those who did not get it, as the report names them. */
  readonly returned?: readonly string[];
}

/** The journal's state in the handler's words. `now` in ms. */
export function effectWord(state: EffectState, now: number): EffectWord {
  switch (state.state) {
    case 'none':
    case 'withdrawn':
      return 'none';
    case 'sealed':
      return 'ready';
    case 'retry':
      return state.after > now ? 'waiting' : 'ready';
    case 'running':
    case 'done':
    case 'failed':
    case 'in_doubt':
    case 'unreadable':
      return state.state;
  }
}

/** What is known of the last attempt. */
export function effectDetails(state: EffectState): EffectDetails {
  switch (state.state) {
    case 'retry':
      return { retryAt: state.after, attemptAt: state.at, words: state.words };
    case 'done':
      return {
        attemptAt: state.at,
        words: state.words,
        refused: state.refused.map((r) => r.address),
      };
    case 'failed':
      return {
        attemptAt: state.at,
        words: state.words,
        ...(state.cause === 'returned' ? { returned: state.recipients ?? [] } : {}),
      };
    case 'in_doubt':
      return { attemptAt: state.since, words: state.words };
    case 'running':
      return { attemptAt: state.since };
    case 'unreadable':
      return { words: state.why };
    case 'none':
    case 'sealed':
    case 'withdrawn':
      return {};
  }
}
