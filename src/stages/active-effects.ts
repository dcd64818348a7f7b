import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isTaskId, type TaskId } from '../core/task-id.ts';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';

/**
 * One small file per task that was claimed out of Approved, `STATE_DIR/active/<id>`, with the SHA-256 of
 * the note as it was claimed. Written before the claim, removed when the note lies in Done or went back.
 *
 * It is the proof, outside the vault, that a note found in `In_Progress/local-agent` after a crash is one
 * the user approved and nobody changed since; and it remembers a task whose note a peer deletes, without
 * listing finished journals.
 */
export class ActiveEffects {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'active');
  }

  async add(id: TaskId, noteText: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeDurably(join(this.#folder, id), hashOf(noteText));
  }

  /** Was exactly this text claimed? */
  async claimed(id: TaskId, noteText: string): Promise<boolean> {
    try {
      return (await readFile(join(this.#folder, id), 'utf8')) === hashOf(noteText);
    } catch (error) {
      if (errno(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async remove(id: TaskId): Promise<void> {
    await unlink(join(this.#folder, id)).catch((error: unknown) => {
      if (errno(error) !== 'ENOENT') throw error;
    });
  }

  async list(): Promise<TaskId[]> {
    try {
      return (await readdir(this.#folder)).filter(isTaskId);
    } catch (error) {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

function hashOf(noteText: string): string {
  return createHash('sha256').update(noteText).digest('hex');
}
