import { localTime, parseLocalTime } from './local-time.ts';

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
  const day = overnight && evening ? dayAfter(local) : local.slice(0, 10);
  const end = parseLocalTime(`${day}T${clock(quiet.to)}:00`, timeZone) ?? now;
  // In the hour that a time change repeats, the end may seem to have passed.
  return Math.max(end, now + 60_000);
}

/** `20:00`. */
export function clock(minute: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function dayAfter(local: string): string {
  const [year, month, day] = local.slice(0, 10).split('-').map(Number);
  return new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, (day ?? 1) + 1)).toISOString().slice(0, 10);
}
