import type { Clock } from './clock.ts';

export interface ScanLoop {
  /** Something may have changed: scan soon. Cheap, may be called for every event. */
  hint(): void;
  /** Scan again at the latest then, although nothing hints (an undo window that ends). */
  wakeAt(ms: number): void;
  /** Resolves when the running scan, if any, has finished. */
  stop(): Promise<void>;
}

/**
 * Runs `scan` at once, after every hint and at least every `everyMs`; never two at a time, and a hint
 * during a scan means one more. The periodic scan is the truth, the hint only makes it soon.
 */
export function scanLoop(deps: {
  readonly scan: (signal: AbortSignal) => Promise<void>;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}): ScanLoop {
  const stopping = new AbortController();
  let wake = new AbortController();
  let hinted = false;
  let next = Number.POSITIVE_INFINITY;

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      hinted = false;
      next = Number.POSITIVE_INFINITY;
      try {
        await deps.scan(stopping.signal);
      } catch (error) {
        deps.onError(error);
      }
      // A hint may have come while the scan ran, which the type checker cannot see.
      if (hinted as boolean) continue;
      wake = new AbortController();
      const wait = Math.max(0, Math.min(deps.everyMs, next - deps.clock.now()));
      await deps.clock.sleep(wait, AbortSignal.any([wake.signal, stopping.signal]));
    }
  };
  // Not before the caller holds the loop: a scan may call `hint` or `wakeAt` on it.
  const finished = Promise.resolve().then(run);
  return {
    hint: () => {
      hinted = true;
      wake.abort();
    },
    wakeAt: (ms) => {
      if (ms >= next) return;
      next = ms;
      wake.abort();
    },
    stop: async () => {
      stopping.abort();
      await finished;
    },
  };
}
