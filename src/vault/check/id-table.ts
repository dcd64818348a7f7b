import type { TaskId } from '../../core/task-id.ts';

const FIRST_SIZE = 4096;

/**
 * Which ids were seen more than once, at eight bytes for each: a vault grows by years of finished notes, and
 * what is kept of each in memory should not be its path. Two prefixes with the same digits count as the same
 * here, which only makes the second look see a pair that is none.
 */
export class IdTable {
  #ids = new BigUint64Array(FIRST_SIZE);
  #size = 0;

  add(id: TaskId): void {
    if (this.#size === this.#ids.length) {
      const larger = new BigUint64Array(this.#ids.length * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#size++] = digitsOf(id);
  }

  /** Asked once, at the end. */
  repeated(): RepeatedIds {
    const sorted = this.#ids.subarray(0, this.#size).sort();
    const repeated = new Set<bigint>();
    for (let i = 1; i < sorted.length; i++) {
      const id = sorted[i];
      if (id !== undefined && id === sorted[i - 1]) repeated.add(id);
    }
    return { has: (id) => repeated.has(digitsOf(id)), size: repeated.size };
  }
}

export interface RepeatedIds {
  readonly size: number;
  has(id: TaskId): boolean;
}

function digitsOf(id: TaskId): bigint {
  return BigInt(`0x${id.slice(3)}`);
}
