import { createHash } from 'node:crypto';
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errno } from '../../files/errno.ts';

/**
 * Small facts by key, `<root>/<2 hex>/<24 hex>`: a symbolic link that leads nowhere and says what is known, as
 * the ledger of seen mails has them. One system call to look, one to learn; keys are hashed, so that no name of
 * a stranger becomes a path. Not fsynced: what a power cut takes is learned again from the next mail.
 */
export class FactLinks {
  readonly #root: string;
  readonly #made = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Null when nothing is known, or something else lies in the place. */
  look(key: string): string | null {
    try {
      return readlinkSync(this.#path(key).file);
    } catch (error) {
      if (['ENOENT', 'EINVAL', 'ENOTDIR'].includes(errno(error) ?? '')) return null;
      throw error;
    }
  }

  /** What is known already stays. `fact`: at most 1,000 bytes, no NUL. */
  learn(key: string, fact: string): void {
    const { shard, file } = this.#path(key);
    this.#make(shard);
    try {
      symlinkSync(fact, file);
    } catch (error) {
      if (errno(error) !== 'EEXIST') throw error;
    }
  }

  /** In the place of what is known; whoever looks sees the old fact or the new one. */
  relearn(key: string, fact: string): void {
    const { shard, file } = this.#path(key);
    this.#make(shard);
    const next = `${file}.new`;
    rmSync(next, { force: true });
    symlinkSync(fact, next);
    renameSync(next, file);
  }

  #path(key: string): { shard: string; file: string } {
    const hash = createHash('sha256').update(key).digest('hex');
    const shard = join(this.#root, hash.slice(0, 2));
    return { shard, file: join(shard, hash.slice(2, 26)) };
  }

  #make(shard: string): void {
    if (this.#made.has(shard)) return;
    mkdirSync(shard, { recursive: true, mode: 0o700 });
    this.#made.add(shard);
  }
}
