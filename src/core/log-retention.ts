/** Which days of a log may go. */

const DAY_MS = 86_400_000;
/**
 * The newest files of a chain stay however old they are: the next line is linked to the last one, and the very last file can
 * hold nothing but a line that a crash tore.
 */
const ALWAYS_KEPT = 2;

/**
 * @param days `YYYY-MM-DD` (UTC) of the files of one chain, oldest first
 * @param now milliseconds since the epoch
 * @param keepDays whole days that are kept before today's
 * @returns those that may go: the oldest, without a gap
 */
export function daysToDrop(days: readonly string[], now: number, keepDays: number): readonly string[] {
  const oldestKept = new Date(now - keepDays * DAY_MS).toISOString().slice(0, 10);
  return days.slice(0, Math.max(0, days.length - ALWAYS_KEPT)).filter((day) => day < oldestKept);
}
