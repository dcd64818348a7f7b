import { mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createDurably, writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';

export type EffectSlot =
  | { readonly ok: true /** The attempt surely did nothing: it does not count. */; release(): Promise<void> }
  /** Milliseconds since the epoch: when the next one is free. */
  | { readonly ok: false; readonly until: number };

interface Entry {
  readonly seq: number;
  readonly at: number;
  readonly counts: boolean;
}

const HOUR_MS = 3_600_000;
/** For showing; a limit of thousands is not counted to the end. */
const MOST_TIMES = 1000;

/**
 * Effects within the last hour, counted on disk so that neither a restart nor a second client gets past the
 * limit. Each takes the next number exclusively (`STATE_DIR/sends/<n>`, `STATE_DIR/posts/<n>`): whoever
 * looked before another took it looks again.
 */
export class EffectLimit {
  readonly #folder: string;
  readonly #perHour: number;
  readonly #now: () => number;

  constructor(options: {
    readonly stateDir: string;
    readonly of: 'sends' | 'posts';
    readonly perHour: number;
    readonly now: () => number;
  }) {
    this.#folder = join(options.stateDir, options.of);
    this.#perHour = options.perHour;
    this.#now = options.now;
  }

  async take(): Promise<EffectSlot> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (;;) {
      const taken = await this.#numbers();
      const now = this.#now();
      // Fewer numbers than the limit cannot have reached it, however young they are: none is read.
      const entries = taken.length < this.#perHour ? [] : await this.#entries(taken);
      const counted = entries.filter((e) => e.counts && this.#isRecent(e, now)).sort((a, b) => a.at - b.at);
      if (counted.length >= this.#perHour) {
        // With a limit of 0 nothing is ever free; an hour from now the answer is the same.
        const leaving = counted[counted.length - this.#perHour];
        return { ok: false, until: (leaving?.at ?? now) + HOUR_MS };
      }
      const seq = Math.max(0, ...taken) + 1;
      const path = join(this.#folder, String(seq));
      if (!(await createDurably(path, JSON.stringify({ at: now, counts: true })))) continue;
      await this.#prune(entries, now);
      return { ok: true, release: () => writeDurably(path, JSON.stringify({ at: now, counts: false })) };
    }
  }

  /**
   * For showing: when the effects happened that count now, oldest first, of the newest thousand. Takes no place and
   * prunes nothing; a folder that is not there is empty.
   */
  async times(): Promise<readonly number[]> {
    const taken = await this.#numbers().catch((error: unknown) => {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    });
    const now = this.#now();
    const newest = taken.sort((a, b) => b - a).slice(0, MOST_TIMES);
    const counted = (await this.#entries(newest)).filter((e) => e.counts && this.#isRecent(e, now));
    return counted.map((entry) => entry.at).sort((a, b) => a - b);
  }

  /** A time far in the future was written by a clock that was wrong; it would close the way for years. */
  #isRecent(entry: Entry, now: number): boolean {
    return entry.at > now - HOUR_MS && entry.at < now + HOUR_MS;
  }

  async #numbers(): Promise<number[]> {
    return (await readdir(this.#folder)).filter((name) => /^\d{1,15}$/.test(name)).map(Number);
  }

  async #entries(numbers: readonly number[]): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (const seq of numbers) entries.push({ seq, ...(await this.#entry(String(seq))) });
    return entries;
  }

  async #entry(name: string): Promise<{ at: number; counts: boolean }> {
    const path = join(this.#folder, name);
    try {
      const { at, counts } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
      if (typeof at === 'number' && typeof counts === 'boolean') return { at, counts };
    } catch {
      // Gone (pruned by another process) or damaged.
    }
    const found = await stat(path).catch(() => null);
    // Damaged counts: the limit errs on the side of waiting.
    return { at: found?.mtimeMs ?? 0, counts: found !== null };
  }

  /** The newest number stays, so that numbers only grow. */
  async #prune(entries: readonly Entry[], now: number): Promise<void> {
    for (const entry of entries) {
      if (!this.#isRecent(entry, now))
        await unlink(join(this.#folder, String(entry.seq))).catch(() => undefined);
    }
  }
}
