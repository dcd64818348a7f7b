/**
 * What the user was shown on this machine. The drafter's own record lies on the cloud, and so does nobody's
 * proof; here each card is recorded when it is first seen pending, and every later change that came from another
 * device is held against that record. Nothing of it is used with `SYNC=none`.
 */
import { provenanceOf, type Provenance, touches } from '../core/provenance.ts';
import { LIMITS } from '../core/front-matter.ts';
import { parseNote, type TaskNote, text } from '../core/task-file.ts';
import { idInName, isTaskId, type TaskId } from '../core/task-id.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { type Vault, VaultFault } from '../vault/vault.ts';
import type { CardChange, ChangeLedger } from './followed-changes.ts';
import { contentOf, type Offer, type Offers } from './offers.ts';
import { type FileOrigin, type JudgedFile, OwnFiles } from './own-files.ts';

export type { CardChange, ChangeLedger } from './followed-changes.ts';

/** What the approval stage asks of the cards that were offered. */
export interface OfferedCards {
  /** Records what is pending and was not seen before. */
  sight(): Promise<void>;
  judge(card: JudgedCard): Promise<{ readonly provenance: Provenance; readonly offer: Offer | null }>;
  /** A card went back to the user, under this name, as it was recorded just before. */
  returned(id: TaskId, name: string): Promise<void>;
  /** The note goes back to the user with this very text; a record of something else stays and is doubtful. */
  keepDoubtful(id: TaskId, note: TaskNote): Promise<boolean>;
  /** Do the bytes of this file surely come from this machine? */
  judgeFile(file: JudgedFile): Promise<FileOrigin>;
}

export interface JudgedCard {
  readonly id: TaskId;
  readonly name: string;
  readonly hash: string;
  /** Milliseconds. */
  readonly approvedAt: number;
}

const PENDING = ['Pending_Approval/email', 'Pending_Approval/odoo'] as const;
const IS_PENDING = /^Pending_Approval\/(email|odoo)\/[^/]+$/;
const IS_NEEDED = /^Needs_Action\/(email|odoo)\/[^/]+$/;
/** Syncthing tells of a pull up to two seconds after it (measured: 3.5 ms when idle; its source says 2 s). */
const TOLD_AFTER_MS = 3_000;

/** Cards that are recorded side by side. */
const AT_ONCE = 64;

export interface TrackerDeps {
  readonly vault: Vault;
  readonly offers: Offers;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** One machine: the record is the drafter's, and whoever can write the vault is the user. */
export function oneMachineCards(offers: Offers): OfferedCards {
  return {
    sight: () => Promise.resolve(),
    judge: async (card) => {
      const offer = await offers.find(card.id);
      const facts = { synced: false, offer, idInName: idInName(card.name), settled: true };
      return { provenance: provenanceOf({ ...card, ...facts }), offer };
    },
    returned: () => Promise.resolve(),
    keepDoubtful: () => Promise.resolve(false),
    judgeFile: () => Promise.resolve('own'),
  };
}

export class CardTracker implements OfferedCards {
  readonly #deps: TrackerDeps;
  #ledger: ChangeLedger | null = null;
  /** Pending names whose record is there and followed. */
  readonly #known = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  readonly #files: OwnFiles;

  constructor(deps: TrackerDeps) {
    this.#deps = deps;
    this.#files = new OwnFiles(deps);
  }

  /** Without a ledger nothing differing is ever taken for the user's own edit. */
  follow(ledger: ChangeLedger): void {
    this.#ledger = ledger;
  }

  get #followed(): boolean {
    return this.#ledger?.continuous === true;
  }

