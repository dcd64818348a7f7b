import type { Agent } from '../core/states.ts';
import type { Vault } from '../vault/vault.ts';
import type { Clock } from './clock.ts';

export type HealthState = 'ok' | 'degraded' | 'paused' | 'stopped';

/** What `Updates/<agent>/<process>.json` holds; read by the dashboard, which trusts none of it. */
export interface Heartbeat {
  readonly process: string;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly state: HealthState;
  /** For the user, when it is not ok: what is wrong and the cure. */
  readonly reason?: string;
  /** Since when it is in this state. */
  readonly since: string;
}

const HEARTBEAT_MS = 60_000;

/** The state of one process as the user will read it; written at once when it changes, else every minute. */
export class Health {
  readonly #deps: {
    vault: Vault;
    agent: Agent;
    process: string;
    clock: Clock;
    onError: (e: unknown) => void;
  };
  #state: HealthState = 'ok';
  #reason: string | undefined;
  #since: number;
  #writing: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;

  constructor(deps: {
    vault: Vault;
    agent: Agent;
    process: string;
    clock: Clock;
    onError: (error: unknown) => void;
  }) {
    this.#deps = deps;
    this.#since = deps.clock.now();
    this.#timer = setInterval(() => this.#write(), HEARTBEAT_MS);
    this.#timer.unref();
    this.#write();
  }

  set(state: HealthState, reason?: string): void {
    if (state === this.#state && reason === this.#reason) return;
    if (state !== this.#state) this.#since = this.#deps.clock.now();
    this.#state = state;
    this.#reason = reason;
    this.#write();
  }

  #write(): void {
    const { vault, agent, process, clock, onError } = this.#deps;
    const beat: Heartbeat = {
      process,
      at: new Date(clock.now()).toISOString(),
      state: this.#state,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      since: new Date(this.#since).toISOString(),
    };
    const path = `Updates/${agent}/${process}.json`;
    this.#writing = this.#writing
      .then(() => vault.writeOther(path, `${JSON.stringify(beat)}\n`))
      .catch(onError);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.set('stopped');
    await this.#writing;
  }
}
