import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../../files/durable.ts';
import { errno } from '../../files/errno.ts';

const cursorSchema = z.object({
  uidValidity: z.string(),
  lastUid: z.int().min(0),
  baseline: z.string(),
  oldBelow: z.int().min(0),
});
export type CursorEntry = z.output<typeof cursorSchema>;

/** `STATE_DIR/<process>/<account>.cursor.json`: how far a mailbox was read. Replaced as a whole. */
export class CursorFile {
  readonly #folder: string;
  readonly #path: string;

  constructor(stateDir: string, process: string, account: string) {
    this.#folder = join(stateDir, process);
    // The name is for people; the hash keeps `a@b/INBOX` and `a_b_INBOX` apart.
    const readable = account.replace(/[^A-Za-z0-9.@_-]+/g, '_').slice(0, 80);
    const hash = createHash('sha256').update(account).digest('hex').slice(0, 8);
    this.#path = join(this.#folder, `${readable}.${hash}.cursor.json`);
  }

  /** @throws Error when the file is there and no cursor: starting anew would silently skip mail. */
  async load(): Promise<CursorEntry | null> {
    try {
      return cursorSchema.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch (error) {
      if (errno(error) === 'ENOENT') return null;
      throw new Error(`the cursor cannot be read: ${this.#path}; delete it to start with new mail`, {
        cause: error,
      });
    }
  }

  async save(cursor: CursorEntry): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeDurably(this.#path, `${JSON.stringify(cursor)}\n`);
  }
}
