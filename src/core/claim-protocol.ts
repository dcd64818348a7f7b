/**
 * Claims between machines, as pure decisions. Two agents that are apart, or within one round trip of the
 * sync, can both rename a note into their folder; Syncthing sees two new paths and reports no conflict.
 *
 * Shared work is settled by: raise a flag (the claim), wait until the peer has exactly this file, then look.
 * If both proceeded, each looked before the other's flag arrived, and each flag had arrived before its owner
 * looked: a circle, so it cannot be. No clock is used. What needs: a flag stays up until its owner is done or
 * withdraws, and ids are never used twice.
 *
 * What was done apart is settled by `settleCopies`, which everybody computes alike from the same files.
 */
import type { Agent, TaskFolder } from './states.ts';
import { inProgress } from './states.ts';

/** Lower number = higher rank: the laptop's draft is the one the user may be reading. */
export function rankOf(agent: Agent): number {
  return agent === 'local-agent' ? 0 : 1;
}

export interface ClaimFacts {
  readonly me: Agent;
  /** My claim file is there. */
  readonly mine: boolean;
  /** The peer's Syncthing has exactly this version. */
  readonly acknowledged: boolean;
  /** `rival` was read after the acknowledgement. */
  readonly lookedAfterAck: boolean;
  /** A claim of the same task lies in the peer's folder. */
  readonly rival: boolean;
  /**
   * The task is further along than a claim: the rival had it and went on before it was seen here. Read after
   * `rival`, so that a file on its way from one to the other is not missed (measured: 30 ms of drafting were
   * enough).
   */
  readonly wentOn?: boolean;
  readonly peerConnected: boolean;
  /** May the other agent claim this too now? Else it is mine by static ownership. */
  readonly shared: boolean;
}

/**
 * - `proceed`: it is mine, for good.
 * - `proceed_apart`: nothing can be settled now; go on with what has no outside effect.
 * - `wait`: for the acknowledgement, the look, or the rival to go.
 * - `withdraw`: my own file goes to Conflicts.
 * - `gone`: the file is not there any more; nothing to do.
 */
export type ClaimMove = 'proceed' | 'proceed_apart' | 'wait' | 'withdraw' | 'gone';

export function claimStep(facts: ClaimFacts): ClaimMove {
  if (!facts.mine) return 'gone';
  if (!facts.shared) return 'proceed';
  if (facts.wentOn === true) return 'withdraw';
  // A visible rival never becomes less of one: the lower rank goes as soon as it sees it, so that the higher
  // rank, which never goes, can proceed. A rival that cannot be reached keeps what it has.
  if (facts.rival) return rankOf(facts.me) === 0 ? 'wait' : 'withdraw';
  if (facts.acknowledged) return facts.lookedAfterAck ? 'proceed' : 'wait';
  return facts.peerConnected ? 'wait' : 'proceed_apart';
}

/**
 * How a claim came out. `mine`, `apart` (nothing could be settled, go on): work on it. `withdrawn`: take your
 * own file to Conflicts. `gone`: it is not there any more. `waiting`: keep it, untouched, and ask again later.
 */
export type Settled = 'mine' | 'apart' | 'withdrawn' | 'gone' | 'waiting';

/** One file that carries a task id, as everybody can see it. */
export interface Copy {
  readonly folder: TaskFolder;
  readonly name: string;
  /** `*.sync-conflict-*`: the version that lost a conflict in Syncthing, by time stamp. */
  readonly conflictCopy: boolean;
  /** The property; in `In_Progress/<agent>` the folder says it. */
  readonly claimedBy: Agent | null;
  readonly drafted: boolean;
  readonly rev: number;
  /** SHA-256 of the text. */
  readonly hash: string;
  /**
   * In `In_Progress/local-agent`: the user approved it, in contrast to a note that is being drafted there.
   * Only the laptop knows; without it a drafted note counts as approved, since that is left alone.
   */
  readonly approved?: boolean;
}

/** Quarantine and Conflicts are outside: what lies there neither wins nor loses. */
const OUTSIDE = 99;

/** A conflict copy carries a text, never an answer of the user or an effect: behind every plain note. */
const NO_ANSWER = 8;

