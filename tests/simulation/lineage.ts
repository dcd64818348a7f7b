/**
 * Which text was made from which. A version is superseded when somebody read it and wrote the next one from
 * it; a version that is neither superseded nor kept anywhere was lost (P4).
 */
export class Lineage {
  readonly #parents = new Map<string, Set<string>>();
  readonly #writers = new Map<string, string>();

  wrote(text: string, from: readonly string[], writer: string): void {
    const parents = this.#parents.get(text) ?? new Set();
    for (const parent of from) if (parent !== text) parents.add(parent);
    this.#parents.set(text, parents);
    if (!this.#writers.has(text)) this.#writers.set(text, writer);
  }

  writerOf(text: string): string {
    return this.#writers.get(text) ?? 'nobody';
  }

  /** Versions that live on in none of the kept texts. */
  lost(kept: Iterable<string>): string[] {
    const safe = new Set<string>();
    const queue = [...kept];
    for (let text = queue.pop(); text !== undefined; text = queue.pop()) {
      if (safe.has(text)) continue;
      safe.add(text);
      for (const parent of this.#parents.get(text) ?? []) queue.push(parent);
    }
    return [...this.#parents.keys()].filter((text) => !safe.has(text));
  }
}
