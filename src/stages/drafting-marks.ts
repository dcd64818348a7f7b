import { mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { idInName } from '../core/task-id.ts';
import { STAGING_PREFIX, writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { ActiveEffects } from './active-effects.ts';

/**
 * Which notes in `In_Progress/local-agent` are being drafted, as empty files `STATE_DIR/drafting/<name>`.
 * That folder also holds what the user approved; the approval handler leaves a marked note alone, and the
 * take-over touches no other. Written before the claim, removed after the offer.
 */
export class DraftingMarks {
  readonly #folder: string;
  readonly #active: ActiveEffects;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'drafting');
    this.#active = new ActiveEffects(stateDir);
  }

  async add(name: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeDurably(join(this.#folder, name), '');
  }

  async has(name: string): Promise<boolean> {
    try {
      return (await stat(join(this.#folder, name))).isFile();
    } catch (error) {
      if (errno(error) === 'ENOENT' || errno(error) === 'ENAMETOOLONG') return false;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await unlink(join(this.#folder, name)).catch((error: unknown) => {
      if (errno(error) !== 'ENOENT') throw error;
    });
  }

  async list(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => !name.startsWith(STAGING_PREFIX)).sort();
    } catch (error) {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /**
   * Which of `names`, the notes in `In_Progress/local-agent` now, are being drafted. Forgets the marks that a
   * crash left for others: of a note that is not there, or that the user approved since. Only while nothing
   * is being claimed.
   */
  async ours(names: readonly string[]): Promise<string[]> {
    const approved = new Set<string | null>(await this.#active.list());
    const there = new Set(names.filter((name) => !approved.has(idInName(name))));
    const ours: string[] = [];
    for (const name of await this.list()) {
      if (there.has(name)) ours.push(name);
      else await this.remove(name);
    }
    return ours;
  }
}
