import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type Absence, absenceBetween, isShown } from '../core/absence.ts';
import { localTime } from '../core/local-time.ts';
import type { TaskFolder } from '../core/states.ts';
import { parseNote, text } from '../core/task-file.ts';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import type { Vault } from '../vault/vault.ts';
import { unlessBroken } from '../vault/unless-broken.ts';

const absence = z.object({
  from: z.number(),
  to: z.number(),
  meanwhile: z.object({ came: z.number(), drafted: z.number(), skipped: z.number() }).nullable(),
});
const schema = z.object({ at: z.number(), last: absence.nullable() });

/**
 * `STATE_DIR/orchestrator/awake.json`: when this laptop was last awake, and its last absence. Written every
 * minute, so a crash costs a minute; asleep and switched off look alike, and that is what the user wants to know.
 */
export class Absences {
  readonly #file: string;
  #at: number | null;
  #last: Absence | null;

  private constructor(file: string, at: number | null, last: Absence | null) {
    this.#file = file;
    this.#at = at;
    this.#last = last;
  }

  static async open(file: string): Promise<Absences> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    try {
      const read = schema.safeParse(JSON.parse(await readFile(file, 'utf8')));
      return read.success ? new Absences(file, read.data.at, read.data.last) : new Absences(file, null, null);
    } catch (error) {
      if (errno(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
      return new Absences(file, null, null);
    }
  }

  /** At start, every minute, and at stop. True when it notices that this machine was away. */
  async beat(now: number): Promise<boolean> {
    const ended = absenceBetween(this.#at, now);
    if (ended) this.#last = ended;
    this.#at = now;
    await this.#write();
    return ended !== null;
  }

  /** The one that is worth showing now. */
  last(now: number): Absence | null {
    return isShown(this.#last, now) ? this.#last : null;
  }

  /** Once, when everything that was on its way has arrived; later the user is at work on it. */
  async settle(meanwhile: NonNullable<Absence['meanwhile']>): Promise<void> {
    if (this.#last === null || this.#last.meanwhile !== null) return;
    this.#last = { ...this.#last, meanwhile };
    await this.#write();
  }

  async #write(): Promise<void> {
    await writeDurably(this.#file, `${JSON.stringify({ at: this.#at, last: this.#last })}\n`);
  }
}

/** Notes looked at; a mailbox that got more in a night is counted up to here. */
const MAX_READ = 3000;
const CAME_TO = [
  'Needs_Action/email',
  'In_Progress/cloud-agent',
  'Pending_Approval/email',
  'Skipped',
] as const;

/** What the cloud did while this laptop was away, from the notes themselves: made in that time by their own word. */
export async function countMeanwhile(
  vault: Vault,
  away: Pick<Absence, 'from' | 'to'>,
  timeZone: string,
): Promise<NonNullable<Absence['meanwhile']>> {
  const from = localTime(away.from, timeZone);
  const to = localTime(away.to, timeZone);
  const count = { came: 0, drafted: 0, skipped: 0 };
  let read = 0;
  for (const folder of CAME_TO) {
    for (const name of await unlessBroken(vault.list(folder), [])) {
      if (read >= MAX_READ) return count;
      const stat = await vault.stat({ folder, name });
      // What lies here since before cannot have been made meanwhile; a stat is cheaper than a read.
      if (stat === null || stat.ctimeMs < away.from) continue;
      read += 1;
      const created = await createdOf(vault, folder, name);
      if (created === null || created < from || created > to) continue;
      count.came += 1;
      if (folder === 'Pending_Approval/email') count.drafted += 1;
      if (folder === 'Skipped') count.skipped += 1;
    }
  }
  return count;
}

async function createdOf(vault: Vault, folder: TaskFolder, name: string): Promise<string | null> {
  const file = await vault.read({ folder, name });
  const parsed = file.ok ? parseNote(file.text) : null;
  return parsed?.ok === true ? (text(parsed.note, 'created') ?? null) : null;
}
