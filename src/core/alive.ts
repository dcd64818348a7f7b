/**
 * Does a process still turn? Each one touches a file of its own every few seconds from its event loop; whoever
 * watches sees only whether that file changes. Nothing here compares clocks: a file that did not change while the
 * watcher itself was awake is the whole evidence, so neither a laptop that slept nor a clock that was set kills anybody.
 */

/** How often a process touches its mark. */
export const BEAT_MS = 10_000;
/** How often the marks are looked at. */
export const LOOK_MS = 5_000;
/** Four beats missed, seen by a watcher that missed none of its own: what turns at all turns in that time. */
export const HANGS_AFTER_MS = 40_000;
/** PM2 starts what ended within 15 s, ever slower; after this it has given up, or was told to stop. */
export const GONE_AFTER_MS = 60_000;
/** A watcher that comes this late slept or starved itself, and knows nothing about others. */
const LATE_MS = 3 * LOOK_MS;
/** What hangs again so soon is not cured by starting it again. */
const RESTARTS_AN_HOUR = 3;
export const HOUR_MS = 3_600_000;

/** Who watches whom, on each host. The monitor watches all others. */
export const MONITOR = 'health-monitor';
const MONITOR_WATCHERS: readonly string[] = ['orchestrator', 'draft-replier'];

/** Which marks this process looks at; null: none, or all of them if it is the monitor. */
export function watchedBy(process: string, twoMachines: boolean): readonly string[] | null {
  if (!MONITOR_WATCHERS.includes(process)) return null;
  // One machine that is both has one monitor, which one is enough to watch.
  return process === 'draft-replier' && !twoMachines ? null : [MONITOR];
}

export interface Watch {
  /** Milliseconds of the watcher's own monotonic clock. */
  readonly at: number;
  readonly seen: ReadonlyMap<string, { readonly stamp: string; readonly since: number }>;
}

/** @param stamps of each mark: whatever changes with a beat. */
export function lookAgain(before: Watch | null, stamps: ReadonlyMap<string, string>, at: number): Watch {
  const fresh = before === null || at - before.at > LATE_MS;
  const seen = new Map<string, { stamp: string; since: number }>();
  for (const [process, stamp] of stamps) {
    const known = fresh ? undefined : before.seen.get(process);
    seen.set(process, known?.stamp === stamp ? known : { stamp, since: at });
  }
  return { at, seen };
}

/** Begins anew with a process that was just dealt with. */
export function lookAfresh(watch: Watch, process: string): Watch {
  const seen = new Map(watch.seen);
  const known = seen.get(process);
  if (known) seen.set(process, { stamp: known.stamp, since: watch.at });
  return { at: watch.at, seen };
}

export type Turning = 'well' | 'hangs' | 'gone';

/** @param alive does the process that wrote the mark still exist? */
export function turning(watch: Watch, process: string, alive: boolean): Turning {
  const known = watch.seen.get(process);
  const unchangedMs = known ? watch.at - known.since : 0;
  if (alive) return unchangedMs >= HANGS_AFTER_MS ? 'hangs' : 'well';
  return unchangedMs >= GONE_AFTER_MS ? 'gone' : 'well';
}

/** @param restarts when it was started again by us, milliseconds since the epoch. */
export function mayRestart(restarts: readonly number[], now: number): boolean {
  return restarts.filter((at) => at > now - HOUR_MS).length < RESTARTS_AN_HOUR;
}

/** One thing that befell a process, and what was done about it. */
export interface Happening {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly process: string;
  /** Of the process it befell. */
  readonly pid: number;
  /** `fell`: ended without being told to, and PM2 started it again by itself. */
  readonly what: 'hung' | 'fell' | 'gone';
  readonly done: 'restarted' | LeftWhy;
}

/** Why it was not started again. */
export type LeftWhy = 'too-often' | 'configuration' | 'unknown-to-pm2' | 'no-pm2' | 'pm2-failed';

/** What PM2 says of a process by that name; null: it has none. */
export interface Pm2View {
  readonly status: string;
  /** 0: does not run. */
  readonly pid: number;
  readonly exitCode: number | null;
}

/** sysexits EX_CONFIG; see runtime/exit-codes.ts. */
const EX_CONFIG = 78;

/**
 * What to do with a process whose mark says that it is gone or hangs.
 * @param pid of the process that wrote the mark
 */
export function remedy(
  what: 'hangs' | 'gone',
  pid: number,
  view: Pm2View | null,
): 'kill' | 'restart' | 'user-stopped' | LeftWhy {
  if (view === null) return 'unknown-to-pm2';
  // Another program may have got the number where the system tells no start time; PM2 knows its own.
  if (what === 'hangs') return view.pid === pid ? 'kill' : 'unknown-to-pm2';
  if (view.pid === 0 && view.exitCode === EX_CONFIG) return 'configuration';
  return view.status === 'stopped' || view.status === 'stopping' ? 'user-stopped' : 'restart';
}
