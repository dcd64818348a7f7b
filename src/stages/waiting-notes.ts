/** Which notes of an inbox may be claimed now, and when to look again at the others. */
import { idInName } from '../core/task-id.ts';
import type { Vault } from '../vault/vault.ts';
import { isFurtherAlong } from './other-copies.ts';

export interface WaitingDeps {
  readonly vault: Pick<Vault, 'list' | 'stat' | 'find'>;
  readonly now: () => number;
  /** May new notes be claimed now? What is claimed already is finished in any case. */
  readonly mayClaim: () => boolean;
  /** Another machine works on the same vault: what else carries the name of a note is looked at. */
  readonly replicas: boolean;
  /** Notes claimed in one pass. */
  readonly perPass: number;
  /** A note without an id is somebody typing; it is claimed after so long without a change. */
  readonly quietMs: number;
}

export type Inbox = 'Needs_Action/email' | 'Needs_Action/odoo';

/** A note that is seen in two places for a moment, or a claim that the peer was slow to see. */
export const UNSETTLED_MS = 5_000;

/** Collects times and gives the first. */
export function earliest(first: number | null) {
  let when = first;
  return {
    at: (ms: number) => {
      when = Math.min(when ?? ms, ms);
    },
    when: () => when,
  };
}

/** What may be claimed now, at most one more than a pass takes. */
export async function readyNames(
  deps: WaitingDeps,
  inbox: Inbox,
  claimName: (name: string) => Promise<string | null> = (name) => Promise.resolve(name),
  leaves?: (name: string) => Promise<boolean>,
): Promise<{ names: string[]; lookAgainAt: number | null }> {
  const names: string[] = [];
  const lookAgain = earliest(null);
  for (const name of deps.mayClaim() ? await deps.vault.list(inbox) : []) {
    if (names.length > deps.perPass) break;
    if (leaves !== undefined && (await leaves(name))) continue;
    const typedUntil = await stillTyped(deps, inbox, name);
    if (typedUntil !== null) {
      if (typedUntil !== 'empty') lookAgain.at(typedUntil);
    } else if (deps.replicas && (await isFurtherAlong(deps.vault, [name, await claimName(name)]))) {
      lookAgain.at(deps.now() + UNSETTLED_MS);
    } else {
      names.push(name);
    }
  }
  return { names, lookAgainAt: lookAgain.when() };
}

/** Until when a person may be typing (Obsidian creates the file with the first key); null: nobody is. */
async function stillTyped(deps: WaitingDeps, inbox: Inbox, name: string): Promise<number | 'empty' | null> {
  if (idInName(name) !== null) return null;
  const stat = await deps.vault.stat({ folder: inbox, name });
  if (stat === null || stat.size === 0) return 'empty';
  const quietFor = deps.now() - stat.mtimeMs;
  // A little ahead of the clock is now: the file system counts fractions of a millisecond. Far ahead is a
  // wrong clock, and waiting for it to be right could be for ever.
  return quietFor > -deps.quietMs && quietFor < deps.quietMs ? stat.mtimeMs + deps.quietMs : null;
}
