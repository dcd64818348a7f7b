/**
 * When the user was last here. Nobody tells us who reads a page; what can be seen is that a card was moved or
 * edited. Moves that follow each other are one visit, and while it lasts the page goes on telling what happened
 * before it: else the first move would clear what the user is reading.
 */

export interface LookMemory {
  /** The last sign of the user, ms; null: none was seen yet. */
  readonly last: number | null;
  /** The last sign of the visit before the present one. */
  readonly before: number | null;
}

/** A cup of coffee is no new visit. */
const VISIT_MS = 30 * 60_000;

export const NEVER_LOOKED: LookMemory = { last: null, before: null };

/** The user moved or edited a card. A clock that was set back is one more sign of the same visit. */
export function lookedAgain(memory: LookMemory, at: number): LookMemory {
  const isNew = memory.last !== null && at - memory.last > VISIT_MS;
  return { last: at, before: isNew ? memory.last : memory.before };
}

/** From when on the page should tell; null: nothing to go by. */
export function toldSince(memory: LookMemory, now: number): number | null {
  if (memory.last === null) return null;
  return now - memory.last <= VISIT_MS ? memory.before : memory.last;
}
