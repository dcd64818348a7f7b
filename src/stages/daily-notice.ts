/**
 * When the daily notice is due. Killed at any point it is asked for again, and whoever sends it does so once a day: nothing
 * is kept here.
 */
import { localTime, parseLocalTime } from '../core/local-time.ts';
import { clock as clockTime } from '../core/quiet-hours.ts';
import type { Clock } from '../runtime/clock.ts';

export interface DailyNoticeDeps {
  /** Minutes of the day in the vault's time zone. */
  readonly at: number;
  readonly timeZone: string;
  readonly clock: Clock;
  /** `later`: nothing left, try again. */
  readonly send: () => Promise<'done' | 'later'>;
  readonly onError: (error: unknown) => void;
}

const TRY_AGAIN_MS = 10 * 60_000;
/** A laptop that sleeps through the hour is late; the clock is looked at this often. */
const LOOK_AGAIN_MS = 15 * 60_000;

/** Milliseconds: when the notice of the day of `now` is due. */
export function noticeDue(now: number, at: number, timeZone: string): number {
  const day = localTime(now, timeZone).slice(0, 10);
  return parseLocalTime(`${day}T${clockTime(at)}:00`, timeZone) ?? now;
}

/** Runs until `signal` aborts; never rejects. */
export async function sendDaily(deps: DailyNoticeDeps, signal: AbortSignal): Promise<void> {
  const { clock, at, timeZone } = deps;
  let doneDay = '';
  while (!signal.aborted) {
    const now = clock.now();
    const day = localTime(now, timeZone).slice(0, 10);
    const due = noticeDue(now, at, timeZone);
    let waitMs = Math.min(Math.max(due - now, 1_000), LOOK_AGAIN_MS);
    if (day === doneDay) waitMs = LOOK_AGAIN_MS;
    else if (now >= due) {
      const sent = await deps.send().catch((error: unknown) => {
        deps.onError(error);
        return 'later' as const;
      });
      if (sent === 'done') doneDay = day;
      waitMs = sent === 'done' ? LOOK_AGAIN_MS : TRY_AGAIN_MS;
    }
    await clock.sleep(waitMs, signal);
  }
}
