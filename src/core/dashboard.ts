/**
 * `Dashboard.md`: what waits for the user and since when, what is wrong and its cure, what was sent, who was last
 * seen. A function of facts, so that the same facts give the same page and it is written only on change.
 * Ages are coarse and times absolute for the same reason: the page must not change every minute.
 */
import { ageCounts, ageWords } from './age.ts';
import { type Alarm, alarmsOf, isAlarming, shownProcesses } from './alarms.ts';
import { edgeOf } from './card-action.ts';
import type { DashboardFacts, LimitUsed, SkippedDay, WaitingNote } from './dashboard-facts.ts';
import { handoverChart, handoverLines } from './handover.ts';
import { PROCESSES } from './heartbeat.ts';
import { localTime } from './local-time.ts';
import { markdownText, noteLink } from './markdown-text.ts';
import { isStuck, type Presence } from './presence.ts';
import type { Agent } from './states.ts';
import { idInName } from './task-id.ts';

const SHOWN = 20;
/** The page is read in ten seconds. */
const SHOWN_ALARMS = 12;
const SHOWN_STUCK = 5;
/** Ages are those of the last quarter of an hour: a hundred cards make the page change four times in it, not a hundred. */
const AGE_STEP_MS = 15 * 60_000;

/** @param now milliseconds since the epoch. */
export function renderDashboard(facts: DashboardFacts, now: number): string {
  const alarms = alarmsOf(facts, now, (ms) => clock(ms, facts));
  const ageNow = Math.floor(now / AGE_STEP_MS) * AGE_STEP_MS;
  const parts = [
    '# Dashboard',
    verdict(facts, alarms, ageNow),
    ...notices(facts),
    alarmSection(alarms),
    waitingSection(facts, ageNow),
    lookSection(facts, now),
    sinceLookSection(facts),
    handoverSection(facts, now),
    underWaySection(facts, ageNow),
    ageSection(facts, ageNow),
    limitSection(facts),
    sentSection(facts),
    processSection(facts),
    '---\n\nHandover writes this page again whenever something changes, and what you write here goes then. Write into the cards, or into a note of your own.',
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The first line: enough for whoever has one second. */
function verdict(facts: DashboardFacts, alarms: readonly Alarm[], now: number): string {
  const total = facts.waiting.length + facts.waitingMore;
  const oldest = Math.min(...facts.waiting.map((note) => note.since));
  const waits =
    total === 0
      ? 'Nothing waits for you'
      : `**${total === 1 ? '1 card waits' : `${total} cards wait`} for you**${Number.isFinite(oldest) ? `, the oldest ${ageWords(now - oldest)}` : ''}`;
  const doubts = facts.waiting.filter((note) => note.outcome === 'in_doubt').length;
  return [
    waits,
    ...(doubts > 0 ? [`**${doubts} in doubt**`] : []),
    ...(facts.pausedBy.length > 0 ? ['**paused**'] : []),
    alarms.length === 0 ? 'no alarms' : `**${alarms.length === 1 ? '1 alarm' : `${alarms.length} alarms`}**`,
    ...cloudWord(facts),
  ].join(' · ');
}

function cloudWord({ handover }: DashboardFacts): string[] {
  if (handover === null || !handover.link.known) return [];
  if (handover.stoppedAt !== null) return ['the laptop is off'];
  return [handover.link.connected ? 'cloud connected' : '**cloud not connected**'];
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

function alarmSection(alarms: readonly Alarm[]): string {
  if (alarms.length === 0) return '';
  const lines = alarms.slice(0, SHOWN_ALARMS).map((alarm) => `> - ${alarmLine(alarm)}`);
  const more = alarms.length - lines.length;
  if (more > 0) lines.push(`> - and ${more} more: \`handover vault check\` lists what lies in the vault`);
  return `> [!danger] Alarms\n${lines.join('\n')}`;
}

function alarmLine({ about, words, cure }: Alarm): string {
  const said = words === null ? '' : markdownText(words, 400);
  const what = about === null ? said : said === '' ? about : `${about}: ${said}`;
  if (cure === null) return what;
  return `${what}${/[.!?]\**$/.test(what) ? '' : '.'} ${cure}`;
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
  const skipped = facts.skippedToday == null ? '' : skippedLine(facts.skippedToday, 'today');
  if (total === 0) return `## Waits for you\n\nNothing.${skipped}`;
  const sorted = [...facts.waiting].sort(
    (a, b) => urgency(a) - urgency(b) || a.since - b.since || (a.name < b.name ? -1 : 1),
  );
  const lines = sorted.slice(0, SHOWN).map((note) => {
    const words = note.outcome === null ? undefined : outcomeWords(note.outcome, note.name);
    const high = note.high === true ? ' · **important**' : '';
    return `- ${cardLink(note.name)} · ${since(note.since, facts, now)}${high}${words === undefined ? '' : ` · ${words}`}`;
  });
  if (total > lines.length) lines.push(`- and ${total - lines.length} more in \`Pending_Approval\``);
  return `## Waits for you (${total})\n\n${lines.join('\n')}${skipped}`;
}

function skippedLine({ count, page }: SkippedDay, when: string): string {
  return count === 0 ? '' : `\n\n${mails(count)} skipped ${when}: ${noteLink(page)}`;
}

const mails = (count: number): string => `${count} mail${count === 1 ? '' : 's'}`;

function lookSection(facts: DashboardFacts, now: number): string {
  const lines = [
    ...stuckLines(facts, now),
    ...named(facts.quarantined, 'in `Quarantine`; the reason lies beside it'),
    ...keptVersions(facts.conflicts),
  ];
  return lines.length === 0 ? '' : `## Needs a look\n\n${lines.join('\n')}`;
}

function stuckLines(facts: DashboardFacts, now: number): string[] {
  const stuck = facts.claimed.filter((note) =>
    isStuck({ since: note.since, owner: ownerOf(facts, note.agent), now }),
  );
  const lines = stuck
    .slice(0, SHOWN_STUCK)
    .map(
      (note) =>
        `- ${cardLink(note.name)} · with the ${note.agent} since ${clock(note.since, facts)}; it goes on when that agent does`,
    );
  if (stuck.length > lines.length) lines.push(`- and ${stuck.length - lines.length} more in \`In_Progress\``);
  return lines;
}

/** The process that works on the agent's claims. */
function ownerOf(facts: DashboardFacts, agent: Agent): Presence {
  const worker = PROCESSES.find((p) => p.agent === agent && p.claims)?.process;
  return (
    facts.processes.find((p) => p.agent === agent && p.process === worker)?.seen ?? { presence: 'never' }
  );
}

function named(names: readonly string[], where: string): string[] {
  const lines = names.slice(0, 5).map((name) => `- ${cardLink(name)} · ${where}`);
  if (names.length > lines.length)
    lines.push(`- and ${names.length - lines.length} more ${where.split(/[;:]/)[0] ?? ''}`);
  return lines;
}

/** Shown without its id: sixteen digits say nothing to a person, and on a phone they are a line. */
function cardLink(name: string, folder = ''): string {
  const link = noteLink(name);
  const stem = /^\[\[(.*)\]\]$/.exec(link)?.[1];
  if (stem === undefined) return link;
  const title = stem.replace(/ (?:em|od)-[0-9a-f]{16}$/, '');
  return folder === '' && title === stem ? link : `[[${folder}${stem}|${title}]]`;
}

const SHOWN_CONFLICTS = 5;

/** Linked by the folder: the version that stands often has the same name. */
function keptVersions(conflicts: DashboardFacts['conflicts']): string[] {
  const lines = conflicts.slice(0, SHOWN_CONFLICTS).map(({ name, why }) => {
    const words = why === null ? 'another version of a note, kept' : markdownText(why, 300);
    return `- ${cardLink(name, 'Conflicts/')} · in \`Conflicts\`: ${words}`;
  });
  const more = conflicts.length - lines.length;
  if (more > 0) lines.push(`- and ${more} more in \`Conflicts\``);
  if (lines.length > 0) lines.push('- Take over what you need of a kept version, then delete it.');
  return lines;
}

/** Absent while there is nothing to tell, and while nobody was seen here yet. */
function sinceLookSection(facts: DashboardFacts): string {
  const look = facts.sinceLook;
  if (look == null) return '';
  const cards = facts.waiting.filter((note) => note.outcome === null && note.since >= look.since).length;
  const counts: readonly (readonly [number, string, string])[] = [
    [look.sent, 'mail sent', 'mails sent'],
    [look.posted, 'invoice posted', 'invoices posted'],
    [look.cameBack, 'came back to you', 'came back to you'],
    [cards, 'new card', 'new cards'],
  ];
  const said = counts.filter(([n]) => n > 0).map(([n, one, many]) => `${n} ${n === 1 ? one : many}`);
  const yesterday = look.skippedYesterday === null ? '' : skippedLine(look.skippedYesterday, 'yesterday');
  if (said.length === 0 && yesterday === '') return '';
  const words = said.length === 0 ? 'nothing was sent' : said.join(', ');
  return `## Since you were last here\n\nSince ${clock(look.since, facts)}, when you last moved or edited a card: ${look.more ? 'at least ' : ''}${words}.${yesterday}`;
}

function handoverSection(facts: DashboardFacts, now: number): string {
  const { handover } = facts;
  if (handover === null) return '';
  const shown = (ms: number) => clock(ms, facts);
  const lines = handoverLines(handover, shown, markdownText);
  const chart = handoverChart(handover, now, shown);
  return `## Handover\n\n${lines.map((line) => `- ${line}`).join('\n')}${chart === '' ? '' : `\n\n${chart}`}`;
}

function underWaySection(facts: DashboardFacts, now: number): string {
  const lines: string[] = [];
  const { count } = facts.needsAction;
  const oldest = Math.min(...facts.needsAction.since);
  if (count > 0) {
    lines.push(
      `- ${count} to draft${Number.isFinite(oldest) ? `, the oldest ${since(oldest, facts, now)}` : ''}`,
    );
  }
  if (facts.claimed.length > 0) lines.push(`- ${facts.claimed.length} being worked on`);
  for (const note of facts.approved.slice(0, SHOWN)) {
    lines.push(`- ${cardLink(note.name)} · approved, ${since(note.since, facts, now)}`);
  }
  if (facts.approved.length > SHOWN)
    lines.push(`- and ${facts.approved.length - SHOWN} more in \`Approved\``);
  return lines.length === 0 ? '' : `## Under way\n\n${lines.join('\n')}`;
}

const HOUR = 3_600_000;
const COLUMNS = [
  { title: '≤1h', below: HOUR },
  { title: '≤4h', below: 4 * HOUR },
  { title: '≤1d', below: 24 * HOUR },
  { title: '≤3d', below: 72 * HOUR },
  { title: 'older', below: Number.POSITIVE_INFINITY },
] as const;

/** As qshape(1) shows a mail queue: where it stands still is seen at a glance. */
function ageSection(facts: DashboardFacts, now: number): string {
  const times = (notes: readonly { readonly since: number }[]) => notes.map((note) => note.since);
  const rows: readonly (readonly [string, number, readonly number[]])[] = [
    ['Waits for you', facts.waiting.length + facts.waitingMore, times(facts.waiting)],
    ['To draft', facts.needsAction.count, facts.needsAction.since],
    ['With an agent', facts.claimed.length, times(facts.claimed)],
    ['Approved', facts.approved.length, times(facts.approved)],
  ];
  const filled = rows.filter(([, total]) => total > 0);
  if (filled.length === 0) return '';
  const lines = filled.map(([title, total, all]) => {
    const counts = ageCounts(
      all.map((ms) => now - ms),
      COLUMNS,
    );
    return row([title, String(total), ...counts.map((n) => (n === 0 ? '·' : String(n)))]);
  });
  const head = row(['', 'all', ...COLUMNS.map(({ title }) => title)]);
  const rest = filled.some(([, total, all]) => all.length < total)
    ? '\n\nOf more than two hundred in a folder the ages of two hundred are counted.'
    : '';
  return `## By age\n\n${head}\n${row(['---', ...['all', ...COLUMNS].map(() => '---:')])}\n${lines.join('\n')}${rest}`;
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function limitSection(facts: DashboardFacts): string {
  const lines = facts.limits.map((limit) => limitLine(limit, facts)).filter((line) => line !== null);
  return lines.length === 0 ? '' : `## Limits\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

function limitLine({ of, account, used, perHour, freeAt }: LimitUsed, facts: DashboardFacts): string | null {
  const title = `${of === 'mails' ? 'Mails' : 'Invoices'}${account === null ? '' : ` of ${markdownText(account, 60)}`}`;
  const key = of === 'mails' ? 'MAX_SENDS_PER_HOUR' : 'MAX_POSTS_PER_HOUR';
  if (perHour === 0) return `${title}: **none may leave**, \`${key}\` is 0`;
  if (used === 0) return null;
  if (perHour === null) return `${title}: ${used} in the last hour`;
  if (used < perHour) return `${title}: ${used} of ${perHour} in the last hour`;
  const next = freeAt === null ? '' : `; the next may go at ${clock(freeAt, facts).slice(11)}`;
  return `${title}: **${used} of ${perHour} in the last hour**${next}. \`${key}\` sets the limit`;
}

function sentSection(facts: DashboardFacts): string {
  if (facts.sent.length === 0) return '## Sent lately\n\nNothing yet.';
  const lines = facts.sent.map(({ name, task, at }) => {
    const what = name === null ? markdownText(task) : cardLink(name);
    return `- ${what} · ${clock(at, facts)}${isInvoice(task) ? ' · posted in Odoo' : ''}`;
  });
  const title = facts.sent.some(({ task }) => isInvoice(task)) ? 'Sent and posted lately' : 'Sent lately';
  return `## ${title}\n\n${lines.join('\n')}`;
}

function processSection(facts: DashboardFacts): string {
  const rows = shownProcesses(facts).map((p) => row([p.process, p.agent, presenceWords(p, facts)]));
  return `## Who was last seen\n\n| Process | Agent | |\n| --- | --- | --- |\n${rows.join('\n')}`;
}

function presenceWords(shown: DashboardFacts['processes'][number], facts: DashboardFacts): string {
  const { seen } = shown;
  switch (seen.presence) {
    case 'never':
      return 'not seen yet';
    case 'clock-ahead':
      return '**its clock is ahead**';
    case 'stopped':
      return `stopped ${clock(seen.lastSeen, facts)}`;
    case 'silent':
      return `**silent since ${clock(seen.lastSeen, facts)}**`;
    case 'alive': {
      if (isAlarming(shown)) return `**${seen.state}**: see the alarms`;
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
