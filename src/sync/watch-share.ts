import type { Clock } from '../runtime/clock.ts';
import { secretWatch } from '../vault/secret-watch.ts';
import { checkIgnores } from './check-ignores.ts';
import type { Sync } from './open-sync.ts';

const EVERY_MS = 30_000;

/**
 * Looks now and then at what may travel and should not: files that look like secrets, and an ignore list of this
 * machine that is not ours. Tells through `note`, one sentence each, null when it is well.
 */
export function watchShare(deps: {
  /** Null: no Syncthing to ask; secrets are looked for all the same. */
  readonly sync: Sync | null;
  readonly role: 'cloud' | 'laptop';
  readonly root: string;
  readonly clock: Clock;
  readonly note: (about: 'secrets' | 'ignores', words: string | null) => void;
}): { stop(): Promise<void> } {
  const { sync, role, root, clock, note } = deps;
  const stopping = new AbortController();
  const secrets = secretWatch({ root, now: () => clock.now() });
  const look = async (): Promise<void> => {
    note('secrets', await secrets.words());
    if (sync) note('ignores', await ignoreWords(sync, role));
  };
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await look();
      await clock.sleep(EVERY_MS, stopping.signal);
    }
  };
  const finished = run();
  return {
    stop: async () => {
      stopping.abort();
      await finished;
    },
  };
}

/** An API that does not answer is nobody's wrong list; files still travel by the list that is there. */
async function ignoreWords(sync: Sync, role: 'cloud' | 'laptop'): Promise<string | null> {
  try {
    const [finding] = await checkIgnores(sync.client, sync.folder, role);
    return finding?.words ?? null;
  } catch {
    return null;
  }
}
