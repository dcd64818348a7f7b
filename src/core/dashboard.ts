/**
 * `Dashboard.md`: what waits for the user and since when, what was sent, what needs a look, who was last
 * seen. A function of facts, so that the same facts give the same page and it is written only on change.
 * Ages are coarse and times absolute for the same reason: the page must not change every minute.
 */
import { ageWords } from './age.ts';
import { edgeOf } from './card-action.ts';
import { type HandoverFacts, handoverLines } from './handover.ts';
import { PROCESSES } from './heartbeat.ts';
import { localTime } from './local-time.ts';
import { markdownText, noteLink } from './markdown-text.ts';
import { isStuck, type Presence } from './presence.ts';
import type { Agent } from './states.ts';
import { idInName } from './task-id.ts';

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

export interface DashboardFacts {
  readonly timeZone: string;
  readonly dryRun: boolean;
  /** Paths of the pause notes that are there. */
  readonly pausedBy: readonly string[];
  readonly waiting: readonly WaitingNote[];
  /** Pending cards beyond those in `waiting`. */
  readonly waitingMore: number;
  readonly approved: readonly NoteSince[];
  readonly needsAction: { readonly count: number; readonly oldest: number | null };
  readonly claimed: readonly (NoteSince & { readonly agent: Agent })[];
  /** Mails sent and invoices posted, newest first. `name` is null when the note could not be found. */
  readonly sent: readonly { readonly name: string | null; readonly task: string; readonly at: number }[];
  /** Mails of today without a card; null or absent: none. */
  readonly skippedToday?: SkippedToday | null;
  readonly quarantined: readonly string[];
  /** `why`: what it lost to, a sentence; null when nobody of ours put it there. */
  readonly conflicts: readonly { readonly name: string; readonly why: string | null }[];
  /** What is wrong with the vault itself, or was done to it, a sentence each; most urgent first. */
  readonly faults: readonly string[];
  /** Null on one machine. */
  readonly handover: HandoverFacts | null;
  readonly processes: readonly { readonly agent: Agent; readonly process: string; readonly seen: Presence }[];
}

export interface SkippedToday {
  readonly count: number;
  /** Name of the page that lists them, with `.md`. */
  readonly page: string;
}

const SHOWN = 20;
/** The page is read in ten seconds. */
const SHOWN_FAULTS = 12;

