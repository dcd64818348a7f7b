/** What the dashboard is made from: facts alone, so that the same facts give the same page. */
import type { HandoverFacts } from './handover.ts';
import { PROCESSES } from './heartbeat.ts';
import type { Presence } from './presence.ts';
import type { Agent } from './states.ts';

export interface WaitingNote {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** `outcome` of the card, as the approval handler wrote it; null for a new draft. */
  readonly outcome: string | null;
  /** `priority: high`: the handbook calls the sender important, or the user the card. */
  readonly high?: boolean;
}

export interface NoteSince {
  readonly name: string;
  readonly since: number;
}

export interface Backlog {
  readonly count: number;
  /** Since when, of those that were looked at one by one. */
  readonly since: readonly number[];
}

export interface DashboardFacts {
  readonly timeZone: string;
  readonly dryRun: boolean;
  /** Paths of the pause notes that are there. */
  readonly pausedBy: readonly string[];
  readonly waiting: readonly WaitingNote[];
  /** Pending cards beyond those in `waiting`. */
  readonly waitingMore: number;
  readonly approved: readonly NoteSince[];
  readonly needsAction: Backlog;
  readonly claimed: readonly (NoteSince & { readonly agent: Agent })[];
  /** Mails sent and invoices posted, newest first. `name` is null when the note could not be found. */
  readonly sent: readonly { readonly name: string | null; readonly task: string; readonly at: number }[];
  /** Mails of today without a card; null or absent: none. */
  readonly skippedToday?: SkippedDay | null;
  /** What happened since the user was last here; null: nobody was seen here yet. */
  readonly sinceLook?: SinceLook | null;
  readonly limits: readonly LimitUsed[];
  readonly quarantined: readonly string[];
  /** `why`: what it lost to, a sentence; null when nobody of ours put it there. */
  readonly conflicts: readonly { readonly name: string; readonly why: string | null }[];
  /** What is wrong with the vault itself, or was done to it, a sentence each; most urgent first. */
  readonly faults: readonly string[];
  /** Null on one machine. */
  readonly handover: HandoverFacts | null;
  readonly processes: readonly { readonly agent: Agent; readonly process: string; readonly seen: Presence }[];
}

export interface SkippedDay {
  readonly count: number;
  /** Name of the page that lists them, with `.md`. */
  readonly page: string;
}

export interface SinceLook {
  readonly since: number;
  readonly sent: number;
  readonly posted: number;
  /** Tasks that came back to the user: refused, delivered nowhere, changed since they were shown. */
  readonly cameBack: number;
  /** There is more in the log than was counted. */
  readonly more: boolean;
  /** Mails without a card on the day before, when the user was not here since. */
  readonly skippedYesterday: SkippedDay | null;
}

export interface LimitUsed {
  readonly of: 'mails' | 'invoices';
  /** Null: the only account, or the one that was there first. */
  readonly account: string | null;
  /** Within the last hour. */
  readonly used: number;
  /** Null: not known to this process. */
  readonly perHour: number | null;
  /** When the next may go, when none may now. */
  readonly freeAt: number | null;
}

/** One that may be switched off: nobody misses it before it was seen. */
export function isOptional(row: { readonly agent: Agent; readonly process: string }): boolean {
  return PROCESSES.some((one) => one.agent === row.agent && one.process === row.process && one.optional);
}
