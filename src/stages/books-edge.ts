/** When the books are not asked: after a fault that is not about one request. Mail goes on meanwhile. */
import { backoffMs } from '../core/backoff.ts';
import { propertyText } from '../core/neutralise.ts';
import type { TaskId } from '../core/task-id.ts';
import type { BooksFault } from './draft-books.ts';

/** Down for a moment is usual (a restart); a wrong key is mended by a person. */
const TRANSIENT = { firstMs: 5_000, capMs: 5 * 60_000 };
const TO_BE_MENDED = { firstMs: 60_000, capMs: 10 * 60_000 };
/** An answer that cannot be read, again and again for the same request, is about the request. */
const MAX_ODD_ANSWERS = 5;

export type FaultMeans =
  /** The books are left alone for a while; the request waits. */
  | 'later'
  /** The user is asked, with the words of the fault. */
  | 'ask';

export class BooksEdge {
  readonly #now: () => number;
  /** For the user: what is wrong with the books, null: nothing. */
  readonly #tell: (words: string | null) => void;
  #failures = 0;
  #until = 0;
  readonly #odd = new Map<TaskId, { readonly count: number; readonly againAt: number }>();

  constructor(deps: { readonly now: () => number; readonly tell: (words: string | null) => void }) {
    this.#now = deps.now;
    this.#tell = deps.tell;
  }

  /** Until when nothing is asked; null: it may be. */
  restsUntil(id?: TaskId): number | null {
    const now = this.#now();
    const until = Math.max(this.#until, (id && this.#odd.get(id)?.againAt) ?? 0);
    return until > now ? until : null;
  }

  /** The books answered, whatever they said. */
  answered(): void {
    if (this.#failures > 0) this.#tell(null);
    this.#failures = 0;
    this.#until = 0;
  }

  /** Nothing more is asked about this request. */
  finished(id: TaskId): void {
    this.#odd.delete(id);
  }

  failed(id: TaskId, fault: BooksFault): FaultMeans {
    if (fault.class === 'logic' || fault.class === 'data') return 'ask';
    if (fault.code === 'malformed' || fault.code === 'unknown') {
      const count = (this.#odd.get(id)?.count ?? 0) + 1;
      if (count >= MAX_ODD_ANSWERS) {
        this.#odd.delete(id);
        return 'ask';
      }
      this.#odd.set(id, { count, againAt: this.#now() + backoffMs(count, 0.5, TRANSIENT) });
      return 'later';
    }
    this.#failures += 1;
    const limits = fault.class === 'transient' ? TRANSIENT : TO_BE_MENDED;
    this.#until = this.#now() + backoffMs(this.#failures, 0.5, limits);
    this.#tell(`${WORDS[fault.class]}: ${propertyText(fault.words, 200)}`);
    return 'later';
  }
}

const WORDS = {
  transient: 'Odoo is not reached',
  authentication: 'Odoo refuses the key of the cloud, so nothing is drafted',
  configuration: 'Odoo is set up in a way that nothing can be drafted',
} as const;
