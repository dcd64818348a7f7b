import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { type Syncthing, SyncthingFault } from './syncthing-client.ts';

export interface PeerState {
  readonly connected: boolean;
  /** Since when it is so, ms since the epoch; null when nobody knows: never connected, or no answer. */
  readonly since: number | null;
  /** Does Syncthing answer? When not, `connected` is false and means nothing. */
  readonly known: boolean;
}

interface Deps {
  readonly client: Pick<Syncthing, 'connections' | 'deviceStats' | 'events'>;
  readonly devices: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** After a change of `connected` or `known`; must not throw. */
  readonly onChange?: (device: string, state: PeerState) => void;
}

const TYPES = ['DeviceConnected', 'DeviceDisconnected', 'DevicePaused', 'DeviceResumed'];
/** The connections are read anew this often even if no event comes. */
const POLL_SECONDS = 30;
const BACKOFF = { firstMs: 500, capMs: 10_000 };
const UNKNOWN: PeerState = { connected: false, since: null, known: false };

/**
 * Which devices are connected with this one's Syncthing. An event only says "look again": what is told is the
 * list of connections as it was then. Connected says nothing about which files the peer has.
 */
export class Presence {
  readonly #deps: Deps;
  readonly #stopping = new AbortController();
  readonly #states = new Map<string, PeerState>();
  readonly #finished: Promise<void>;

  private constructor(deps: Deps) {
    this.#deps = deps;
    this.#finished = Promise.resolve().then(() => this.#run());
  }

  /** Returns at once; until the first answer of Syncthing every peer is unknown. */
  static start(deps: Deps): Presence {
    return new Presence(deps);
  }

  peer(id: string): PeerState {
    return this.#states.get(id) ?? UNKNOWN;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#finished;
  }

  async #run(): Promise<void> {
    let failures = 0;
    const { signal } = this.#stopping;
    const over = (): boolean => signal.aborted;
    while (!over()) {
      try {
        await this.#follow(() => {
          if (failures > 0) this.#deps.log.info('Syncthing answers again: who is connected is known');
          failures = 0;
        });
      } catch (error) {
        if (!(error instanceof SyncthingFault)) throw error;
        if (over()) return;
        failures++;
        if (failures === 1)
          this.#deps.log.warn({ code: error.code, reason: error.message }, 'Who is connected is not known');
        for (const id of this.#deps.devices) this.#set(id, UNKNOWN);
        await this.#deps.clock.sleep(backoffMs(failures, Math.random(), BACKOFF), signal);
      }
    }
  }

  /** Until a call fails. The place in the events is taken before the look, so that nothing falls between. */
  async #follow(answered: () => void): Promise<void> {
    const { client } = this.#deps;
    const { signal } = this.#stopping;
    const last = await client.events({ since: 0, limit: 1, types: TYPES, timeoutS: 0, signal });
    let since = last.at(-1)?.id ?? 0;
    while (!signal.aborted) {
      await this.#look();
      answered();
      const events = await client.events({ since, types: TYPES, timeoutS: POLL_SECONDS, signal });
      // A quiet half minute may also be a Syncthing that started anew and counts from one again.
      since = events.at(-1)?.id ?? 0;
    }
  }

  async #look(): Promise<void> {
    const { client, devices } = this.#deps;
    const [connections, stats] = await Promise.all([client.connections(), client.deviceStats()]);
    for (const id of devices) {
      const now = connections.get(id);
      const connected = now?.connected === true;
      const before = this.peer(id);
      if (before.known && before.connected === connected) continue;
      this.#set(id, {
        connected,
        since: this.#since(before, now, stats.get(id)?.lastSeen ?? null),
        known: true,
      });
    }
  }

  /** A change we saw has our own time; for what was so before, Syncthing's word is taken. */
  #since(
    before: PeerState,
    now: { readonly connected: boolean; readonly since: number | null } | undefined,
    lastSeen: number | null,
  ): number | null {
    if (before.known) return this.#deps.clock.now();
    return now?.connected === true ? now.since : lastSeen;
  }

  #set(id: string, state: PeerState): void {
    const before = this.peer(id);
    this.#states.set(id, state);
    if (before.connected !== state.connected || before.known !== state.known) {
      this.#deps.onChange?.(id, state);
    }
  }
}
