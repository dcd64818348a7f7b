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
/** The reader refuses a longer one; see core/heartbeat.ts. */
const REASON_LENGTH = 1000;

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
  readonly #notes = new Map<string, string>();
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

  /** How the work itself goes. */
  set(state: HealthState, reason?: string): void {
    this.#change(() => {
      this.#state = state;
      this.#reason = reason;
    });
  }

  /** Something beside the work that the user should mend (null: mended). Told while the work itself is well. */
  note(about: string, words: string | null): void {
    this.#change(() => {
      if (words === null) this.#notes.delete(about);
      else this.#notes.set(about, words);
    });
  }

  #shown(): { state: HealthState; reason: string | undefined } {
    const [note] = this.#notes.values();
    if (this.#state !== 'ok' || note === undefined) return { state: this.#state, reason: this.#reason };
    return { state: 'degraded', reason: this.#reason === undefined ? note : `${note} ${this.#reason}` };
  }

  #change(apply: () => void): void {
    const before = this.#shown();
    apply();
    const after = this.#shown();
    if (after.state === before.state && after.reason === before.reason) return;
    if (after.state !== before.state) this.#since = this.#deps.clock.now();
    this.#write();
  }

  #write(): void {
    const { vault, agent, process, clock, onError } = this.#deps;
    const { state, reason } = this.#shown();
    const beat: Heartbeat = {
      process,
      at: new Date(clock.now()).toISOString(),
      state,
      ...(reason === undefined ? {} : { reason: reason.slice(0, REASON_LENGTH) }),
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
