import { setTimeout as sleep } from 'node:timers/promises';

/** Something that the demo promised did not happen in time. */
export class NotSeen extends Error {
  readonly code = 'NOT_SEEN';
}

/** Looks every 50 ms until there is an answer. @throws NotSeen after `limitMs` */
export async function until<T>(
  what: string,
  limitMs: number,
  look: () => Promise<T | null> | T | null,
  signal: AbortSignal,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (Date.now() > end) throw new NotSeen(`waited ${Math.round(limitMs / 1000)} s for this: ${what}`);
    await sleep(50, undefined, { signal });
  }
}
