import type { Clock } from '../../runtime/clock.ts';
import { type Lock, takeLock } from '../../runtime/lock.ts';
import { OAuthFault } from './token-source.ts';

const STEP_MS = 100;
/** Longer than any question to a provider takes (bounded-fetch.ts). */
const DEADLINE_MS = 45_000;

/**
 * The lock on one account's tokens, or what `meanwhile` found while another process had it. Of a process that died
 * holding it, it is free.
 * @throws OAuthFault unreachable, and what `meanwhile` throws
 */
export async function lockAccount<T>(
  place: { readonly folder: string; readonly account: string },
  clock: Clock,
  meanwhile: () => Promise<T | null>,
): Promise<Lock | { readonly found: T }> {
  for (let waited = 0; waited < DEADLINE_MS; waited += STEP_MS) {
    const lock = await takeLock(place.folder, place.account);
    if (lock) return lock;
    await clock.sleep(STEP_MS);
    const found = await meanwhile();
    if (found !== null) return { found };
  }
  throw new OAuthFault('unreachable', 'another process has been renewing the access for too long');
}
