import type { Command } from 'commander';
import { type Alarm, alarmsOf, isAlarming, shownProcesses } from '../core/alarms.ts';
import { ageWords } from '../core/age.ts';
import type { DashboardFacts, LimitUsed } from '../core/dashboard-facts.ts';
import { handoverLines } from '../core/handover.ts';
import { localTime } from '../core/local-time.ts';
import { visibleText } from '../core/neutralise.ts';
import type { Presence } from '../core/presence.ts';
import { idInName } from '../core/task-id.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import type { Paint } from './paint.ts';
import { statusFacts } from './status-facts.ts';
import { openVault, type Outcome, verb, type VerbContext } from './verb.ts';

/** `handover status`: the dashboard on one screen. Exit 1 where something needs a look. */
export function statusVerb(context: VerbContext): Command {
  const summary = 'one screen: what is wrong, what waits, limits, the other machine, processes';
  return verb(context, { name: 'status', summary }, async () => {
    const now = context.now();
    return status(await statusFacts(await openVault(context), now), now, context.paint);
  });
}

interface Line {
  readonly words: string;
  readonly cure: string;
}

function status(facts: DashboardFacts, now: number, paint: Paint): Outcome {
  const clock = (ms: number): string => localTime(ms, facts.timeZone).slice(0, 16).replace('T', ' ');
  const alarms = [...doubts(facts), ...alarmsOf(facts, now, clock).map(lineOf)].map(shown);
  const { limits } = facts;
  const handover = facts.handover === null ? [] : handoverLines(facts.handover, clock, inert).map(bare);
  const text = [
    ...alarmLines(alarms, paint),
    ...facts.pausedBy.map((path) => paint.warn(`PAUSE  nothing is sent while ${path} is there`)),
    ...(facts.dryRun ? [paint.warn('DRY    DRY_RUN=true: approved mails are made and not sent')] : []),
    '',
    ...queueLines(facts, now, paint),
    ...limits.flatMap((limit) => limitLines(limit, clock)),
    ...handover.map((line, i) => (i === 0 ? 'link' : '').padEnd(10) + line),
    '',
    ...processLines(facts, clock, paint),
  ];
  const { waiting, waitingMore, approved, needsAction, claimed, quarantined, conflicts } = facts;
  return {
    exit: alarms.length === 0 ? EXIT.ok : EXIT.failure,
    json: {
      ok: alarms.length === 0,
      alarms,
      paused: facts.pausedBy,
      dryRun: facts.dryRun,
      queue: {
        toDraft: needsAction.count,
        workedOn: claimed.length,
        waiting: waiting.length + waitingMore,
        approved: approved.length,
        quarantined: quarantined.length,
        conflicts: conflicts.length,
      },
      limits,
      handover,
      processes: shownProcesses(facts).map(({ agent, process, seen }) => ({ agent, process, ...seen })),
    },
    text: text.map((line) => line.trimEnd()).join('\n'),
  };
}

function alarmLines(alarms: readonly Line[], paint: Paint): string[] {
  if (alarms.length === 0) return [paint.good('ok     nothing needs a look')];
  return alarms.flatMap(({ words, cure }) => [
    paint.bad(`ALARM  ${words}`),
    ...(cure === '' ? [] : [`       -> ${cure}`]),
  ]);
}

/** The one question that only the user can answer. */
function doubts({ waiting }: DashboardFacts): Line[] {
  return waiting
    .filter(({ outcome, name }) => outcome === 'in_doubt' && idInName(name)?.startsWith('em-') === true)
    .map(({ name }) => ({
      words: `it is not known whether a mail was sent: ${name}`,
      cure: `handover resolve ${idInName(name) ?? '<id>'} --sent, or --resend`,
    }));
}

function lineOf({ about, words, cure }: Alarm): Line {
  const parts = [about === null ? null : bare(about), words].filter((part) => part !== null && part !== '');
  return { words: parts.join(': '), cure: cure === null ? '' : bare(cure) };
}

/** Names and reasons are others' texts: they must not steer the terminal. */
function shown({ words, cure }: Line): Line {
  const line = (text: string): string => visibleText(text.replace(/\s+/g, ' ')).text;
  return { words: line(words), cure: line(cure) };
}

/** For what is put between our own words: it is made harmless as a whole line, below. */
const inert = (text: string): string => text;

/** Our own Markdown, read on a terminal. */
function bare(markdown: string): string {
  return visibleText(markdown.replace(/\*\*|`/g, '').replace(/\\([_*])/g, '$1')).text;
}

function queueLines(facts: DashboardFacts, now: number, paint: Paint): string[] {
  const { waiting, waitingMore, approved, needsAction, claimed, quarantined, conflicts } = facts;
  const row = (title: string, count: number, since: readonly number[] = []): string => {
    const oldest = since.length === 0 ? '' : `, the oldest ${ageWords(now - Math.min(...since))}`;
    return `${title.padEnd(10)}${count === 0 ? paint.dim('0') : paint.strong(String(count))}${oldest}`;
  };
  const times = (notes: readonly { readonly since: number }[]): number[] => notes.map(({ since }) => since);
  return [
    row('for you', waiting.length + waitingMore, times(waiting)),
    row('to draft', needsAction.count, needsAction.since),
    row('working', claimed.length, times(claimed)),
    row('approved', approved.length, times(approved)),
    ...(quarantined.length === 0 ? [] : [row('broken', quarantined.length)]),
    ...(conflicts.length === 0 ? [] : [row('conflicts', conflicts.length)]),
  ];
}

function limitLines({ of, used, perHour, freeAt }: LimitUsed, clock: (ms: number) => string): string[] {
  const free = freeAt === null ? '' : `; the next may go at ${clock(freeAt)}`;
  return [`${of.padEnd(10)}${used}${perHour === null ? '' : ` of ${perHour}`} this hour${free}`];
}

function processLines(facts: DashboardFacts, clock: (ms: number) => string, paint: Paint): string[] {
  return shownProcesses(facts).map((row) => {
    const words = bare(presenceWords(row.seen, clock));
    const colour = isAlarming(row) ? paint.bad : row.seen.presence === 'alive' ? paint.good : paint.dim;
    return `${row.process.padEnd(22)}${row.agent.padEnd(13)}${colour(words)}`;
  });
}

function presenceWords(seen: Presence, clock: (ms: number) => string): string {
  switch (seen.presence) {
    case 'never':
      return 'not seen yet';
    case 'clock-ahead':
      return 'its clock is ahead';
    case 'stopped':
      return `stopped ${clock(seen.lastSeen)}`;
    case 'silent':
      return `silent since ${clock(seen.lastSeen)}`;
    case 'alive':
      return seen.state === 'ok' ? 'running' : seen.state;
  }
}
