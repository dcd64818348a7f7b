import { createHash } from 'node:crypto';
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskId } from '../../core/task-id.ts';
import { syncFolder } from '../../files/durable.ts';
import { errno } from '../../files/errno.ts';

export interface SeenEntry {
  readonly fingerprint: string;
}

/** A note's name; never a path. */
const NAME = /^note:([^/\0]{1,255})$/;

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
  readonly #threads: string;
  readonly #made = new Set<string>();
  /** Folders with entries that a power cut could still take. */
  #unsynced = new Set<string>();

  constructor(stateDir: string) {
    this.#root = join(stateDir, 'seen');
    this.#threads = join(stateDir, 'threads');
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
    this.#make(shard, this.#root);
    link(`sha256:${fingerprint}`, join(shard, id));
    this.#unsynced.add(shard);
  }

  /** Name of the last note of a thread, `STATE_DIR/threads/<2 hex>/<key>`; null when there is none. */
  lastOfThread(key: string): string | null {
    try {
      return NAME.exec(readlinkSync(join(this.#threadShard(key), threadKey(key))))?.[1] ?? null;
    } catch (error) {
      if (['ENOENT', 'EINVAL'].includes(errno(error) ?? '')) return null;
      throw error;
    }
  }

  /** `replace: false`: one system call, and what is there stays. The other kind is never half there either. */
  setLastOfThread(key: string, name: string, replace: boolean): void {
    const shard = this.#threadShard(key);
    this.#make(shard, this.#threads);
    const path = join(shard, threadKey(key));
    if (!link(`note:${name}`, path) && replace) {
      const next = join(shard, `.${threadKey(key)}`);
      // What a crash left of the last time may hold another name.
      rmSync(next, { force: true });
      symlinkSync(`note:${name}`, next);
      renameSync(next, path);
    }
    this.#unsynced.add(shard);
  }

  #make(shard: string, root: string): void {
    if (this.#made.has(shard)) return;
    mkdirSync(shard, { recursive: true, mode: 0o700 });
    this.#made.add(shard);
    this.#unsynced.add(root);
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

  #threadShard(key: string): string {
    return join(this.#threads, threadKey(key).slice(3, 5));
  }
}

/** Two threads of one key would fold into each other: twice the length of the property `thread`. */
function threadKey(key: string): string {
  return `th-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
}

/** False when something is there already. */
function link(target: string, path: string): boolean {
  try {
    symlinkSync(target, path);
    return true;
  } catch (error) {
    if (errno(error) !== 'EEXIST') throw error;
    return false;
  }
}
