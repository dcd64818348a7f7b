import { z } from 'zod';
import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { type EventCursor, loadCursor, saveCursor } from './event-cursor.ts';
import { type Syncthing, type SyncthingEvent, SyncthingFault } from './syncthing-client.ts';

/** What Syncthing says about one file. Written by the peer in part: `path` and `modifiedBy` can be anything. */
export interface DiskChange {
  /** Relative to the folder. */
  readonly path: string;
  /** `modified` (new ones too) or `deleted`. A rename is a `modified` and a `deleted`, in either order. */
  readonly action: string;
  /** `file`, `dir` or `symlink`. */
  readonly type: string;
  /** Found by our Syncthing on our disk, or brought here by it: by code path, nobody else can forge it. */
  readonly origin: 'local' | 'remote';
  /** Short device id. */
  readonly modifiedBy: string;
  /** When Syncthing told it, ms since the epoch. A remote file is on the disk a few ms earlier. */
  readonly at: number;
}

interface Deps {
  readonly client: Pick<Syncthing, 'events' | 'system'>;
  readonly folder: string;
  /** `STATE_DIR/sync/<process>.events.json`. */
  readonly cursorFile: string;
  /** One at a time, in order; a rejection stops the line and the same change is given again. */
  readonly onChange: (change: DiskChange) => Promise<void> | void;
  /**
   * Changes after `since` (ms, null: ever) may be unknown. Whatever still is in Syncthing's buffer of the last
   * 1,000 follows. A rejection has it told again.
   */
  readonly onGap: (since: number | null) => Promise<void> | void;
  readonly clock: Clock;
  readonly log: Logger;
}

const POLL_SECONDS = 60;
const BACKOFF = { firstMs: 500, capMs: 10_000 };
const FROM_START: EventCursor = { startedAt: '', lastId: 0, lastTime: '', lastAt: null };

const changeData = z.looseObject({
  folder: z.string(),
  path: z.string(),
  action: z.string(),
  type: z.string().default('file'),
  modifiedBy: z.string().default(''),
});

/** What a look into the buffer found: events not yet given, and whether some before or among them are lost. */
interface Look {
  readonly startedAt: string;
  readonly events: readonly SyncthingEvent[];
  readonly gap: boolean;
}

/**
 * Follows what happens to the files of one folder: at least once, in order, and never with a hole that is not told.
 * Every look begins with the last event that was given. When the buffer holds that very event, nothing was lost;
 * when it does not (Syncthing was restarted, or more than its buffer holds happened), that is a gap. A gap may be
 * told where nothing was lost, never the other way round.
 */
export class DiskChanges {
  readonly #deps: Deps;
  readonly #stopping = new AbortController();
  readonly #finished: Promise<void>;
  /** Undefined: the file was not read yet. */
  #cursor: EventCursor | null | undefined;
  /** A call failed since the last look, so Syncthing may be another one. */
  #broken = true;
  #continuous = false;
  #turn: Promise<void> = Promise.resolve();

  private constructor(deps: Deps) {
    this.#deps = deps;
    this.#finished = Promise.resolve().then(() => this.#run());
  }

  /** Returns at once. */
  static start(deps: Deps): DiskChanges {
    return new DiskChanges(deps);
  }

  /** Does Syncthing answer, and was every change given since the last gap that was told? */
  get continuous(): boolean {
    return this.#continuous;
  }

  /**
   * Resolves when every change that Syncthing told of before this call was given. Not to be called from `onChange`.
   * @throws SyncthingFault when Syncthing does not answer; what `onChange` or `onGap` threw
   */
  flush(): Promise<void> {
    return this.#pass();
  }

