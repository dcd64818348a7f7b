import { OdooFault } from '../../odoo/faults.ts';
import type { Clock } from '../../runtime/clock.ts';

/** May the key of this machine post, by any way? `unknown`: it could not be found out. */
export type PostingRight = 'no' | 'yes' | 'unknown';

/** The key may do more than this machine must be able to. Its message is for the reader. */
export class KeyRefused extends Error {
  readonly code: 'key-may-post' | 'key-not-proved';

  constructor(code: KeyRefused['code']) {
    super(WORDS[code]);
    this.name = 'KeyRefused';
    this.code = code;
  }
}

const CURE = 'Run `handover odoo guard install` and give this machine the key of the user it made.';
const WORDS: Readonly<Record<KeyRefused['code'], string>> = {
  'key-may-post': `The Odoo key of this machine can post invoices, so nothing is drafted with it. ${CURE}`,
  'key-not-proved':
    'Nothing is drafted until it is proved that the Odoo key of this machine cannot post, and Odoo did not let us find out.',
};

export interface KeyWatchOptions {
  /** Tries it on Odoo. @throws OdooFault when Odoo cannot be asked */
  readonly canPost: () => Promise<PostingRight>;
  /** Milliseconds since the epoch; null: nobody knows. @throws OdooFault */
  readonly expiry: () => Promise<number | null>;
  /** The user said in so many words that the key may post. */
  readonly allowed: boolean;
  /** For the user, until it is taken back with null. */
  readonly note: (about: string, words: string | null) => void;
  readonly clock: Pick<Clock, 'now'>;
  readonly onError: (error: unknown) => void;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const ANNOUNCED_DAYS = 14;

/**
 * Proves, at the start and every hour, that the key of the cloud cannot post, and tells when it expires. Until it
 * is proved nothing is written. An administrator can switch the guard in Odoo off at any time.
 */
export class KeyWatch {
  readonly #options: KeyWatchOptions;
  #right: PostingRight = 'unknown';
  #looking: Promise<PostingRight> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: KeyWatchOptions) {
    this.#options = options;
  }

  /** Looks now, and from now on every hour. Never throws: what cannot be found out is `unknown`. */
  async start(): Promise<PostingRight> {
    this.#timer = setInterval(() => void this.look(), HOUR_MS);
    this.#timer.unref();
    return this.look();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** @throws KeyRefused */
  async mayWrite(): Promise<void> {
    if (this.#options.allowed) return;
    const right = this.#right === 'no' ? 'no' : await this.look();
    if (right !== 'no') throw new KeyRefused(right === 'yes' ? 'key-may-post' : 'key-not-proved');
  }

  /** One look at a time: callers that come meanwhile share it. */
  look(): Promise<PostingRight> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<PostingRight> {
    const { canPost, allowed, note } = this.#options;
    this.#right = await this.#unlessAway(canPost, 'unknown');
    note('odoo key', this.#right === 'yes' && !allowed ? WORDS['key-may-post'] : null);
    const at = await this.#unlessAway(this.#options.expiry, null);
    note('odoo key expiry', at === null ? null : expiryWords(at, this.#options.clock.now()));
    return this.#right;
  }

  async #unlessAway<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      // That Odoo is away is told by whoever needs it.
      if (!(error instanceof OdooFault)) this.#options.onError(error);
      return otherwise;
    }
  }
}

function expiryWords(at: number, now: number): string | null {
  const days = Math.floor((at - now) / DAY_MS);
  if (days > ANNOUNCED_DAYS) return null;
  const date = new Date(at).toISOString().slice(0, 10);
  const when = days < 0 ? `expired on ${date}` : `expires on ${date}`;
  return `The Odoo key of this machine ${when}: make a new one in Odoo and put it into ODOO_API_KEY.`;
}
