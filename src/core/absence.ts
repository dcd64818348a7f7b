/** When this machine was away. A gap between two beats of our own clock is an absence, asleep or switched off. */

export interface Absence {
  readonly from: number;
  readonly to: number;
  /** What came meanwhile; null until everything that was on its way has arrived. */
  readonly meanwhile: { readonly came: number; readonly drafted: number; readonly skipped: number } | null;
}

/** A restart takes seconds. */
const AWAY_MS = 10 * 60_000;
/** Yesterday's absence is no news. */
const SHOWN_MS = 24 * 3_600_000;

/** The absence that just ended, or null. A clock that was set back is none. */
export function absenceBetween(lastBeat: number | null, now: number): Absence | null {
  if (lastBeat === null || now - lastBeat < AWAY_MS) return null;
  return { from: lastBeat, to: now, meanwhile: null };
}

export function isShown(absence: Absence | null, now: number): absence is Absence {
  return absence !== null && now - absence.to < SHOWN_MS;
}
