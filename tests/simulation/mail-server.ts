/** email-mcp and the mail server behind it: the one place where an effect happens. */
import type { TaskId } from '../../src/core/task-id.ts';
import type { MailEffects, SendOutcome } from '../../src/stages/mail-effects.ts';
import type { Life } from './process.ts';
import type { SimJournal } from './sim-journal.ts';
import type { Tape } from './tape.ts';

export interface Effect {
  readonly id: TaskId;
  /** Canonical hash of what left. */
  readonly hash: string;
}

interface Request {
  readonly id: TaskId;
  answer: SendOutcome | null;
}

/** What the server does with a mail; the first is what it nearly always does. */
const ANSWERS = ['sent', 'sent', 'sent', 'retry', 'failed', 'lost', 'lost', 'lost-before'] as const;

export class MailServer {
  readonly effects: Effect[] = [];
  readonly #sentFolder = new Set<string>();
  readonly #queue: Request[] = [];
  readonly #journal: SimJournal;
  readonly #answers: (typeof ANSWERS)[number][];
  readonly #onEffect: (effect: Effect) => void;
  /** The provider keeps a copy of what it accepts. */
  readonly #keepsCopies: boolean;
  doubts = 0;

  constructor(deps: {
    readonly journal: SimJournal;
    readonly tape: Tape;
    readonly keepsCopies: boolean;
    readonly onEffect: (effect: Effect) => void;
  }) {
    this.#journal = deps.journal;
    // Decided beforehand, so that also a run to rest meets a server that is not well.
    this.#answers = Array.from({ length: 3 }, () => deps.tape.pick(ANSWERS) ?? 'sent');
    this.#keepsCopies = deps.keepsCopies;
    this.#onEffect = deps.onEffect;
  }

  /** One pass of the process email-mcp, as src/mail/submission/send-sealed.ts goes. */
  async serve(life: Life, now: () => number, skipJournal: boolean): Promise<void> {
    for (let request = this.#queue.shift(); request; request = this.#queue.shift()) {
      await life.gate();
      if (skipJournal) await this.#submitUnasked(life, request.id);
      else await this.#submit(life, request.id, now);
      request.answer = { kind: 'settled' };
    }
  }

  async #submit(life: Life, id: TaskId, now: () => number): Promise<void> {
    const taken = this.#journal.begin(id, now(), life);
    await life.gate();
    if (!taken) return;
    const answer = this.#answers.shift() ?? 'sent';
    if (answer === 'retry' || answer === 'failed') {
      await life.gate();
      taken.finish({ verdict: answer, at: now(), words: answer, cause: 'server' });
      return;
    }
    if (!taken.transmitting()) return;
    await life.gate();
    if (answer !== 'lost-before') this.#accept({ id, hash: taken.seal.hash });
    await life.gate();
    if (answer === 'sent') {
      taken.finish({ verdict: 'sent', at: now(), words: '250' });
    } else {
      this.doubts += 1;
      taken.finish({ verdict: 'in_doubt', at: now(), words: 'connection lost' });
    }
  }

  /** A planted bug: what is sealed last is sent, whatever happened before. */
  async #submitUnasked(life: Life, id: TaskId): Promise<void> {
    const seal = this.#journal.seals().findLast((s) => s.action.id === id);
    await life.gate();
    if (seal) this.#accept({ id, hash: seal.hash });
    await life.gate();
  }

  #accept(effect: Effect): void {
    this.effects.push(effect);
    if (this.#keepsCopies) this.#sentFolder.add(effect.id);
    this.#onEffect(effect);
  }

  /** What the approval handler sees of it. An answer may never come: the other process can die. */
  client(life: Life, alive: () => boolean): MailEffects {
    return {
      send: async (id) => {
        await life.gate();
        const request: Request = { id, answer: null };
        this.#queue.push(request);
        for (let patience = 6; patience > 0 && alive(); patience--) {
          await life.pause();
          if (request.answer) return request.answer;
        }
        return { kind: 'unknown', why: 'no answer' };
      },
      lookInSent: async (id) => {
        await life.gate();
        return this.#sentFolder.has(id) ? 'found' : 'absent';
      },
      fileInSent: async (id) => {
        await life.gate();
        this.#sentFolder.add(id);
        this.#journal.file(id);
        return 'filed';
      },
      threadStatus: async () => {
        await life.gate();
        return 'quiet';
      },
    };
  }
}
