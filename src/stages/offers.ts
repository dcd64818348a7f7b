import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cardActionOf, cardHash, shownCard } from '../core/card-action.ts';
import { DEFAULT_ACCOUNT } from '../core/mail-account.ts';
import { num, renderNote, type TaskNote } from '../core/task-file.ts';
import { isTaskId, type TaskId } from '../core/task-id.ts';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import type { Clock } from '../runtime/clock.ts';

const offerSchema = z.object({
  id: z.string(),
  name: z.string(),
  rev: z.number(),
  /** Hash of what the card would send or post; null when it could not as offered (no text yet). */
  hash: z.string().nullable(),
  /** SHA-256 of the whole note; null when it could not be read. */
  note: z.string().nullable().default(null),
  offeredAt: z.string(),
  /** Codes of the reasons the user was shown when the card came back. */
  told: z.array(z.string()),
  /** What it would have sent or posted, for showing a difference. */
  shown: z
    .union([
      z.object({
        to: z.array(z.string()).readonly(),
        cc: z.array(z.string()).readonly(),
        subject: z.string(),
        text: z.string(),
        attachments: z.array(z.string()).readonly().default([]),
        attach: z.array(z.string()).readonly().default([]),
        account: z.string().default(DEFAULT_ACCOUNT),
      }),
      z.object({
        section: z.string(),
        properties: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).readonly(),
      }),
    ])
    .nullable()
    .default(null),
  /** See `OfferFacts` in core/provenance.ts. */
  followed: z.boolean().default(false),
  touched: z.boolean().default(false),
  warned: z.boolean().default(false),
  withdrawn: z.boolean().default(false),
});
export type Offer = z.infer<typeof offerSchema>;

/** What is known of a card beside its content. */
export interface OfferMarks {
  readonly told?: readonly string[];
  readonly followed?: boolean;
  readonly touched?: boolean;
  readonly warned?: boolean;
}

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
  async record(id: TaskId, name: string, note: TaskNote, marks: OfferMarks = {}): Promise<void> {
    await this.#write({ ...this.#blank(id, name), ...contentOf(note), ...marked(marks) });
  }

  /** Something of this id is there that cannot be read, or was gone before it could be. */
  async recordUnread(id: TaskId, name: string): Promise<void> {
    await this.#write({ ...this.#blank(id, name), touched: true });
  }

  async mark(
    offer: Offer,
    marks: Partial<Pick<Offer, 'name' | 'followed' | 'touched' | 'withdrawn'>>,
  ): Promise<void> {
    await this.#write({ ...offer, ...marks });
  }

  #blank(id: TaskId, name: string): Offer {
    return {
      id,
      name,
      rev: 0,
      hash: null,
      note: null,
      offeredAt: new Date(this.#clock.now()).toISOString(),
      told: [],
      shown: null,
      followed: false,
      touched: false,
      warned: false,
      withdrawn: false,
    };
  }

  async #write(offer: Offer): Promise<void> {
    if (!isTaskId(offer.id)) throw new Error('an offer without a task');
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeDurably(this.#path(offer.id), `${JSON.stringify(offer)}\n`);
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

  async list(): Promise<TaskId[]> {
    try {
      return (await readdir(this.#folder)).map((name) => name.replace(/\.json$/, '')).filter(isTaskId);
    } catch (error) {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async forget(id: TaskId): Promise<void> {
    await unlink(this.#path(id)).catch((error: unknown) => {
      if (errno(error) !== 'ENOENT') throw error;
    });
  }
}

/** What a later version of a card is held against. */
export function contentOf(note: TaskNote): Pick<Offer, 'rev' | 'hash' | 'note' | 'shown'> {
  const read = cardActionOf(note);
  return {
    rev: num(note, 'rev') ?? 0,
    hash: read.ok ? cardHash(read.card) : null,
    note: createHash('sha256').update(renderNote(note)).digest('hex'),
    shown: read.ok ? shownCard(read.card) : null,
  };
}

function marked(marks: OfferMarks): Partial<Offer> {
  return {
    told: [...(marks.told ?? [])],
    followed: marks.followed ?? false,
    touched: marks.touched ?? false,
    warned: marks.warned ?? false,
  };
}
