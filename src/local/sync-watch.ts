/** How far the two replicas are in step, as the Syncthing of this laptop says. Asked once a pass, cheap. */
import type { SyncFacts } from '../core/handover.ts';
import type { Clock } from '../runtime/clock.ts';
import { checkIgnores } from '../sync/check-ignores.ts';
import type { Sync } from '../sync/open-sync.ts';
import { SyncthingFault } from '../sync/syncthing-client.ts';

export interface SyncWatch {
  look(): Promise<void>;
  facts(): SyncFacts;
  /** Is nothing on its way here, and was it so for a moment? True as well when nobody can be asked. */
  quiet(): boolean;
  /** Paths that Syncthing cannot bring into line, and a list of exclusions that is not ours; a sentence each, few. */
  faults(): readonly string[];
}

/** A peer that just connected tells what it has within a second (measured: 250 ms between two lists). */
const SETTLED_MS = 2_000;
const SHOWN = 3;
/** What must not travel is written down once and changes by hand. */
const IGNORES_EVERY_MS = 30_000;

export function syncWatch(sync: Sync, clock: Clock): SyncWatch {
  let facts: SyncFacts = { state: 'unreachable' };
  let quietSince: number | null = null;
  let faults: readonly string[] = [];
  let ignores: readonly string[] = [];
  let ignoresDue = Number.NEGATIVE_INFINITY;
  return {
    facts: () => facts,
    faults: () => [...ignores, ...faults],
    quiet: () =>
      facts.state === 'unreachable' || (quietSince !== null && clock.now() - quietSince >= SETTLED_MS),
    look: async () => {
      try {
        const status = await sync.client.folderStatus(sync.folder);
        const waits = Math.max(0, status.needTotalItems - status.pullErrors);
        const idle = status.state === 'idle' && waits === 0;
        quietSince = idle ? (quietSince ?? clock.now()) : null;
        if (status.state === 'error') facts = { state: 'stopped', why: 'Syncthing stopped this folder' };
        else facts = waits > 0 ? { state: 'behind', files: waits } : { state: 'in_step' };
        faults = status.pullErrors > 0 ? await pullFaults(sync) : [];
        if (clock.now() >= ignoresDue) {
          ignores = (await checkIgnores(sync.client, sync.folder, 'laptop')).map(({ words }) => words);
          ignoresDue = clock.now() + IGNORES_EVERY_MS;
        }
      } catch (error) {
        if (!(error instanceof SyncthingFault)) throw error;
        facts = { state: 'unreachable' };
        quietSince = null;
        faults = [];
      }
    },
  };
}

async function pullFaults(sync: Sync): Promise<readonly string[]> {
  const errors = await sync.client.folderErrors(sync.folder);
  const lines = errors.slice(0, SHOWN).map(({ path, error }) => `Syncthing cannot change ${path}: ${error}`);
  return errors.length > SHOWN ? [...lines, `${errors.length} such files in all.`] : lines;
}
