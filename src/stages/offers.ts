import { mkdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { actionHash, mailActionOf } from '../core/approval.ts';
import { num, type TaskNote } from '../core/task-file.ts';
import type { TaskId } from '../core/task-id.ts';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import type { Clock } from '../runtime/clock.ts';

const offerSchema = z.object({
  id: z.string(),
  name: z.string(),
  rev: z.number(),
  /** Hash of what the card would send; null when it could not be sent as offered (no text yet). */
  hash: z.string().nullable(),
  offeredAt: z.string(),
  /** Codes of the reasons the user was shown when the card came back. */
  told: z.array(z.string()),
});
export type Offer = z.infer<typeof offerSchema>;

/**
 * What was offered to the user, as `STATE_DIR/offers/<id>.json`: outside the vault, so that a note put
 * into `Approved/` by somebody who can only write the vault was never offered. Removed with the effect.
 */
export class Offers {
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(deps: { readonly stateDir: string; readonly clock: Clock }) {
    this.#folder = join(deps.stateDir, 'offers');
    this.#clock = deps.clock;
  }

  #path(id: TaskId): string {
    return join(this.#folder, `${id}.json`);
  }

  /** Written before the card is moved to `Pending_Approval/`: killed in between, it is offered again. */
  async record(id: TaskId, name: string, note: TaskNote, told: readonly string[] = []): Promise<void> {
    const read = mailActionOf(note);
    const offer: Offer = {
      id,
      name,
      rev: num(note, 'rev') ?? 0,
      hash: read.ok ? actionHash(read.action) : null,
      offeredAt: new Date(this.#clock.now()).toISOString(),
      told: [...told],
    };
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeDurably(this.#path(id), `${JSON.stringify(offer)}\n`);
  }

  /** An unreadable record counts as none: the card is offered again. */
  async find(id: TaskId): Promise<Offer | null> {
    try {
      const parsed = offerSchema.safeParse(JSON.parse(await readFile(this.#path(id), 'utf8')));
      return parsed.success && parsed.data.id === id ? parsed.data : null;
    } catch (error) {
      if (errno(error) === 'ENOENT' || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  async forget(id: TaskId): Promise<void> {
    await unlink(this.#path(id)).catch((error: unknown) => {
      if (errno(error) !== 'ENOENT') throw error;
    });
  }
}
