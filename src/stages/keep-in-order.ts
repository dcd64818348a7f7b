/** One pass over what two replicas can disagree about: doubles, conflict copies, tasks that vanished. */
import { STATES, type TaskFolder } from '../core/states.ts';
import type { TaskId } from '../core/task-id.ts';
import { doneMonths } from '../vault/task-places.ts';
import { unlessBroken } from '../vault/unless-broken.ts';
import type { Vault } from '../vault/vault.ts';
import { indexOpen } from './open-index.ts';
import { type RestoreDeps, vanishedWatch } from './restore-vanished.ts';
import { doublesSettler, type SettleDeps } from './settle-doubles.ts';

export interface KeeperDeps extends Omit<SettleDeps, 'graceMs' | 'soonMs'>, Omit<RestoreDeps, 'graceMs'> {
  readonly patience: Patience;
  /** Paths of conflict copies of what is no task; `whole` looks into the large folder as well. */
  readonly oddCopies: (whole: boolean) => Promise<readonly string[]>;
  /** The clock that file times are taken from; `now` only measures patience. */
  readonly wall: () => number;
}

/** By our own clock, in milliseconds. */
export interface Patience {
  /** A peer that edits and moves in one step shows a note twice for up to a minute (measured). */
  readonly doubleMs: number;
  /** Syncthing replaces a file by unlink and rename; a yes beside a no must not wait longer. */
  readonly soonMs: number;
  /** Longer than any move takes to arrive whole. */
  readonly missingMs: number;
}

export const PATIENCE: Patience = { doubleMs: 90_000, soonMs: 2_000, missingMs: 120_000 };

export interface Kept {
  readonly setAside: number;
  readonly putBack: number;
  readonly lookAgainAt: number | null;
  /** Sentences for the user. */
  readonly faults: readonly string[];
}

export interface Keeper {
  /** @param whole finished folders too, which may be large: now and then, and after something happened there. */
  pass(whole: boolean): Promise<Kept>;
  /** Something changed in a finished folder. */
  forget(): void;
}

const FINISHED: readonly TaskFolder[] = STATES.filter((row) => !row.open && row.folder !== 'Conflicts').map(
  (row) => row.folder,
);

export function keeper(deps: KeeperDeps): Keeper {
  const { patience } = deps;
  const doubles = doublesSettler({ ...deps, graceMs: patience.doubleMs, soonMs: patience.soonMs });
  const vanished = vanishedWatch({ ...deps, graceMs: patience.missingMs });
  /** What was found in a finished folder waits for its time; only another whole pass sees it again. */
  let wholeDueAt = Number.POSITIVE_INFINITY;
  return {
    forget: () => doubles.forget(),
    pass: async (wanted) => {
      const whole = wanted || deps.now() >= wholeDueAt;
      if (whole) doubles.forget();
      const also = whole ? [...FINISHED, ...(await months(deps.vault))] : [];
      const wall = deps.wall();
      const isDone = (id: TaskId) => deps.finished.isDone(id);
      const index = await indexOpen(deps.vault, deps.now(), { wall, also, isDone });
      const settled = await doubles.pass(index);
      if (whole) wholeDueAt = settled.lookAgainAt ?? Number.POSITIVE_INFINITY;
      // What was just set aside is in Conflicts and in the index still; its other copy keeps the task seen.
      const restored = await vanished.pass(index);
      const times = [settled.lookAgainAt, restored.lookAgainAt].filter((at) => at !== null);
      return {
        setAside: settled.moved,
        putBack: restored.putBack,
        lookAgainAt: times.length === 0 ? null : Math.min(...times),
        faults: oddWords(await deps.oddCopies(whole)),
      };
    },
  };
}

function months(vault: Vault): Promise<readonly TaskFolder[]> {
  return unlessBroken(doneMonths(vault), []);
}

const SHOWN = 3;

function oddWords(paths: readonly string[]): string[] {
  const lines = paths
    .slice(0, SHOWN)
    .map(
      (path) => `${path}: two devices changed this file; compare it with the one beside it, then delete it.`,
    );
  return paths.length > SHOWN ? [...lines, `${paths.length} such files in all.`] : lines;
}
