import type { Clock } from '../runtime/clock.ts';
import { type FileStatus, type Syncthing, SyncthingFault } from './syncthing-client.ts';

/**
 * - `acknowledged`: the peer's Syncthing had exactly this version on its disk.
 * - `apart`: the peer is not connected, or our own Syncthing does not answer.
 * - `gone`: the file is not there any more.
 * - `timeout`: connected, and still without it; it may come at any time.
 */
export type Acknowledgement = 'acknowledged' | 'apart' | 'gone' | 'timeout';

export interface AcknowledgeDeps {
  readonly client: Pick<Syncthing, 'scan' | 'file' | 'connections' | 'events'>;
  readonly folder: string;
  /** Device id. */
  readonly peer: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Asks again and again, and remembers whether the peer takes anything at all. */
export type Asker = (path: string, signal: AbortSignal) => Promise<Acknowledgement>;

/** A peer that is deaf is asked for so long, so that one that is not any more is noticed. */
const DEAF_TIMEOUT_MS = 1_000;

/**
 * A peer may be connected and take nothing for days: a full disk, a folder that stopped. After `deafMs` of
 * nothing but time-outs it counts as `apart`, until it takes something.
 */
export function asker(deps: AcknowledgeDeps, deafMs: number): Asker {
  let silentSince: number | null = null;
  const isDeaf = () => silentSince !== null && deps.clock.now() - silentSince >= deafMs;
  return async (path, signal) => {
    const began = deps.clock.now();
    const timeoutMs = isDeaf() ? DEAF_TIMEOUT_MS : deps.timeoutMs;
    const answer = await acknowledge({ ...deps, timeoutMs }, path, signal);
    if (signal.aborted) return answer;
    if (answer === 'acknowledged' || answer === 'apart') silentSince = null;
    if (answer === 'timeout') silentSince ??= began;
    return answer === 'timeout' && isDeaf() ? 'apart' : answer;
  };
}

/** The usual case takes 8 ms (measured); a busy pair sends its index every 250 ms. */
const FIRST_LOOKS_MS = [5, 10, 20, 40];
const TYPES = ['RemoteIndexUpdated', 'DeviceDisconnected', 'DevicePaused'];
/** Looks also without an event this often. */
const EVENT_WAIT_S = 1;
const WITHOUT_EVENTS_MS = 250;

/**
 * Waits until the peer has exactly this version of a file (its path relative to the folder). Scans first, since
 * before that Syncthing speaks of an older one. Of all that Syncthing tells only `availability` is true for a
 * peer that is connected now: completion says 100 for a peer that is off, ignores the file or was not told yet
 * (measured).
 */
export async function acknowledge(
  deps: AcknowledgeDeps,
  path: string,
  signal?: AbortSignal,
): Promise<Acknowledgement> {
  try {
    await deps.client.scan(deps.folder, [path], signal);
    return await untilSeen(deps, path, signal);
  } catch (error) {
    if (error instanceof SyncthingFault) return signal?.aborted === true ? 'timeout' : 'apart';
    throw error;
  }
}

async function untilSeen(
  deps: AcknowledgeDeps,
  path: string,
  signal?: AbortSignal,
): Promise<Acknowledgement> {
  const { client, folder, peer, clock } = deps;
  const end = clock.now() + deps.timeoutMs;
  const events = follow(deps, signal);
  for (let look = 0; ; look++) {
    const status = await client.file(folder, path);
    if (status === null || status.local.deleted) return 'gone';
    if (isSame(status) && status.availability.includes(peer)) return 'acknowledged';
    if ((await client.connections()).get(peer)?.connected !== true) return 'apart';
    if (clock.now() >= end || signal?.aborted === true) return 'timeout';
    const first = FIRST_LOOKS_MS[look];
    if (first !== undefined) await clock.sleep(first, signal);
    else await events();
  }
}

/** Ours is what everybody has; a newer one from the peer may be on its way. */
function isSame({ global, local }: FileStatus): boolean {
  return (
    !global.deleted &&
    global.version.length === local.version.length &&
    global.version.every((counter, i) => counter === local.version[i])
  );
}

/** Waits for something that may have changed the answer, at most a second. */
function follow(deps: AcknowledgeDeps, signal?: AbortSignal): () => Promise<void> {
  let since: number | null = null;
  return async () => {
    const began = deps.clock.now();
    const wish = since === null ? { since: 0, limit: 1, timeoutS: 0 } : { since, timeoutS: EVENT_WAIT_S };
    const seen = await deps.client.events({ ...wish, types: TYPES, ...(signal && { signal }) });
    const first = since === null;
    since = seen.at(-1)?.id ?? since ?? 0;
    // Asked for the place in the events only: what happened before counts as news, so look at once.
    if (first) return;
    // Syncthing started anew counts from one again and answers nothing; never a busy loop.
    if (seen.length === 0) since = 0;
    const waited = deps.clock.now() - began;
    if (seen.length === 0 && waited < WITHOUT_EVENTS_MS) {
      await deps.clock.sleep(WITHOUT_EVENTS_MS - waited, signal);
    }
  };
}
