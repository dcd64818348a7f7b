export interface BackoffLimits {
  readonly firstMs: number;
  readonly capMs: number;
}

/**
 * How long to wait before the next attempt. Doubles from `firstMs` to `capMs`; `jitter` in [0, 1) spreads
 * it over the upper half, so that many clients of a server that came back do not all knock at once.
 * @param failures how many attempts in a row have failed, from 1
 */
export function backoffMs(failures: number, jitter: number, limits: BackoffLimits): number {
  const doublings = Math.min(Math.max(failures - 1, 0), 30);
  const full = Math.min(limits.firstMs * 2 ** doublings, limits.capMs);
  return Math.round(full * (0.5 + Math.min(Math.max(jitter, 0), 1) / 2));
}
