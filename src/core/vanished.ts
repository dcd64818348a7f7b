/**
 * A task that is nowhere in the vault: deleted by another device, or by the user here? Syncthing keeps a
 * version of what a peer deletes or replaces and none of what is deleted on this disk, so a version that came
 * up after the task was last seen says who did it. Its `ctime` is of this machine; the peer cannot set it.
 */
import type { TaskFolder } from './states.ts';

export interface VanishedFacts {
  readonly now: number;
  /** When this pass first missed it, by our own clock. */
  readonly missingSince: number;
  readonly graceMs: number;
  /** Nothing is on its way: the folder is idle, or there is nobody to ask. */
  readonly quiet: boolean;
  /** When a pass that still saw it began; after a restart, when it came to its folder. */
  readonly lastSeen: number;
  /** When the newest version of it was put away; null: there is none. */
  readonly versionAt: number | null;
  /** How often it was put back already. */
  readonly restored: number;
}

export type VanishedMove = 'wait' | 'put_back' | 'to_conflicts' | 'let_go';

/** Against a peer that deletes again and again: then the user decides. */
export const MAX_RESTORED = 5;

/** Clocks are set back by a little now and then, and file systems take their times from a coarse one. */
const SLACK_MS = 60_000;

export function vanishedStep(facts: VanishedFacts): VanishedMove {
  if (facts.now - facts.missingSince < facts.graceMs || !facts.quiet) return 'wait';
  if (facts.versionAt === null || facts.versionAt < facts.lastSeen - SLACK_MS) return 'let_go';
  return facts.restored < MAX_RESTORED ? 'put_back' : 'to_conflicts';
}

/**
 * Where a task goes that lay in `folder`. Nobody writes into an agent's folder but that agent, and a yes is
 * the user's: such a note is offered again.
 */
export function putBackFolder(folder: TaskFolder, name: string, drafted: boolean): TaskFolder {
  if (!folder.startsWith('In_Progress/') && folder !== 'Approved') return folder;
  const kind = /od-[0-9a-f]{16}\.md$/.test(name) ? 'odoo' : 'email';
  return drafted && folder !== 'In_Progress/cloud-agent'
    ? `Pending_Approval/${kind}`
    : `Needs_Action/${kind}`;
}

/**
 * The note a name in `.stversions` is a version of: `x~20261120-093100-2.md` -> `x.md`. The trashcan versioner
 * keeps the plain name.
 */
export function versionOf(name: string): string {
  return name.replace(/~\d{8}-\d{6}(?:-\d+)?(\.md)$/, '$1');
}
