import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Happening,
  type LeftWhy,
  lookAfresh,
  lookAgain,
  LOOK_MS,
  mayRestart,
  type Pm2View,
  remedy,
  turning,
  type Watch,
} from '../core/alive.ts';
import { errno } from '../files/errno.ts';
import { type AliveMark, aliveFolder, readMark } from './alive.ts';
import type { Clock } from './clock.ts';
import { addHappening, readHappenings } from './happenings.ts';
import type { Pm2Commands } from './pm2-commands.ts';
import { isAlive } from './process-identity.ts';

export interface AliveWatchDeps {
  readonly stateDir: string;
  /** The process that watches; never itself. */
  readonly watcher: string;
  /** Null: every process of this machine. */
  readonly only: readonly string[] | null;
  readonly clock: Clock;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
  /** Null: this process was not started by a PM2, and nothing is ended that nobody would start again. */
  readonly pm2: Pm2Commands | null;
  /** Called once for each thing that happened, after it was written down. */
  readonly onHappening: (happening: Happening) => Promise<void> | void;
  /** After each look: what is wrong now. */
  readonly onLook: (troubles: readonly Happening[]) => Promise<void> | void;
  readonly onError: (error: unknown) => void;
}

/** What could not be mended is looked at again this often: the user may have. */
const TRY_AGAIN_MS = 10 * 60_000;
const PM2_TRY_AGAIN_MS = 60_000;
const NAME = /^([a-z-]{1,40})\.json$/;

interface Due {
  readonly process: string;
  readonly mark: AliveMark;
  readonly state: 'hangs' | 'gone';
}

interface Trouble {
  readonly happening: Happening;
  /** By the monotonic clock. */
  readonly tryAgainAt: number;
}

/**
 * Looks every five seconds whether the processes of this machine still turn. One that hangs is killed, which PM2
 * answers with a new one; one that PM2 gave up is started again; three times an hour and no more.
 */
export function watchAlive(deps: AliveWatchDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const rounds = new Rounds(deps);
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await rounds.look().catch(deps.onError);
      await deps.clock.sleep(LOOK_MS, stopping.signal);
    }
  };
  const finished = run();
  return {
    stop: async () => {
      stopping.abort();
      await finished;
      await rounds.settled();
    },
  };
}

class Rounds {
  readonly #deps: AliveWatchDeps;
  #watch: Watch | null = null;
  readonly #troubles = new Map<string, Trouble>();
  /** PM2 takes its time; the looks go on meanwhile, or the watcher would take itself for one that slept. */
  #mending: Promise<void> | null = null;

  constructor(deps: AliveWatchDeps) {
    this.#deps = deps;
  }

