import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Place, property } from './census.ts';

const PENDING = 'Pending_Approval/email';
const MARK = /<(m\d{4})\.crash@example\.org>/;

export type Did =
  | 'approve'
  | 'reject'
  | 'take-back'
  /** The answers to "was this sent?", and an answer taken back before anybody read it. */
  | 'send-again'
  | 'do-not-send-again'
  | 'take-answer-back';

/** One thing the user did that took effect: the file was there and was moved. */
export interface Act {
  readonly mark: string;
  readonly did: Did;
  /** The last line the user wrote into this reply before, or null. */
  readonly wrote: string | null;
  /** How many replies to this mail the SMTP server had at that moment. */
  readonly received: number;
}

export interface Card extends Place {
  readonly mark: string;
  /** Does it ask whether the mail was sent? */
  readonly isQuestion: boolean;
}

/**
 * The hand in Obsidian: it moves files and writes into them, and knows nothing else. Synchronous on
 * purpose: a move and its line in `acts` cannot be torn apart by a mail that arrives at the SMTP server
 * of the same test process, so "who came first" has an answer.
 */
export class User {
  readonly acts: Act[] = [];
  readonly #vault: string;
  readonly #received: (mark: string) => number;
  readonly #wrote = new Map<string, string>();
  #edits = 0;

  constructor(vault: string, received: (mark: string) => number) {
    this.#vault = vault;
    this.#received = received;
  }

  cards(folder: typeof PENDING | 'Approved' = PENDING): Card[] {
    const cards: Card[] = [];
    for (const name of readdirSync(join(this.#vault, folder))) {
      if (!name.endsWith('.md') || name.startsWith('.')) continue;
      const text = readIfThere(join(this.#vault, folder, name));
      const mark = MARK.exec(text ?? '')?.[1];
      if (text === null || mark === undefined) continue;
      const place = { folder, name, text };
      cards.push({ ...place, mark, isQuestion: property(place, 'outcome') === 'in_doubt' });
    }
    return cards;
  }

  /** What a yes to this card means: to a question, "send it again". */
  approve(card: Card): boolean {
    return this.#move(card, 'Approved', card.isQuestion ? 'send-again' : 'approve');
  }

  reject(card: Card): boolean {
    return this.#move(card, 'Rejected', card.isQuestion ? 'do-not-send-again' : 'reject');
  }

  /** Out of Approved again; it may be too late. */
  takeBack(card: Card): boolean {
    return this.#move(card, PENDING, card.isQuestion ? 'take-answer-back' : 'take-back');
  }

  /** Writes a line under the reply and saves the file in place, as an editor does. */
  edit(card: Card): void {
    const path = join(this.#vault, card.folder, card.name);
    const text = readIfThere(path);
    if (text === null) return;
    this.#edits += 1;
    const line = `PS: note ${card.mark}-${this.#edits} of mine.`;
    const mended = text.replace('\n## Feedback\n', () => `\n${line}\n\n## Feedback\n`);
    if (mended === text) throw new Error(`no Feedback heading in ${path}`);
    writeFileSync(path, mended);
    this.#wrote.set(card.mark, line);
  }

  #move(card: Card, to: string, did: Did): boolean {
    const target = join(this.#vault, to, card.name);
    // Obsidian refuses to move a note onto another one.
    if (existsSync(target)) return false;
    const received = this.#received(card.mark);
    try {
      renameSync(join(this.#vault, card.folder, card.name), target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    this.acts.push({ mark: card.mark, did, wrote: this.#wrote.get(card.mark) ?? null, received });
    return true;
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