export function renderDashboard(facts: DashboardFacts, now: number): string {
  const parts = [
    '# Dashboard',
    ...notices(facts),
    waitingSection(facts, now),
    lookSection(facts, now),
    handoverSection(facts),
    underWaySection(facts, now),
    sentSection(facts),
    processSection(facts),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function notices(facts: DashboardFacts): string[] {
  const out: string[] = [];
  if (facts.pausedBy.length > 0) {
    const which = facts.pausedBy.map((path) => `\`${path}\``).join(' and ');
    out.push(`> [!warning] Paused\n> Nothing is sent while ${which} is there. Delete the note to go on.`);
  }
  if (facts.dryRun) {
    out.push(
      '> [!info] Dry run\n> Approved mails are made but not sent. Set `DRY_RUN=false` when you trust what you see.',
    );
  }
  return out;
}

/** A Map: the outcome stands in a file that others write, and `__proto__` is a key of every object. */
const OUTCOME_WORDS: ReadonlyMap<string, string> = new Map([
  ['in_doubt', '**in doubt: was it sent?**'],
  ['bounced', '**came back**'],
  ['dry_run', 'dry run: nothing was sent'],
]);

function outcomeWords(outcome: string, name: string): string | undefined {
  if (outcome === 'dry_run' && isInvoice(idInName(name))) return 'dry run: nothing was posted';
  return OUTCOME_WORDS.get(outcome);
}

function isInvoice(id: string | null): boolean {
  return id !== null && edgeOf(id) === 'odoo';
}

/** Doubts first, then what came back, then what is important, then by age: the oldest first. */
function urgency(note: WaitingNote): number {
  if (note.outcome === 'in_doubt') return 0;
  if (note.outcome === 'bounced') return 1;
  return note.high === true ? 2 : 3;
}

function waitingSection(facts: DashboardFacts, now: number): string {
  const total = facts.waiting.length + facts.waitingMore;
  const skipped = skippedLine(facts);
  if (total === 0) return `## Waits for you\n\nNothing.${skipped}`;
  const sorted = [...facts.waiting].sort(
    (a, b) => urgency(a) - urgency(b) || a.since - b.since || (a.name < b.name ? -1 : 1),
  );
  const lines = sorted.slice(0, SHOWN).map((note) => {
    const words = note.outcome === null ? undefined : outcomeWords(note.outcome, note.name);
    const high = note.high === true ? ' · **important**' : '';
    return `- ${noteLink(note.name)} · ${since(note.since, facts, now)}${high}${words === undefined ? '' : ` · ${words}`}`;
  });
  if (total > lines.length) lines.push(`- and ${total - lines.length} more in \`Pending_Approval\``);
  return `## Waits for you (${total})\n\n${lines.join('\n')}${skipped}`;
}

function skippedLine({ skippedToday }: DashboardFacts): string {
  if (skippedToday == null || skippedToday.count === 0) return '';
  const { count, page } = skippedToday;
  return `\n\n${count} mail${count === 1 ? '' : 's'} skipped today: ${noteLink(page)}`;
}

function lookSection(facts: DashboardFacts, now: number): string {
  const lines = facts.faults.slice(0, SHOWN_FAULTS).map((fault) => `- ${markdownText(fault, 400)}`);
  const more = facts.faults.length - lines.length;
  if (more > 0) lines.push(`- and ${more} more: \`handover vault check\` lists what lies in the vault`);
  for (const note of stuckClaims(facts, now)) {
    lines.push(`- ${noteLink(note.name)} · with the ${note.agent} ${since(note.since, facts, now)}`);
  }
  lines.push(...named(facts.quarantined, 'in `Quarantine`; the reason lies beside it'));
  lines.push(...keptVersions(facts.conflicts));
  return lines.length === 0 ? '' : `## Needs a look\n\n${lines.join('\n')}`;
}

function stuckClaims(facts: DashboardFacts, now: number): DashboardFacts['claimed'] {
  return facts.claimed
    .filter((note) => isStuck({ since: note.since, owner: ownerOf(facts, note.agent), now }))
    .slice(0, SHOWN);
}

/** The process that works on the agent's claims. */
function ownerOf(facts: DashboardFacts, agent: Agent): Presence {
  const worker = PROCESSES.find((p) => p.agent === agent && p.claims)?.process;
  return (
    facts.processes.find((p) => p.agent === agent && p.process === worker)?.seen ?? { presence: 'never' }
  );
}

function named(names: readonly string[], where: string): string[] {
  const lines = names.slice(0, 5).map((name) => `- ${noteLink(name)} · ${where}`);
  if (names.length > lines.length)
    lines.push(`- and ${names.length - lines.length} more ${where.split(/[;:]/)[0] ?? ''}`);
  return lines;
}

/** The version that stands often has the same name, and a link by name alone would open that one. */
function linkInto(folder: string, name: string): string {
  return noteLink(name).replace(/^\[\[(.*)\]\]$/, `[[${folder}/$1|$1]]`);
}

const SHOWN_CONFLICTS = 5;

function keptVersions(conflicts: DashboardFacts['conflicts']): string[] {
  const lines = conflicts.slice(0, SHOWN_CONFLICTS).map(({ name, why }) => {
    const words = why === null ? 'another version of a note, kept' : markdownText(why, 300);
    return `- ${linkInto('Conflicts', name)} · in \`Conflicts\`: ${words}`;
  });
  const more = conflicts.length - lines.length;
  if (more > 0) lines.push(`- and ${more} more in \`Conflicts\``);
  return lines;
}

function handoverSection(facts: DashboardFacts): string {
  if (facts.handover === null) return '';
  const lines = handoverLines(facts.handover, (ms) => clock(ms, facts), markdownText);
  return `## Handover\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

function underWaySection(facts: DashboardFacts, now: number): string {
  const lines: string[] = [];
  const { count, oldest } = facts.needsAction;
  if (count > 0) {
    lines.push(`- ${count} to draft${oldest === null ? '' : `, the oldest ${since(oldest, facts, now)}`}`);
  }
  if (facts.claimed.length > 0) lines.push(`- ${facts.claimed.length} being worked on`);
  for (const note of facts.approved.slice(0, SHOWN)) {
    lines.push(`- ${noteLink(note.name)} · approved, ${since(note.since, facts, now)}`);
  }
  if (facts.approved.length > SHOWN)
    lines.push(`- and ${facts.approved.length - SHOWN} more in \`Approved\``);
  return lines.length === 0 ? '' : `## Under way\n\n${lines.join('\n')}`;
}

function sentSection(facts: DashboardFacts): string {
  if (facts.sent.length === 0) return '## Sent lately\n\nNothing yet.';
  const lines = facts.sent.map(({ name, task, at }) => {
    const what = name === null ? markdownText(task) : noteLink(name);
    return `- ${what} · ${clock(at, facts)}${isInvoice(task) ? ' · posted in Odoo' : ''}`;
  });
  const title = facts.sent.some(({ task }) => isInvoice(task)) ? 'Sent and posted lately' : 'Sent lately';
  return `## ${title}\n\n${lines.join('\n')}`;
}

function processSection(facts: DashboardFacts): string {
  const rows = facts.processes
    .filter((p) => p.seen.presence !== 'never' || !isOptional(p))
    .map(({ agent, process, seen }) => `| ${process} | ${agent} | ${presenceWords(seen, facts)} |`);
  return `## Who was last seen\n\n| Process | Agent | |\n| --- | --- | --- |\n${rows.join('\n')}`;
}

function isOptional({ agent, process }: { readonly agent: Agent; readonly process: string }): boolean {
  return PROCESSES.some((row) => row.agent === agent && row.process === process && row.optional);
}

function presenceWords(seen: Presence, facts: DashboardFacts): string {
  switch (seen.presence) {
    case 'never':
      return 'not seen yet';
    case 'clock-ahead':
      return '**its clock is ahead: set it**';
    case 'stopped':
      return `stopped ${clock(seen.lastSeen, facts)}`;
    case 'silent':
      return `**silent since ${clock(seen.lastSeen, facts)}**`;
    case 'alive': {
      const reason = seen.reason === null ? '' : `: ${markdownText(seen.reason, 300)}`;
      return seen.state === 'ok' ? `running${reason}` : `**${seen.state}**${reason}`;
    }
  }
}

function since(ms: number, facts: DashboardFacts, now: number): string {
  return `since ${clock(ms, facts)} (${ageWords(now - ms)})`;
}

/** `2026-11-20 14:03`: sorts, needs no locale, and Obsidian leaves it alone. */
function clock(ms: number, facts: DashboardFacts): string {
  return localTime(ms, facts.timeZone).slice(0, 16).replace('T', ' ');
}
