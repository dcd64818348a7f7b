/**
 * The effect journal in memory: the same exclusive entries in the same order as src/journal/journal.ts,
 * read by the product's own `effectState`. Durable: it outlives every process.
 */
import type { EffectWord } from '../../src/core/approval-step.ts';
import {
  type Attempt,
  type AttemptResult,
  type EffectState,
  effectState,
  type ResolvedHow,
} from '../../src/core/effect-state.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import type { EffectView, SealedEffects, SealInput } from '../../src/stages/mail-effects.ts';
import type { Life } from './process.ts';

interface Generation {
  readonly k: number;
  readonly sealed: SealInput;
  attempts: Attempt<Life>[];
  filed: boolean;
}

const DECIDED: ReadonlySet<string> = new Set(['done', 'in_doubt', 'running', 'unreadable']);
const BACKOFF = { firstMs: 15_000, maxMs: 900_000 };

export interface Taken {
  readonly seal: SealInput;
  /** False: somebody made this attempt void. */
  transmitting(): boolean;
  finish(result: AttemptResult): void;
}

export class SimJournal {
  readonly #tasks = new Map<TaskId, Generation[]>();

  seals(): SealInput[] {
    return [...this.#tasks.values()].flatMap((all) => all.map((g) => g.sealed));
  }

  read(id: TaskId): { decisive: Generation | null; state: EffectState } {
    let decisive: Generation | null = null;
    let state: EffectState = { state: 'none' };
    for (const generation of this.#tasks.get(id) ?? []) {
      const entries = { sealed: true, faults: [], attempts: generation.attempts };
      decisive = generation;
      state = effectState(entries, (life) => !life.dead(), { ...BACKOFF, key: id });
      if (DECIDED.has(state.state)) break;
    }
    return { decisive, state };
  }

  /** The next generation, once the one before can surely never leave. */
  seal(input: SealInput): boolean {
    const { decisive, state } = this.read(input.action.id);
    if (DECIDED.has(state.state)) return false;
    if (state.state === 'sealed' || state.state === 'retry') {
      if (decisive?.sealed.hash === input.hash) return true;
      if (this.withdraw(input.action.id, null).state !== 'withdrawn') return false;
    }
    const all = this.#tasks.get(input.action.id) ?? [];
    all.push({ k: all.length + 1, sealed: input, attempts: [], filed: false });
    this.#tasks.set(input.action.id, all);
    return true;
  }

  begin(id: TaskId, now: number, process: Life): Taken | null {
    const { decisive, state } = this.read(id);
    if (!decisive || (state.state !== 'sealed' && state.state !== 'retry')) return null;
    if (state.state === 'retry' && state.after > now) return null;
    if (!this.#giveUpDead(decisive)) return null;
    const n = this.#take(decisive, 'attempt', now, process);
    return {
      seal: decisive.sealed,
      transmitting: () =>
        this.#change(decisive, n, (a) => (a.transmitting === 'no' ? { ...a, transmitting: 'sender' } : null)),
      finish: (result) => void this.#change(decisive, n, (a) => ({ ...a, result })),
    };
  }

  withdraw(id: TaskId, process: Life | null): EffectState {
    const { decisive, state } = this.read(id);
    if (decisive && ['sealed', 'retry', 'failed'].includes(state.state) && this.#giveUpDead(decisive)) {
      this.#take(decisive, 'withdrawn', 0, process ?? DEAD);
    }
    return this.read(id).state;
  }

  resolve(id: TaskId, how: ResolvedHow, evidence: string, at: number): void {
    const { decisive, state } = this.read(id);
    if (!decisive || state.state !== 'in_doubt') return;
    this.#change(decisive, state.attempt, (a) => ({ ...a, resolution: { how, at, evidence } }));
  }

  file(id: TaskId): void {
    const { decisive, state } = this.read(id);
    if (decisive && state.state === 'done') decisive.filed = true;
  }

  #take(generation: Generation, kind: Attempt<Life>['kind'], at: number, process: Life): number {
    const n = generation.attempts.length + 1;
    generation.attempts.push({ n, kind, at, process, transmitting: 'no', result: null, resolution: null });
    return n;
  }

  /** An attempt whose process died before transmitting is made void by the very mark its sender would need. */
  #giveUpDead(generation: Generation): boolean {
    const last = generation.attempts.at(-1);
    if (!last || last.kind === 'withdrawn' || last.result || last.resolution || last.transmitting === 'void')
      return true;
    if (last.transmitting === 'sender') return false;
    return this.#change(generation, last.n, (a) => ({ ...a, transmitting: 'void' }));
  }

  #change(generation: Generation, n: number, change: (a: Attempt<Life>) => Attempt<Life> | null): boolean {
    const attempt = generation.attempts[n - 1];
    const next = attempt ? change(attempt) : null;
    if (!next) return false;
    generation.attempts = generation.attempts.with(n - 1, next);
    return true;
  }
}

const DEAD: Life = { dead: () => true, gate: () => Promise.resolve(), pause: () => Promise.resolve() };

/** The approval handler's side of it. */
export function sealedEffects(journal: SimJournal, life: Life, now: () => number): SealedEffects {
  const step = async <T>(work: () => T): Promise<T> => {
    await life.gate();
    return work();
  };
  return {
    view: (id) => step(() => viewOf(journal, id, now())),
    seal: (input) =>
      step(() => {
        if (!journal.seal(input)) throw new SealRefused('seal-refused');
      }),
    release: (id) =>
      step(() => {
        const { state } = journal.withdraw(id, life);
        if (state !== 'withdrawn' && state !== 'none') throw new SealRefused('seal-refused');
      }),
    resolve: (id, how, evidence) => step(() => journal.resolve(id, how, evidence, now())),
  };
}

/** As in src/mail/submission/sealed-replies.ts: it was sent or may have been, so the seal stays. */
export class SealRefused extends Error {}

function viewOf(journal: SimJournal, id: TaskId, now: number): EffectView {
  const { decisive, state } = journal.read(id);
  const word = wordOf(state, now);
  if (word === 'none' || !decisive) return { word };
  const { sealed, filed } = decisive;
  const { noteName, noteText, hash } = sealed;
  const approval = { who: 'user', when: sealed.approvedAt, hash };
  return {
    word,
    sealed: { noteName, noteText, messageId: `<${id}.${decisive.k}@sim>`, approval },
    filed,
    ...(state.state === 'retry' ? { retryAt: state.after } : {}),
    ...('at' in state ? { attemptAt: state.at } : 'since' in state ? { attemptAt: state.since } : {}),
    ...('words' in state ? { words: state.words } : {}),
  };
}

function wordOf(state: EffectState, now: number): EffectWord {
  if (state.state === 'none' || state.state === 'withdrawn') return 'none';
  if (state.state === 'sealed') return 'ready';
  if (state.state === 'retry') return state.after > now ? 'waiting' : 'ready';
  return state.state;
}
