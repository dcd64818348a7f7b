/** The numbers a schedule is made of. The same tape makes the same run; a shorter one is a simpler run. */
export class Tape {
  readonly #values: readonly number[];
  #at = 0;

  constructor(values: readonly number[]) {
    this.#values = values;
  }

  get over(): boolean {
    return this.#at >= this.#values.length;
  }

  /** 0 to `below` - 1; 0, the harmless choice, when the tape is over. */
  next(below: number): number {
    const value = this.#values[this.#at] ?? 0;
    this.#at += 1;
    return value % below;
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from.length === 0 ? undefined : from[this.next(from.length)];
  }
}

/** The tape of a seed: a 32-bit xorshift after mixing, the same on every machine. */
export function tapeOf(seed: number, length: number): number[] {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1;
  return Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % 1_000_003;
  });
}
