/** What a machine keeps outside the vault: it outlives every process and does not travel. */
import type { TaskNote } from '../../src/core/task-file.ts';
import { idInName, type TaskId } from '../../src/core/task-id.ts';
import { ActiveEffects } from '../../src/stages/active-effects.ts';
import type { ClaimMarks } from '../../src/stages/draft-notes.ts';
import { contentOf, type Offer, type OfferMarks, Offers } from '../../src/stages/offers.ts';
import { type LastSeen, OpenLedger } from '../../src/stages/open-ledger.ts';
import type { NoteRef } from '../../src/vault/vault.ts';
import type { Life } from './process.ts';

export class StateDir {
  readonly offers = new Map<TaskId, Offer>();
  /** The claimed text by task. */
  readonly active = new Map<TaskId, string>();
  readonly drafting = new Set<string>();
  /** Where each open task was seen last. */
  readonly lastSeen = new Map<TaskId, LastSeen>();
}

/** The records of src/stages/offers.ts, in memory. */
export function simOffers(state: StateDir, life: Life): Offers {
  const write = async (offer: Offer): Promise<void> => {
    await life.gate();
    state.offers.set(offer.id as TaskId, offer);
  };
  const blank = (id: TaskId, name: string): Offer => ({
    ...{ id, name, rev: 0, hash: null, note: null, offeredAt: '', told: [], shown: null },
    ...{ followed: false, touched: false, warned: false, withdrawn: false },
  });
  const own = {
    record: (id: TaskId, name: string, note: TaskNote, marks: OfferMarks = {}) =>
      write({ ...blank(id, name), ...contentOf(note), ...marks, told: [...(marks.told ?? [])] }),
    recordUnread: (id: TaskId, name: string) => write({ ...blank(id, name), touched: true }),
    mark: (offer: Offer, marks: Partial<Offer>) => write({ ...offer, ...marks }),
    find: async (id: TaskId) => {
      await life.gate();
      return state.offers.get(id) ?? null;
    },
    list: async () => {
      await life.gate();
      return [...state.offers.keys()];
    },
    forget: async (id: TaskId) => {
      await life.gate();
      state.offers.delete(id);
    },
  };
  return Object.assign(Object.create(Offers.prototype) as Offers, own);
}

/** @param trusting a planted bug: the folder alone counts as a yes. */
export function simActive(state: StateDir, life: Life, trusting: boolean): ActiveEffects {
  const own = {
    add: async (id: TaskId, text: string) => {
      await life.gate();
      state.active.set(id, text);
    },
    claimed: async (id: TaskId, text: string) => {
      await life.gate();
      return trusting || state.active.get(id) === text;
    },
    remove: async (id: TaskId) => {
      await life.gate();
      state.active.delete(id);
    },
    list: async () => {
      await life.gate();
      return [...state.active.keys()];
    },
  };
  return Object.assign(Object.create(ActiveEffects.prototype) as ActiveEffects, own);
}

/** The entries of src/stages/open-ledger.ts, in memory. */
export function simLedger(state: StateDir, life: Life): OpenLedger {
  const { lastSeen } = state;
  const put = async (id: TaskId, ref: NoteRef, at: number, again: number): Promise<void> => {
    await life.gate();
    const restored = (lastSeen.get(id)?.restored ?? 0) + again;
    lastSeen.set(id, { folder: ref.folder, name: ref.name, at, restored });
  };
  const own = {
    entries: () => lastSeen,
    seen: (id: TaskId, ref: NoteRef, at: number) => put(id, ref, at, 0),
    putBack: (id: TaskId, ref: NoteRef, at: number) => put(id, ref, at, 1),
    doubtTimes: () => {
      for (const [id, seen] of lastSeen) lastSeen.set(id, { ...seen, at: 0 });
    },
    forget: async (id: TaskId) => {
      await life.gate();
      lastSeen.delete(id);
    },
    flush: () => life.gate(),
  };
  return Object.assign(Object.create(OpenLedger.prototype) as OpenLedger, own);
}

/** As src/stages/drafting-marks.ts. */
export function simMarks(state: StateDir, life: Life): ClaimMarks {
  return {
    add: async (name) => {
      await life.gate();
      state.drafting.add(name);
    },
    remove: async (name) => {
      await life.gate();
      state.drafting.delete(name);
    },
    ours: async (names) => {
      await life.gate();
      const there = new Set(names.filter((name) => !state.active.has(idInName(name) as TaskId)));
      for (const name of state.drafting) if (!there.has(name)) state.drafting.delete(name);
      return [...state.drafting].sort();
    },
  };
}
