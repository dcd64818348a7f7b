import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { TaskId } from '../../core/task-id.ts';
import { createDurably, syncFolder } from '../../files/durable.ts';
import { errno } from '../../files/errno.ts';

const entrySchema = z.object({ fingerprint: z.string(), note: z.string() });
export type SeenEntry = z.output<typeof entrySchema>;

/**
 * One small file per mail, `STATE_DIR/seen/<2 hex>/<id>`: a look-up opens one file and nothing grows with
 * each event. Entries are created and never changed.
 */
export class SeenFiles {
  readonly #root: string;
  readonly #shards = new Set<string>();

  constructor(stateDir: string) {
    this.#root = join(stateDir, 'seen');
  }

  /** Null when there is no entry, or one that a broken disk left unreadable: then the note is looked for. */
  async look(id: TaskId): Promise<SeenEntry | null> {
    try {
      const parsed = entrySchema.safeParse(JSON.parse(await readFile(this.#path(id), 'utf8')));
      return parsed.success ? parsed.data : null;
    } catch (error) {
      if (errno(error) === 'ENOENT' || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** Resolves when it is on disk; an entry that is there stays. */
  async write(id: TaskId, entry: SeenEntry): Promise<void> {
    await this.#ensureShard(id);
    await createDurably(this.#path(id), JSON.stringify(entry));
  }

  #path(id: TaskId): string {
    return join(this.#root, shardOf(id), id);
  }

  async #ensureShard(id: TaskId): Promise<void> {
    const shard = shardOf(id);
    if (this.#shards.has(shard)) return;
    if ((await mkdir(join(this.#root, shard), { recursive: true, mode: 0o700 })) !== undefined) {
      await syncFolder(this.#root);
    }
    this.#shards.add(shard);
  }
}

function shardOf(id: TaskId): string {
  return id.slice(3, 5);
}
