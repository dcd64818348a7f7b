import { dayFrom, localTime, parseLocalTime } from './local-time.ts';

/** Hours in which nothing leaves: minutes of the day in the vault's time zone. `from` after `to` spans midnight. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}

/**
 * When the quiet hours that `now` lies in are over, or null outside of them. Milliseconds, by the clock on the wall:
 * the night of a time change is an hour shorter or longer. Two equal times are no quiet hours.
 */
export function quietUntil(now: number, quiet: QuietHours | null, timeZone: string): number | null {
  if (quiet === null || quiet.from === quiet.to) return null;
  const local = localTime(now, timeZone);
  const minute = Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16));
  const overnight = quiet.from > quiet.to;
  const evening = minute >= quiet.from;
  const inside = overnight ? evening || minute < quiet.to : evening && minute < quiet.to;
  if (!inside) return null;
  const day = overnight && evening ? dayFrom(local.slice(0, 10), 1) : local.slice(0, 10);
  const end = parseLocalTime(`${day}T${clock(quiet.to)}:00`, timeZone) ?? now;
  // In the hour that a time change repeats, the end may seem to have passed.
  return Math.max(end, now + 60_000);
}

/** Of `20:00`; what has that shape was checked. */
export function minuteOfDay(clockTime: string): number {
  const [hours = 0, minutes = 0] = clockTime.split(':').map(Number);
  return hours * 60 + minutes;
}

/** `20:00`. */
export function clock(minute: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
