import { backoffMs } from '../core/backoff.ts';
import { STAGING_PREFIX } from '../files/durable.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { VaultObserver } from '../vault/vault.ts';
import { Linger } from './linger.ts';
import { type Syncthing, SyncthingFault } from './syncthing-client.ts';

/** More names than this in one call are worth no list: the whole folder is looked through, a quarter of a second. */
const MAX_PATHS = 200;
/** A scan of one file returns in 5 ms. What takes longer must not hold a claim up. */
const PATIENCE_MS = 2_000;
const BACKOFF = { firstMs: 500, capMs: 5_000 };

interface Deps {
  readonly client: Pick<Syncthing, 'scan' | 'file'>;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * How long a file may wait untold, in ms, while it is new to every other device and on its way to the user;
   * see linger.ts. 0: everything is told at once.
   */
  readonly lingerMs?: number;
}

/** Changes that go into one scan. */
class Batch {
  readonly paths = new Set<string>();
  readonly done: Promise<void>;
  settle: () => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  /** Too many to name: the whole folder. */
  get whole(): boolean {
    return this.paths.size > MAX_PATHS;
  }

  add(path: string): void {
    if (!this.whole) this.paths.add(path);
  }

  holds(path: string): boolean {
    return this.whole || this.paths.has(path);
  }
}

/**
 * Has Syncthing look at what Handover just changed, so that the peer has it in milliseconds and not when the file
 * watcher gets to it. One scan at a time; what changes meanwhile goes into the next one together. It only ever makes
 * things sooner: when the API does not answer, the watcher still finds every change.
 */
export class Nudger implements VaultObserver {
  readonly #deps: Deps;
  readonly #stopping = new AbortController();
  #waiting: Batch | null = null;
  #running: Batch | null = null;
  #pump: Promise<void> | null = null;
  #failures = 0;
  #retryAt = 0;
  readonly #linger: Linger;
  /** Claims of which we do not know yet whether somebody has seen the note before. */
  readonly #asking = new Map<string, Promise<void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#linger = new Linger({ ms: deps.lingerMs ?? 0, release: (paths) => this.#soon(paths) });
  }

  changed(paths: readonly string[]): void {
    const worth = paths.filter(travels);
    const [to, from] = worth;
    if (to === undefined || this.#stopping.signal.aborted) return;
    if ((this.#deps.lingerMs ?? 0) > 0 && this.#failures === 0 && worth.length === paths.length) {
      const asked = this.#asking.get(to);
      if (from === undefined && asked) return void asked.then(() => this.changed(worth));
      if (from === undefined && this.#linger.has(to)) return;
      if (from === undefined && to.startsWith('Needs_Action/')) return this.#linger.hold(to);
      if (from !== undefined && to.startsWith('In_Progress/')) return this.#claimed(to, from);
    }
    this.#soon(worth.flatMap((path) => this.#linger.take(path)));
  }

  /** A claim is told at once, unless nobody has seen the note before. */
  #claimed(to: string, from: string): void {
    const asked = this.#isUnknown(from).then((unknown) => {
      this.#asking.delete(to);
      if (unknown) this.#linger.hold(to, this.#linger.take(from));
      else this.#soon([to, ...this.#linger.take(from)]);
    });
    this.#asking.set(to, asked);
  }

  async #isUnknown(path: string): Promise<boolean> {
    try {
      return (await this.#deps.client.file(this.#deps.folder, path)) === null;
    } catch {
      return false;
    }
  }

  #soon(worth: readonly string[]): void {
    this.#waiting ??= new Batch();
    for (const path of worth) this.#waiting.add(path);
    // Not at once: what the caller tells in the same step goes into the same scan.
    this.#pump ??= Promise.resolve().then(() => this.#run());
  }

  /** At once when nothing of this path waits or the API is down; after two seconds in any case. */
  async published(path: string): Promise<void> {
    await this.#asking.get(path);
    if (this.#failures > 0 || this.#linger.has(path)) return;
    await this.#patiently([this.#waiting, this.#running].filter((batch) => batch?.holds(path) === true));
  }

  /** Resolves when everything told so far was scanned; like `published`, at once when the API is down. */
  async flush(): Promise<void> {
    await Promise.all(this.#asking.values());
    this.#linger.releaseAll();
    if (this.#failures > 0) return;
    await this.#patiently([this.#waiting, this.#running]);
  }

  /** Has the last changes scanned, if that is possible soon, and ends. */
  async stop(): Promise<void> {
    await this.flush();
    this.#stopping.abort();
    await this.#pump;
  }

  async #patiently(batches: readonly (Batch | null)[]): Promise<void> {
    const done = batches.flatMap((batch) => (batch === null ? [] : [batch.done]));
    if (done.length === 0) return;
    const enough = new AbortController();
    const signal = AbortSignal.any([enough.signal, this.#stopping.signal]);
    await Promise.race([Promise.all(done), this.#deps.clock.sleep(PATIENCE_MS, signal)]);
    enough.abort();
  }

  async #run(): Promise<void> {
    while (this.#waiting !== null && !this.#stopping.signal.aborted) {
      await this.#backOff();
      await this.#scan(this.#waiting);
    }
    this.#running?.settle();
    this.#waiting?.settle();
    this.#pump = null;
  }

  /** Only for what is left of the pause: the last failure may be an hour ago. */
  async #backOff(): Promise<void> {
    const { clock } = this.#deps;
    const left = Math.min(this.#retryAt - clock.now(), BACKOFF.capMs);
    if (this.#failures > 0 && left > 0) await clock.sleep(left, this.#stopping.signal);
  }

  async #scan(batch: Batch): Promise<void> {
    this.#waiting = null;
    this.#running = batch;
    try {
      const subs = batch.whole ? [] : [...batch.paths];
      await this.#deps.client.scan(this.#deps.folder, subs, this.#stopping.signal);
      if (this.#failures > 0) this.#deps.log.info('Syncthing answers again: changes travel at once');
      this.#failures = 0;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#running = null;
      batch.settle();
    }
  }

  #failed(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    this.#failures++;
    this.#retryAt = this.#deps.clock.now() + backoffMs(this.#failures, Math.random(), BACKOFF);
    if (this.#failures > 1) return;
    this.#deps.log.warn(
      error instanceof SyncthingFault ? { code: error.code, reason: error.message } : { err: error },
      'Syncthing does not take a scan: changes travel when its own file watcher finds them',
    );
  }
}

/** `Approved/` is not shared in this folder, and nobody is to learn of our unfinished files. */
function travels(path: string): boolean {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return false;
  return parts[0] !== 'Approved' && parts.at(-1)?.startsWith(STAGING_PREFIX) !== true;
}
