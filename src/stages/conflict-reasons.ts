import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';

/** Beyond this nobody reads them one by one; the audit log has all. */
const MAX = 500;
const schema = z.array(z.tuple([z.string(), z.string()]));

/**
 * Why each note lies in `Conflicts`, as one small file in STATE_DIR. For the user's eyes alone: when it is
 * lost or cannot be read, the page says less and nothing else changes.
 */
export class ConflictReasons {
  readonly #file: string;
  readonly #words: Map<string, string>;

  private constructor(file: string, words: Map<string, string>) {
    this.#file = file;
    this.#words = words;
  }

  static async open(file: string): Promise<ConflictReasons> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    try {
      const read = schema.safeParse(JSON.parse(await readFile(file, 'utf8')));
      return new ConflictReasons(file, new Map(read.success ? read.data : []));
    } catch (error) {
      if (errno(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
      return new ConflictReasons(file, new Map());
    }
  }

  /** @param name of the note in `Conflicts`. */
  async record(name: string, words: string): Promise<void> {
    this.#words.delete(name);
    this.#words.set(name, words);
    await this.#write();
  }

  of(name: string): string | null {
    return this.#words.get(name) ?? null;
  }

  /** Forgets what the user has dealt with. */
  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#words.keys()].filter((name) => !names.has(name));
    if (gone.length === 0) return;
    for (const name of gone) this.#words.delete(name);
    await this.#write();
  }

  async #write(): Promise<void> {
    const newest = [...this.#words].slice(-MAX);
    await writeDurably(this.#file, `${JSON.stringify(newest)}\n`);
  }
}
