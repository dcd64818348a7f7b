import type { Clock } from '../../src/runtime/clock.ts';

export interface SteeredClock extends Clock {
  /** So much time has passed: who slept until then or before wakes up. */
  advance(ms: number): void;
}

/** Runs as the real clock does, and ahead of it by what it was advanced. */
export function steeredClock(): SteeredClock {
  let ahead = 0;
  const sleepers = new Set<() => void>();
  const now = () => Date.now() + ahead;
  return {
    now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const until = now() + ms;
        let timer: NodeJS.Timeout | undefined;
        const done = () => {
          clearTimeout(timer);
          sleepers.delete(look);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const look = () => {
          clearTimeout(timer);
          if (signal?.aborted === true || now() >= until) done();
          else timer = setTimeout(look, until - now());
        };
        sleepers.add(look);
        signal?.addEventListener('abort', done, { once: true });
        look();
      }),
    advance: (ms) => {
      ahead += ms;
      for (const look of [...sleepers]) look();
    },
  };
}
