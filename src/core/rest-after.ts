const LEAST_MS = 10_000;
/** So a look takes at most two in a hundred of the time, however many finished tasks there are. */
const TIMES = 50;

/**
 * How long to wait before finished folders are looked through once more, whatever another device does there.
 * @param tookMs milliseconds that the last look took
 */
export function restAfter(tookMs: number): number {
  return Math.max(LEAST_MS, TIMES * tookMs);
}
