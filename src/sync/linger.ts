/**
 * Files that no other device has seen and that will move on in a moment: a mail's note is claimed, drafted and
 * offered within some 20 ms. Telling each step would cost the last one a quarter of a second, because Syncthing
 * sends a peer one list of changes in 250 ms (read in its source); held back, the first that the peer sees is the
 * card. What stays where it is for longer is told after all.
 */
export class Linger {
  readonly #ms: number;
  readonly #release: (paths: readonly string[]) => void;
  readonly #held = new Map<string, { readonly from: readonly string[]; readonly timer: NodeJS.Timeout }>();

  /** @param release gets a path and where it came from, when it has waited for `ms`. */
  constructor(deps: { readonly ms: number; readonly release: (paths: readonly string[]) => void }) {
    this.#ms = deps.ms;
    this.#release = deps.release;
  }

  has(path: string): boolean {
    return this.#held.has(path);
  }

  /** @param from earlier paths of the same file, which nobody has seen either. */
  hold(path: string, from: readonly string[] = []): void {
    if (this.#held.has(path)) return;
    const timer = setTimeout(() => this.#release(this.take(path)), this.#ms);
    this.#held.set(path, { from, timer });
  }

  /** The path and where it came from; it is no longer held. Held or not. */
  take(path: string): string[] {
    const held = this.#held.get(path);
    if (!held) return [path];
    clearTimeout(held.timer);
    this.#held.delete(path);
    return [path, ...held.from];
  }

  releaseAll(): void {
    for (const path of [...this.#held.keys()]) this.#release(this.take(path));
  }
}
