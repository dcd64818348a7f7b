import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';

/** Of one kind; a flood of ten thousand is one line with a number. */
const SHOWN = 5;
/** What nobody looked at for so long is in the audit log. */
const KEPT_MS = 3 * 86_400_000;
/** Writing for every file of a flood would cost a disk flush each. */
const MAX_KINDS = 30;

const schema = z.record(
  z.string(),
  z.object({
    last: z.number(),
    total: z.number(),
    shown: z.array(z.object({ words: z.string(), until: z.string().nullable() })),
  }),
);
interface Kind {
  last: number;
  total: number;
  shown: { readonly words: string; readonly until: string | null }[];
}
type Kinds = Map<string, Kind>;

/**
 * What happened in the vault that the user should know, by kind, the first few of each in words; as one small
 * file in STATE_DIR, since a restart must not make an alarm go away. Forgotten after three days without more.
 */
export class Findings {
  readonly #file: string;
  readonly #now: () => number;
  readonly #kinds: Kinds;
  #dirty = false;

  private constructor(file: string, now: () => number, kinds: Kinds) {
    this.#file = file;
    this.#now = now;
    this.#kinds = kinds;
  }

  static async open(file: string, now: () => number): Promise<Findings> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    try {
      const read = schema.safeParse(JSON.parse(await readFile(file, 'utf8')));
      return new Findings(file, now, new Map(Object.entries(read.success ? read.data : {})));
    } catch (error) {
      if (errno(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
      return new Findings(file, now, new Map());
    }
  }

  /**
   * Durable after `flush`.
   * @param until path in the vault: told only while something is there
   * @returns whether it is among the first of its kind, which are worth a line each elsewhere too.
   */
  add(kind: string, words: string, until: string | null = null): boolean {
    const known = this.#fresh(kind);
    if (known?.shown.some((one) => one.words === words) === true) {
      // Told already; that it happened again is no news for the page.
      known.last = this.#now();
      this.#dirty = true;
      return false;
    }
    if (!known && this.#kinds.size >= MAX_KINDS) return false;
    const entry: Kind = known ?? { last: 0, total: 0, shown: [] };
    entry.last = this.#now();
    entry.total += 1;
    const first = entry.shown.length < SHOWN;
    if (first) entry.shown.push({ words, until });
    this.#kinds.set(kind, entry);
    this.#dirty = true;
    return first;
  }

  #fresh(kind: string): Kind | undefined {
    const known = this.#kinds.get(kind);
    if (known && this.#now() - known.last < KEPT_MS) return known;
    this.#kinds.delete(kind);
    return undefined;
  }

  /**
   * A sentence each, the first of every kind before the second of any: a page that is cut short names each kind.
   * @param isThere does something lie at this path of the vault?
   */
  words(isThere: (path: string) => boolean): string[] {
    const firsts: string[] = [];
    const others: string[] = [];
    for (const kind of [...this.#kinds.keys()]) {
      const known = this.#fresh(kind);
      const shown = known?.shown.filter(({ until }) => until === null || isThere(until)) ?? [];
      const [first, ...rest] = shown.map((one) => one.words);
      if (!known || first === undefined) continue;
      const many = known.total > known.shown.length;
      firsts.push(many ? `${first} (one of ${known.total} such changes; the log counts them)` : first);
      others.push(...rest);
    }
    return [...firsts, ...others];
  }

  async flush(): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    await writeDurably(this.#file, `${JSON.stringify(Object.fromEntries(this.#kinds))}\n`);
  }
}