  /**
   * A record and the look it is made of are one step, and so are a change and what is found then: a change that
   * is told before the record was on the disk before the look.
   */
  #alone<T>(step: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(step);
    this.#turn = next.catch(() => undefined);
    return next;
  }

  async sight(): Promise<void> {
    const there = new Set<string>();
    const fresh: (() => Promise<void>)[] = [];
    for (const folder of PENDING) {
      for (const name of await this.#deps.vault.list(folder)) {
        there.add(name);
        if (!this.#known.has(name)) fresh.push(() => this.#firstSight(folder, name));
      }
    }
    // Side by side they share the wait for the disk. Two of one id: whichever is recorded last, the change of the
    // other one is told after it and differs.
    for (let at = 0; at < fresh.length; at += AT_ONCE) {
      await this.#alone(() => Promise.all(fresh.slice(at, at + AT_ONCE).map((look) => look())));
    }
    for (const name of this.#known) if (!there.has(name)) this.#known.delete(name);
  }

  async #firstSight(folder: (typeof PENDING)[number], name: string): Promise<void> {
    const { offers } = this.#deps;
    const followed = this.#followed;
    const card = await this.#read(`${folder}/${name}`);
    if (card === 'gone') return;
    const named = idInName(name);
    if (card === null) {
      if (named !== null && (await offers.find(named)) === null) await offers.recordUnread(named, name);
      if (followed) this.#known.add(name);
      return;
    }
    const offer = await offers.find(card.id);
    if (offer === null || offer.withdrawn) await offers.record(card.id, name, card.note, { followed });
    else if (!offer.followed && followed) await this.#hold(offer, card, name);
    if (followed) this.#known.add(name);
  }

  /** From here on it is followed; what happened to it before is unknown. */
  async #hold(offer: Offer, card: Card | null, name: string): Promise<void> {
    const content = card === null || card.id !== offer.id ? null : contentOf(card.note);
    const doubtful = touches(
      offer,
      content === null ? null : { hash: content.hash, note: content.note ?? '' },
    );
    const touched = offer.touched || doubtful;
    const seen = doubtful ? offer.name : name;
    // Of thousands of cards after a gap nearly all are as they were: nothing to write.
    if (offer.followed && offer.touched === touched && offer.name === seen) return;
    await this.#deps.offers.mark(offer, { followed: true, touched, name: seen });
  }

  /** A change that Syncthing tells of, of any file. */
  changed(change: CardChange): Promise<void> {
    if (!change.path.endsWith('.md')) return this.#alone(() => this.#files.changed(change));
    return this.#alone(async () => {
      if (change.origin === 'local') await this.#changedHere(change);
      else if (change.action !== 'deleted') await this.#changedElsewhere(change);
    });
  }

  /** Taken back to be drafted again, on this machine: the next draft is a new offer. */
  async #changedHere({ path, action }: CardChange): Promise<void> {
    if (action === 'deleted' || !IS_NEEDED.test(path)) return;
    const name = baseName(path);
    const id = idInName(name);
    const offer = id === null ? null : await this.#deps.offers.find(id);
    if (offer === null || offer.name !== name || offer.withdrawn) return;
    await this.#deps.offers.mark(offer, { withdrawn: true });
    this.#known.delete(name);
  }

  async #changedElsewhere(change: CardChange): Promise<void> {
    const { offers } = this.#deps;
    const name = baseName(change.path);
    const card = await this.#read(change.path);
    const found = typeof card === 'string' ? null : card;
    const ids = new Set([found?.id ?? null, idInName(name)].filter((id) => id !== null));
    for (const id of ids) {
      const offer = await offers.find(id);
      if (offer === null) {
        if (!IS_PENDING.test(change.path) || card === 'gone') continue;
        // A pass that is busy sending looks later; the change is told now.
        if (found?.id === id) await offers.record(id, name, found.note, { followed: this.#followed });
        else await offers.recordUnread(id, name);
        continue;
      }
      if (offer.touched || !(offer.name === name || IS_PENDING.test(change.path) || found?.id === id))
        continue;
      const content = found?.id === id ? contentOf(found.note) : null;
      if (!touches(offer, content === null ? null : { hash: content.hash, note: content.note ?? '' }))
        continue;
      this.#deps.log.info({ task: id, path: change.path }, 'an offered card was changed by another device');
      await offers.mark(offer, { touched: true });
    }
  }

  /** Changes were lost: what still is as it was recorded may go on, everything else is doubtful. */
  gap(): Promise<void> {
    return this.#alone(async () => {
      this.#files.gap();
      for (const id of await this.#deps.offers.list()) {
        const offer = await this.#deps.offers.find(id);
        if (offer === null || offer.touched) continue;
        let card: Card | null = null;
        for (const folder of PENDING) {
          const read = await this.#read(`${folder}/${offer.name}`);
          if (typeof read === 'object' && read !== null) card ??= read;
        }
        await this.#hold(offer, card, offer.name);
      }
    });
  }

  returned(id: TaskId, name: string): Promise<void> {
    return this.#alone(async () => {
      this.#known.delete(name);
      const offer = await this.#deps.offers.find(id);
      if (offer === null || offer.touched || !this.#followed) return;
      for (const folder of PENDING) {
        const card = await this.#read(`${folder}/${name}`);
        if (card !== 'gone') return this.#hold(offer, card, name);
      }
    });
  }

  async judge(card: JudgedCard): Promise<{ readonly provenance: Provenance; readonly offer: Offer | null }> {
    const ask = async (settled: boolean) => {
      const offer = await this.#alone(() => this.#deps.offers.find(card.id));
      const facts = { synced: true, offer, idInName: idInName(card.name), settled };
      return { provenance: provenanceOf({ ...card, ...facts }), offer };
    };
    const first = await ask(false);
    if (first.provenance !== 'settle_first') return first;
    if (this.#deps.clock.now() < card.approvedAt + TOLD_AFTER_MS || this.#ledger === null) return first;
    try {
      await this.#ledger.flush();
    } catch (error) {
      this.#deps.log.warn({ err: error, task: card.id }, 'whether a card was changed cannot be known yet');
      return first;
    }
    return ask(this.#ledger.continuous);
  }

  judgeFile(file: JudgedFile): Promise<FileOrigin> {
    return this.#files.judge(file, this.#ledger);
  }

  async keepDoubtful(id: TaskId, note: TaskNote): Promise<boolean> {
    return this.#alone(async () => {
      const offer = await this.#deps.offers.find(id);
      if (offer === null || offer.hash === contentOf(note).hash) return false;
      if (!offer.touched) await this.#deps.offers.mark(offer, { touched: true });
      return true;
    });
  }

  /** `null`: something is there that is no readable card. */
  async #read(path: string): Promise<Card | null | 'gone'> {
    try {
      const read = await this.#deps.vault.readOther(path, LIMITS.noteBytes);
      if (!read.ok) return read.why === 'gone' ? 'gone' : null;
      const parsed = parseNote(read.text);
      const id = parsed.ok ? text(parsed.note, 'id') : undefined;
      return parsed.ok && isTaskId(id) ? { id, note: parsed.note } : null;
    } catch (error) {
      // A folder that is a link, or a name that cannot be one.
      if (error instanceof VaultFault) return null;
      throw error;
    }
  }
}

interface Card {
  readonly id: TaskId;
  readonly note: TaskNote;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
