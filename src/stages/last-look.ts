import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { lookedAgain, type LookMemory, NEVER_LOOKED, toldSince } from '../core/last-look.ts';
import { doneFolder, type TaskFolder } from '../core/states.ts';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { unlessBroken } from '../vault/unless-broken.ts';
import type { NoteRef, NoteStat, Vault } from '../vault/vault.ts';

const schema = z.object({ last: z.number().nullable(), before: z.number().nullable() });

/** One sign of the user is enough; after a flood of moves nobody has to look for every card. */
const LOOKED_FOR = 20;
/** A visit is half an hour; a crash may cost a minute of it. */
const BETWEEN_WRITES_MS = 60_000;

export interface SeenCard {
  readonly ref: NoteRef;
  readonly stat: NoteStat;
}

/**
 * `STATE_DIR/orchestrator/last-look.json`: when the user last moved or edited a card, as far as the passes of the
 * dashboard can see it. Another device that may write into the vault can pretend it; nothing follows but which
 * events the page counts.
 */
export class LastLook {
  readonly #file: string;
  #memory: LookMemory;
  #written: number | null;
  #cards: ReadonlyMap<string, SeenCard> = new Map();

  private constructor(file: string, memory: LookMemory) {
    this.#file = file;
    this.#memory = memory;
    this.#written = memory.last;
  }

  static async open(file: string): Promise<LastLook> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    try {
      const read = schema.safeParse(JSON.parse(await readFile(file, 'utf8')));
      return new LastLook(file, read.success ? read.data : NEVER_LOOKED);
    } catch (error) {
      if (errno(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
      return new LastLook(file, NEVER_LOOKED);
    }
  }

  /** From when on to tell; null: nobody was seen here yet. */
  since(now: number): number | null {
    return toldSince(this.#memory, now);
  }

  /**
   * @param cards what waits for the user now
   * @param approvals when the user said yes, ms, as the log of the approval handler has it: also what happened
   *   while no pass was made.
   */
  async pass(
    vault: Vault,
    facts: {
      readonly cards: readonly SeenCard[];
      readonly approvals: readonly number[];
      readonly now: number;
      /** `YYYY-MM…` of now, in the vault's time zone. */
      readonly date: string;
    },
  ): Promise<void> {
    const known = this.#memory.last ?? Number.NEGATIVE_INFINITY;
    const signs = facts.approvals.filter((at) => at > known && at <= facts.now);
    if (await this.#touched(vault, facts)) signs.push(facts.now);
    for (const at of signs.sort((a, b) => a - b)) this.#memory = lookedAgain(this.#memory, at);
    this.#cards = new Map(facts.cards.map((card) => [pathOf(card.ref), card]));
    const { last } = this.#memory;
    if (last === null || (this.#written !== null && Math.abs(last - this.#written) < BETWEEN_WRITES_MS))
      return;
    this.#written = last;
    await writeDurably(this.#file, `${JSON.stringify(this.#memory)}\n`);
  }

  /** Since the last pass: was a card edited, or moved where only the user moves it? */
  async #touched(
    vault: Vault,
    facts: { readonly cards: readonly SeenCard[]; readonly date: string },
  ): Promise<boolean> {
    const now = new Map(facts.cards.map((card) => [pathOf(card.ref), card]));
    const gone: NoteRef[] = [];
    for (const [path, before] of this.#cards) {
      const card = now.get(path);
      if (!card) gone.push(before.ref);
      else if (card.stat.mtimeMs !== before.stat.mtimeMs || card.stat.size !== before.stat.size) return true;
    }
    for (const { folder, name } of gone.slice(0, LOOKED_FOR)) {
      const kind = folder === 'Pending_Approval/odoo' ? 'Needs_Action/odoo' : 'Needs_Action/email';
      const wentTo: readonly TaskFolder[] = [
        'Approved',
        'Rejected',
        kind,
        // Approved and claimed between two passes.
        'In_Progress/local-agent',
        doneFolder(facts.date),
      ];
      if ((await unlessBroken(vault.find(name, wentTo), null)) !== null) return true;
    }
    return false;
  }
}

function pathOf({ folder, name }: NoteRef): string {
  return `${folder}/${name}`;
}
