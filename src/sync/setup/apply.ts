import { ignoreFaults, mendedIgnores } from '../../core/ignore-lists.ts';
import type { Syncthing } from '../syncthing-client.ts';
import type { Step } from './plan.ts';

/** Syncthing did not keep the ignore list it was given: the folder must not be shared. */
export class ApplyFault extends Error {
  readonly code = 'ignores-not-kept';
}

/**
 * Does the steps of a plan, in their order. Each may be done twice, and stopping between any two leaves nothing
 * shared that should not be: the next run goes on from there.
 * @throws SyncthingFault, ApplyFault
 */
export async function applySteps(client: Syncthing, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await applyStep(client, step);
}

async function applyStep(client: Syncthing, step: Step): Promise<void> {
  switch (step.do) {
    case 'add-device':
      return client.putDevice(step.device);
    case 'set-device':
      return client.patchDevice(step.id, step.part);
    case 'add-folder':
      return client.putFolder(step.folder);
    case 'set-folder':
      return client.patchFolder(step.id, step.part);
    case 'mend-ignores':
      return mendIgnores(client, step.folder, step.wanted);
  }
}

async function mendIgnores(client: Syncthing, folder: string, wanted: readonly string[]): Promise<void> {
  // A new folder may bring a list of the user's own from an earlier time.
  const { lines } = await client.ignores(folder);
  if (ignoreFaults(lines, wanted).length > 0) await client.setIgnores(folder, mendedIgnores(lines, wanted));
  const kept = await client.ignores(folder);
  if (kept.error !== null || ignoreFaults(kept.lines, wanted).length > 0) {
    throw new ApplyFault(
      `Syncthing did not keep the ignore list of the folder ${folder}${kept.error === null ? '' : ` (${kept.error})`}: it is not shared. Is .stignore in the vault a file that Syncthing may write?`,
    );
  }
}