  /** Resolves when the change being given, if any, was taken. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#finished;
    await this.#turn;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const over = (): boolean => signal.aborted;
    let failures = 0;
    while (!over()) {
      try {
        await this.#pass();
        if (failures > 0) this.#deps.log.info('the changes of Syncthing are followed again');
        failures = 0;
        await this.#wait();
      } catch (error) {
        if (over()) return;
        failures++;
        if (failures === 1) this.#deps.log.warn(reason(error), 'the changes of Syncthing cannot be followed');
        await this.#deps.clock.sleep(backoffMs(failures, Math.random(), BACKOFF), signal);
      }
    }
  }

  /** Until there is something new; the answer is only a reason to look. */
  async #wait(): Promise<void> {
    const since = this.#cursor?.lastId ?? 0;
    const { signal } = this.#stopping;
    try {
      await this.#deps.client.events({ since, disk: true, timeoutS: POLL_SECONDS, signal });
    } catch (error) {
      this.#lost();
      throw error;
    }
  }

  /** One look, and everything of it given. One at a time. */
  #pass(): Promise<void> {
    const pass = this.#turn.then(async () => {
      this.#stopping.signal.throwIfAborted();
      try {
        await this.#deliver(await this.#look());
        this.#continuous = true;
      } catch (error) {
        this.#lost();
        throw error;
      }
    });
    this.#turn = pass.catch(() => undefined);
    return pass;
  }

  #lost(): void {
    this.#broken = true;
    this.#continuous = false;
  }

  async #look(): Promise<Look> {
    if (this.#cursor === undefined) this.#cursor = await loadCursor(this.#deps.cursorFile);
    const cursor = this.#cursor;
    const { startedAt } = await this.#deps.client.system();
    if (cursor === null || cursor.lastId === 0) {
      const all = await this.#buffered(0);
      // Without an event to recognise it by, only an unbroken following of this start is a following.
      const same = cursor !== null && !this.#broken && cursor.startedAt === startedAt;
      return { ...all, startedAt, gap: all.gap || !same || incomplete(0, all.events) };
    }
    const { events, gap } = await this.#buffered(cursor.lastId - 1);
    const [head, ...rest] = events;
    if (!gap && head?.id === cursor.lastId && head.time === cursor.lastTime) {
      return { startedAt, events: rest, gap: incomplete(cursor.lastId, rest) };
    }
    return { startedAt, events: (await this.#buffered(0)).events, gap: true };
  }

  /** A flood of long names can be more than an answer may have: then only the last event, and a gap. */
  async #buffered(since: number): Promise<{ events: readonly SyncthingEvent[]; gap: boolean }> {
    const wish = { since, disk: true, timeoutS: 0, signal: this.#stopping.signal };
    try {
      return { events: await this.#deps.client.events(wish), gap: false };
    } catch (error) {
      if (!(error instanceof SyncthingFault && error.code === 'malformed')) throw error;
      return { events: await this.#deps.client.events({ ...wish, limit: 1 }), gap: true };
    }
  }

  /** The gap first: who looks at the disk then, and hears of the rest after it, has missed nothing. */
  async #deliver({ startedAt, events, gap }: Look): Promise<void> {
    let cursor = this.#cursor ?? FROM_START;
    if (gap) {
      this.#continuous = false;
      await this.#deps.onGap(cursor.lastAt);
      cursor = { ...cursor, startedAt, lastId: 0, lastTime: '' };
    }
    try {
      for (const event of events) {
        this.#stopping.signal.throwIfAborted();
        await this.#give(event);
        cursor = {
          startedAt,
          lastId: event.id,
          lastTime: event.time,
          lastAt: Date.parse(event.time) || null,
        };
      }
    } finally {
      await this.#save({ ...cursor, startedAt });
    }
    this.#broken = false;
  }

  async #give(event: SyncthingEvent): Promise<void> {
    const data = changeData.safeParse(event.data);
    if (!data.success || data.data.folder !== this.#deps.folder) return;
    const { path, action, type, modifiedBy } = data.data;
    const origin = event.type === 'LocalChangeDetected' ? 'local' : 'remote';
    await this.#deps.onChange({ path, action, type, origin, modifiedBy, at: Date.parse(event.time) || 0 });
  }

  async #save(cursor: EventCursor): Promise<void> {
    const before = this.#cursor;
    this.#cursor = cursor;
    if (
      before?.lastId === cursor.lastId &&
      before.lastTime === cursor.lastTime &&
      before.startedAt === cursor.startedAt
    )
      return;
    await saveCursor(this.#deps.cursorFile, cursor);
  }
}

/** Ids are consecutive: one that is missing was dropped, as Syncthing's queue was full. Or one cannot be read. */
function incomplete(after: number, events: readonly SyncthingEvent[]): boolean {
  return events.some((event, i) => event.id !== after + 1 + i || !changeData.safeParse(event.data).success);
}

function reason(error: unknown): object {
  return error instanceof SyncthingFault ? { code: error.code, reason: error.message } : { err: error };
}
