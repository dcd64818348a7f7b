/**
 * A program under the simulation's hand: it runs the product's own stage, stops before each of its steps,
 * and goes on only when the schedule lets it. A crash is that it never goes on; the next start has nothing
 * but what is durable.
 */

/** What one life of a process is given. */
export interface Life {
  /** Awaited before every step that touches a disk or another process. */
  gate(): Promise<void>;
  /** Waits for the world: nothing more happens in this turn. */
  pause(): Promise<void>;
  /** Has this life ended? */
  dead(): boolean;
}

/** Starts a life; what comes back is one pass of it. */
export type Boot = (life: Life) => () => Promise<unknown>;

const NEVER = new Promise<void>(() => undefined);
const READY = Promise.resolve();

/** All promises that can go on have gone on. */
function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class SimProcess {
  readonly name: string;
  readonly #boot: Boot;
  readonly #onThrow: (error: unknown) => void;
  #life = 0;
  #budget = 0;
  #waiting: (() => void)[] = [];
  #pass: (() => Promise<unknown>) | null = null;
  #busy = false;
  crashes = 0;
  passes = 0;

  constructor(name: string, boot: Boot, onThrow: (error: unknown) => void) {
    this.name = name;
    this.#boot = boot;
    this.#onThrow = onThrow;
  }

  get alive(): boolean {
    return this.#pass !== null;
  }

  get busy(): boolean {
    return this.#busy;
  }

  start(): void {
    if (this.#pass) return;
    const life = (this.#life += 1);
    const dead = (): boolean => this.#life !== life;
    this.#pass = this.#boot({
      dead,
      gate: () => (dead() ? NEVER : this.#gate()),
      pause: () => {
        if (dead()) return NEVER;
        this.#budget = 0;
        return this.#gate();
      },
    });
  }

  /** Killed: what it was about to do is never done. */
  crash(): void {
    if (!this.#pass) return;
    if (this.#busy) this.crashes += 1;
    this.#life += 1;
    this.#pass = null;
    this.#waiting = [];
    this.#busy = false;
  }

  #gate(): Promise<void> {
    if (this.#budget > 0) {
      this.#budget -= 1;
      return READY;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets it take so many steps; begins a pass when none is under way. */
  async run(steps: number): Promise<void> {
    if (!this.#pass) return;
    this.#budget = steps;
    if (!this.#busy) this.#begin(this.#pass);
    while (this.#budget > 0 && this.#waiting.length > 0) {
      this.#budget -= 1;
      this.#waiting.shift()?.();
      await drained();
    }
    await drained();
    this.#budget = 0;
  }

  #begin(pass: () => Promise<unknown>): void {
    const life = this.#life;
    const over = (): void => {
      if (this.#life !== life) return;
      this.#busy = false;
      this.passes += 1;
    };
    this.#busy = true;
    pass().then(over, (error: unknown) => {
      over();
      this.#onThrow(error);
    });
  }
}
