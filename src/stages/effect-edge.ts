/**
 * What a kind of effect brings along, so that the handler treats a mail and a posting alike: the journal's rules, the claim, the
 * bounce and the way back after a crash are the same; what is looked at before, how it happens, how a doubt is settled and
 * what follows are the edge's. src/stages/mail-edge.ts and odoo-edge.ts fill it; the task's id says which one.
 */
import type { Act, Reason } from '../core/approval-step.ts';
import type { AuditParameters } from '../core/audit-chain.ts';
import type { Verdict } from '../core/body.ts';
import { type CardAction, type Edge, edgeOf } from '../core/card-action.ts';
import type { ResolvedHow } from '../core/effect-state.ts';
import type { Property, TaskNote } from '../core/task-file.ts';
import type { TaskId } from '../core/task-id.ts';
import type { NoteRef } from '../vault/vault.ts';
import type { EffectRecords, EffectView, SealedCard, SendOutcome } from './mail-effects.ts';

export type Edges = Readonly<Record<Edge, EffectEdge>>;

export function edgeFor(edges: Edges, id: TaskId): EffectEdge {
  return edges[edgeOf(id)];
}

/** A claimed note and what is known of it. */
export interface Task {
  readonly ref: NoteRef;
  readonly note: TaskNote;
  readonly id: TaskId;
  readonly edge: EffectEdge;
  readonly view: EffectView;
  /** Milliseconds. */
  readonly approvedAt: number;
}

export interface EffectEdge {
  /** Where its cards wait for the user. */
  readonly folder: 'Pending_Approval/email' | 'Pending_Approval/odoo';
  /** What its audit actions begin with. */
  readonly audit: 'mail' | 'invoice';
  /** Does it keep to the quiet hours? */
  readonly quiet: boolean;
  readonly act: Act;
  readonly words: EdgeWords;
  readonly journal: EffectRecords;
  /** In the end only the user can settle a doubt: the card asks, and moving it answers. */
  readonly asks: boolean;
  /** What a card would do, or every reason why it cannot. */
  read(note: TaskNote): ReadEdgeCard;
  /** Carries out what is sealed, at most once. */
  send(id: TaskId): Promise<SendOutcome>;
  /** It may have happened: looks. */
  doubt(task: Pick<Task, 'id' | 'view'>): Promise<DoubtVerdict>;
  /** It happened: what remains to be done, and what the card says in the end. May be repeated. */
  outcome(task: Task): Promise<Outcome>;
}

export type ReadEdgeCard =
  | { readonly ok: true; readonly card: EdgeCard }
  | { readonly ok: false; readonly reasons: readonly string[] };

export interface EdgeCard {
  readonly action: CardAction;
  /** Of the audit line that comes before the seal. */
  readonly parameters: AuditParameters;
  /** Looks at what the card is about. */
  look(at: LookFacts): Promise<CardLook>;
  /** Asked last: all that is sealed is at hand. */
  prepare(look: LookedAt): Promise<Prepared>;
}

export interface LookFacts {
  /** Milliseconds. */
  readonly now: number;
  readonly approvedAt: number;
  /** Addresses on the card as it was offered. */
  readonly offered: readonly string[];
  /** Codes of the reasons that the user was told before. */
  readonly told: readonly string[];
}

export type CardLook = LookedAt | { readonly is: 'wait'; readonly words: string };

export interface LookedAt {
  readonly is: 'looked';
  readonly thread: 'quiet' | 'answered' | 'newer' | 'unknown';
  /** Beside those of the moment. */
  readonly reasons: readonly Reason[];
  /** What changed in the books since it was shown, a line each. */
  readonly changed: readonly string[];
  /** The card as it would have to look now; it replaces the note when it goes back. */
  readonly note: TaskNote | null;
  /** Properties of the sealed note: what was found. */
  readonly stamp: Readonly<Record<string, Property>>;
}

export type Prepared =
  | { readonly ok: true; readonly seal: (card: SealedCard) => Promise<void> }
  | { readonly ok: false; readonly reasons: readonly string[] };

export type DoubtVerdict =
  | { readonly is: 'happened'; readonly how: ResolvedHow; readonly evidence: string }
  /** `asSealed`: it can be carried out; else the card is held against the books again. */
  | {
      readonly is: 'not_happened';
      readonly how: ResolvedHow;
      readonly evidence: string;
      readonly asSealed: boolean;
    }
  /** `at` in milliseconds; words for the dashboard. */
  | { readonly is: 'wait'; readonly at: number; readonly words: string | null }
  | { readonly is: 'ask'; readonly words: CardWords };

export type Outcome =
  | { readonly is: 'wait'; readonly at: number; readonly words: string | null }
  /** The note says so already. */
  | { readonly is: 'written' }
  | {
      readonly is: 'write';
      readonly verdict: Verdict;
      readonly properties: Readonly<Record<string, Property>>;
      readonly target: string | undefined;
      readonly parameters: AuditParameters;
    };

export type CardWords = Omit<Verdict, 'kind'>;

/** What the user reads. `said` is the server's; untrusted. */
export interface EdgeWords {
  /** Who carries it out, for the log. */
  readonly server: 'email-mcp' | 'odoo-mcp';
  /** For the dashboard: put off by the server; held by the hourly limit (`until`, ms); no answer (null: not worth a word). */
  waits(said: string): string;
  limited(until: number): string;
  silent(why: string): string | null;
  readonly changedTitle: string;
  readonly againTitle: string;
  /** The last line under a difference that the user should look at. */
  readonly rightNow: string;
  readonly sameAction: string;
  putOff(said: string | undefined): CardWords;
  failed(said: string | undefined): CardWords;
  /** It was done and came back. `to`: who did not get it; hostile. */
  returned?(said: string | undefined, to: readonly string[]): CardWords;
  dryRun(file: string): CardWords;
  readonly happenedBefore: CardWords;
  readonly unclaimed: CardWords;
  readonly unreadable: CardWords;
  /** A doubt that only the user can settle, asked once more. */
  doubt(said: string | undefined): CardWords;
}
