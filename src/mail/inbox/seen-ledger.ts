import { mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskId } from '../../core/task-id.ts';
import { syncFolder } from '../../files/durable.ts';
import { errno } from '../../files/errno.ts';

export interface SeenEntry {
  readonly fingerprint: string;
}

/** Short enough to lie in the inode itself (ext4: 59 bytes). */
const ENTRY = /^sha256:([0-9a-f]{1,48})$/;

/**
 * One entry per mail, `STATE_DIR/seen/<2 hex>/<id>`: a look-up is one system call and nothing grows with
 * each event. An entry is a symbolic link that leads nowhere and says what it holds, as editors make their
 * locks: symlink(2) creates it whole or not at all and never replaces one, and it has no data of its own to
 * wait for (measured: a durable file for each mail took a third of the time of a backlog).
 */
export class SeenFiles {
  readonly #root: string;
  readonly #made = new Set<string>();
  /** Folders with entries that a power cut could still take. */
  #unsynced = new Set<string>();

  constructor(stateDir: string) {
    this.#root = join(stateDir, 'seen');
  }

  /** Null when there is no entry, or something else in its place: then the note is looked for by name. */
  look(id: TaskId): SeenEntry | null {
    try {
      const fingerprint = ENTRY.exec(readlinkSync(join(this.#shard(id), id)))?.[1];
      return fingerprint === undefined ? null : { fingerprint };
    } catch (error) {
      if (['ENOENT', 'EINVAL'].includes(errno(error) ?? '')) return null;
      throw error;
    }
  }

  /** An entry that is there stays. Outlives the process at once, and a power cut after `flush`. */
  write(id: TaskId, { fingerprint }: SeenEntry): void {
    const shard = this.#shard(id);
    if (!this.#made.has(shard)) {
      mkdirSync(shard, { recursive: true, mode: 0o700 });
      this.#made.add(shard);
      this.#unsynced.add(this.#root);
    }
    try {
      symlinkSync(`sha256:${fingerprint}`, join(shard, id));
    } catch (error) {
      if (errno(error) !== 'EEXIST') throw error;
    }
    this.#unsynced.add(shard);
  }

  /** Resolves when every entry written so far is on disk. */
  async flush(): Promise<void> {
    const folders = [...this.#unsynced];
    this.#unsynced = new Set();
    await Promise.all(folders.map((folder) => syncFolder(folder)));
  }

  #shard(id: TaskId): string {
    return join(this.#root, id.slice(3, 5));
  }
}