/** Smaller is further. */
function progress(copy: Copy): number {
  const { folder, conflictCopy } = copy;
  if (folder === 'Quarantine' || folder === 'Conflicts') return OUTSIDE;
  if (conflictCopy && standsForAnAnswer(folder)) return NO_ANSWER;
  if (folder === 'Done' || folder.startsWith('Done/')) return 0;
  if (folder === 'In_Progress/local-agent') return (copy.approved ?? copy.drafted) ? 1 : 5;
  if (folder === 'Rejected') return 2;
  if (folder === 'Approved') return 3;
  if (folder.startsWith('Pending_Approval/')) return 4;
  if (folder === 'In_Progress/cloud-agent') return 5;
  return folder === 'Skipped' ? 7 : 6;
}

function standsForAnAnswer(folder: TaskFolder): boolean {
  return (
    folder === 'Approved' ||
    folder === 'Rejected' ||
    folder === 'In_Progress/local-agent' ||
    folder === 'Done' ||
    folder.startsWith('Done/')
  );
}

const OWNERS: Readonly<Partial<Record<string, Agent>>> = {
  'In_Progress/cloud-agent': 'cloud-agent',
  'In_Progress/local-agent': 'local-agent',
};

function claimRank(copy: Copy): number {
  const agent = OWNERS[copy.folder] ?? copy.claimedBy;
  return agent === null ? 2 : rankOf(agent);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Negative when `a` stands against `b`: further state first, then drafted, then rank of the claiming agent,
 * then the plain name before a conflict copy, then hash, and last the path. Never a time stamp: clocks and
 * modification times can be forged, and `rev` is a number anybody can write.
 */
export function compareCopies(a: Copy, b: Copy): number {
  return (
    progress(a) - progress(b) ||
    Number(b.drafted) - Number(a.drafted) ||
    claimRank(a) - claimRank(b) ||
    Number(a.conflictCopy) - Number(b.conflictCopy) ||
    byText(a.hash, b.hash) ||
    byText(a.folder, b.folder) ||
    byText(a.name, b.name)
  );
}

export type Settler = Agent | 'orchestrator';

export interface Settlement {
  readonly copy: Copy;
  /** `take_plain_name`: once the loser that has it is gone, the copy gets the name `plainName` gives. */
  readonly action: 'to_conflicts' | 'take_plain_name';
}

/**
 * What `who` is to do about the copies of one id. An agent acts in its own folder only; the orchestrator in
 * the folders that agents and user share, and on conflict copies, which are nobody's. A plain note in Done
 * is the record of something that happened and stays, whatever else lies there.
 *
 * The caller leaves out what it does not believe: a note in Done that nothing was done for, say.
 */
export function settleCopies(copies: readonly Copy[], who: Settler): readonly Settlement[] {
  const [winner, ...losers] = copies.filter((copy) => progress(copy) !== OUTSIDE).sort(compareCopies);
  if (winner === undefined) return [];
  const settled: Settlement[] = losers
    .filter((copy) => mayWithdraw(copy, who))
    .map((copy) => ({ copy, action: 'to_conflicts' }));
  if (winner.conflictCopy && !standsForAnAnswer(winner.folder) && mayRename(winner, who)) {
    settled.push({ copy: winner, action: 'take_plain_name' });
  }
  return settled;
}

function mayWithdraw({ folder, conflictCopy }: Copy, who: Settler): boolean {
  if (conflictCopy) return who === 'orchestrator';
  if (folder === 'Done' || folder.startsWith('Done/')) return false;
  return mayRename({ folder }, who);
}

function mayRename({ folder }: Pick<Copy, 'folder'>, who: Settler): boolean {
  if (who === 'orchestrator') return OWNERS[folder] === undefined;
  return folder === inProgress(who);
}

/** The name a conflict copy is a version of: `x.sync-conflict-20261120-093100-ABCDEFG.md` -> `x.md`. */
export function plainName(name: string): string {
  return name.replace(/\.sync-conflict-\d{8}-\d{6}(?:-[A-Z2-7]{7})?/g, '');
}