  async look(): Promise<void> {
    const { stateDir, clock, monotonic, onLook } = this.#deps;
    const marks = await this.#marks();
    const stamps = new Map([...marks].map(([process, { stamp }]) => [process, stamp]));
    this.#watch = lookAgain(this.#watch, stamps, monotonic());
    const known = await readHappenings(stateDir, clock.now());
    const due: Due[] = [];
    for (const [process, { mark }] of marks) {
      await this.#falls(process, mark, known);
      const state = turning(this.#watch, process, isAlive(mark));
      if (state === 'well') this.#troubles.delete(process);
      else if ((this.#troubles.get(process)?.tryAgainAt ?? 0) <= monotonic())
        due.push({ process, mark, state });
    }
    for (const process of this.#troubles.keys()) if (!marks.has(process)) this.#troubles.delete(process);
    if (due.length > 0) {
      this.#mending ??= this.#mend(due)
        .catch(this.#deps.onError)
        .finally(() => (this.#mending = null));
    }
    await onLook([...this.#troubles.values()].map(({ happening }) => happening));
  }

  /** Resolves when nothing is being started again any more. */
  async settled(): Promise<void> {
    await this.#mending;
  }

  async #marks(): Promise<Map<string, { stamp: string; mark: AliveMark }>> {
    const { stateDir, watcher, only } = this.#deps;
    const folder = aliveFolder(stateDir);
    const marks = new Map<string, { stamp: string; mark: AliveMark }>();
    for (const name of await readdir(folder)) {
      const process = NAME.exec(name)?.[1];
      if (process === undefined || (only !== null && !only.includes(process))) continue;
      const path = join(folder, name);
      const mark = await readMark(path);
      const facts = await stat(path).catch(() => null);
      if (mark === null || facts === null) continue;
      // Its own mark says how the one before it ended; whether it turns is for others to see.
      const stamp = process === watcher ? `own ${this.#deps.monotonic()}` : `${facts.mtimeMs} ${facts.ino}`;
      marks.set(process, { stamp, mark });
    }
    return marks;
  }

  /** Ended without being told to, and was started again before anybody looked. */
  async #falls(process: string, mark: AliveMark, known: readonly Happening[]): Promise<void> {
    // Who watches one alone leaves this to that one.
    if (this.#deps.only !== null) return;
    for (const { at, pid } of mark.fell) {
      if (known.some((one) => one.process === process && one.pid === pid)) continue;
      await this.#tell({ at, process, pid, what: 'fell', done: 'restarted' });
    }
  }

  async #mend(due: readonly Due[]): Promise<void> {
    const { pm2, onError } = this.#deps;
    let views: ReadonlyMap<string, Pm2View> | null = null;
    try {
      views = (await pm2?.list()) ?? null;
    } catch (error) {
      onError(error);
    }
    for (const one of due) {
      try {
        await this.#mendOne(one, views);
      } catch (error) {
        onError(error);
        await this.#leave(one, 'pm2-failed');
      }
    }
  }

  async #mendOne(due: Due, views: ReadonlyMap<string, Pm2View> | null): Promise<void> {
    const { process, mark, state } = due;
    const { pm2 } = this.#deps;
    if (pm2 === null) return this.#leave(due, 'no-pm2');
    if (views === null) return this.#leave(due, 'pm2-failed');
    const todo = remedy(state, mark.pid, views.get(process) ?? null);
    if (todo === 'user-stopped') return this.#forget(process, mark);
    if (todo !== 'kill' && todo !== 'restart') return this.#leave(due, todo);
    if (!(await this.#mayRestart(process))) return this.#leave(due, 'too-often');
    // Written down before it is done: were it the other way round, a crash could do it for ever.
    await this.#tell(this.#happening(due, 'restarted'));
    if (todo === 'restart') await pm2.restart(process);
    else killOwner(mark);
    this.#troubles.delete(process);
    if (this.#watch) this.#watch = lookAfresh(this.#watch, process);
  }

  async #mayRestart(process: string): Promise<boolean> {
    const now = this.#deps.clock.now();
    const ours = (await readHappenings(this.#deps.stateDir, now)).filter(
      (one) => one.process === process && one.what !== 'fell' && one.done === 'restarted',
    );
    return mayRestart(
      ours.map(({ at }) => at),
      now,
    );
  }

  #happening({ process, mark, state }: Due, done: Happening['done']): Happening {
    const what = state === 'hangs' ? 'hung' : 'gone';
    return { at: this.#deps.clock.now(), process, pid: mark.pid, what, done };
  }

  async #leave(due: Due, done: LeftWhy): Promise<void> {
    const known = this.#troubles.get(due.process)?.happening;
    const told = known?.done === done ? known : null;
    const happening = told ?? this.#happening(due, done);
    const waitMs = done === 'pm2-failed' ? PM2_TRY_AGAIN_MS : TRY_AGAIN_MS;
    this.#troubles.set(due.process, { happening, tryAgainAt: this.#deps.monotonic() + waitMs });
    if (told === null) await this.#tell(happening);
  }

  /** The user stopped it while it was down: its mark is nobody's. */
  async #forget(process: string, mark: AliveMark): Promise<void> {
    this.#troubles.delete(process);
    const path = join(aliveFolder(this.#deps.stateDir), `${process}.json`);
    const now = await readMark(path);
    if (now?.pid !== mark.pid || now.start !== mark.start) return;
    await unlink(path).catch((error: unknown) => {
      if (errno(error) !== 'ENOENT') throw error;
    });
  }

  async #tell(happening: Happening): Promise<void> {
    const { stateDir, watcher, onHappening } = this.#deps;
    await addHappening(stateDir, watcher, happening);
    await onHappening(happening);
  }
}

/** Only the very process that wrote the mark. */
function killOwner(mark: AliveMark): void {
  if (isAlive(mark)) process.kill(mark.pid, 'SIGKILL');
}
