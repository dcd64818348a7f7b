/**
 * The handover between cloud and laptop in a few lines: who is there, who stands in for whom, what came while
 * nobody looked. Times are absolute and numbers coarse: the page changes when something happened, not before.
 */
import type { Absence } from './absence.ts';
import type { Presence } from './presence.ts';

export interface HandoverFacts {
  /** As this machine's Syncthing knows it; `known` false: its API does not answer. */
  readonly link: { readonly known: boolean; readonly connected: boolean; readonly since: number | null };
  /** The cloud's draft-replier by its heartbeat. */
  readonly replier: Presence;
  readonly takeOver: { readonly on: boolean; readonly since: number | null; readonly drafted: number };
  readonly away: Absence | null;
  readonly sync: SyncFacts;
  /** Set when this process is about to stop: what the phone reads until it is back. */
  readonly stoppedAt: number | null;
}

export type SyncFacts =
  | { readonly state: 'in_step' }
  /** Files still to come, exactly; shown in steps of ten. `since`: when that began, ms; absent: not known. */
  | { readonly state: 'behind'; readonly files: number; readonly since?: number }
  | { readonly state: 'unreachable' }
  | { readonly state: 'stopped'; readonly why: string };

/** Lines without a bullet. `clock` shows a time in the vault's zone, `safe` makes foreign text harmless. */
export function handoverLines(
  facts: HandoverFacts,
  clock: (ms: number) => string,
  safe: (text: string) => string,
): string[] {
  return [
    ...stoppedLine(facts, clock),
    ...awayLine(facts.away, clock),
    cloudLine(facts, clock),
    ...takeOverLine(facts, clock),
    syncLine(facts, clock, safe),
  ];
}

function stoppedLine({ stoppedAt }: HandoverFacts, clock: (ms: number) => string): string[] {
  if (stoppedAt === null) return [];
  return [
    `**The laptop is off since ${clock(stoppedAt)}.** Mails are drafted meanwhile; nothing is sent until it is back.`,
  ];
}

function awayLine(away: Absence | null, clock: (ms: number) => string): string[] {
  if (away === null) return [];
  const when = `This laptop was away from ${clock(away.from)} to ${clock(away.to)}`;
  if (away.meanwhile === null) return [when];
  const { came, drafted, skipped } = away.meanwhile;
  if (came === 0) return [`${when}; no mail came meanwhile`];
  const parts = [`${came} mail${came === 1 ? '' : 's'} came`, `${drafted} drafted`];
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return [`${when}; meanwhile ${parts.join(', ')}`];
}

function cloudLine({ link, replier }: HandoverFacts, clock: (ms: number) => string): string {
  const drafts = replierWords(replier, clock);
  if (!link.known) return `Cloud: ${drafts}`;
  if (link.connected) return `Cloud: connected, ${drafts}`;
  return link.since === null
    ? `Cloud: **not connected**; ${drafts}`
    : `Cloud: **not connected since ${clock(link.since)}**; ${drafts}`;
}

function replierWords(replier: Presence, clock: (ms: number) => string): string {
  switch (replier.presence) {
    case 'never':
      return 'its drafter was not seen yet';
    case 'clock-ahead':
      return '**its clock is ahead**';
    case 'alive':
      return 'drafting';
    case 'stopped':
      return `its drafter stopped ${clock(replier.lastSeen)}`;
    case 'silent':
      return `its drafter was last seen ${clock(replier.lastSeen)}`;
  }
}

function takeOverLine({ takeOver }: HandoverFacts, clock: (ms: number) => string): string[] {
  if (!takeOver.on) return [];
  const since = takeOver.since === null ? '' : ` since ${clock(takeOver.since)}`;
  const done = takeOver.drafted > 0 ? `: ${takeOver.drafted} so far` : '';
  return [`**This laptop drafts in the cloud's place${since}**${done}`];
}

function syncLine(
  { sync, link }: HandoverFacts,
  clock: (ms: number) => string,
  safe: (text: string) => string,
): string {
  switch (sync.state) {
    case 'in_step':
      return link.connected ? 'Sync: in step' : 'Sync: waits for the connection';
    case 'behind':
      return `Sync: ${coarse(sync.files)} still to come${sync.since === undefined ? '' : `, behind since ${clock(sync.since)}`}`;
    case 'unreachable':
      return 'Sync: **Syncthing on this laptop does not answer**';
    case 'stopped':
      return `Sync: **stopped**: ${safe(sync.why)}`;
  }
}

function coarse(files: number): string {
  if (files < 10) return 'a few files';
  return `more than ${10 ** Math.floor(Math.log10(files))} files`;
}

const CHART_STEP_MS = 60 * 60_000;
const SHORTEST_BAR_MS = 15 * 60_000;
/** Older ends would squeeze the last hours together. */
const CHART_MS = 48 * CHART_STEP_MS;

/**
 * Who was there when, as a Mermaid chart; '' for fewer than two gaps, which words tell as well. What goes on is drawn
 * to the last full hour, so that the page does not change for the chart's sake.
 */
export function handoverChart(facts: HandoverFacts, now: number, clock: (ms: number) => string): string {
  const { away, link, replier, takeOver } = facts;
  const end = Math.floor(now / CHART_STEP_MS) * CHART_STEP_MS;
  const isGone = replier.presence === 'silent' || replier.presence === 'stopped';
  const gaps = [
    { who: 'laptop away', from: away?.from ?? null, to: away?.to ?? null },
    { who: 'no connection', from: link.known && !link.connected ? link.since : null, to: end },
    { who: 'cloud silent', from: isGone ? replier.lastSeen : null, to: end },
    { who: 'laptop drafts', from: takeOver.on ? takeOver.since : null, to: end },
  ];
  const bars = gaps.flatMap(({ who, from, to }) => {
    if (from === null || to === null || now - to >= CHART_MS) return [];
    const begin = Math.max(from, end - CHART_MS);
    return [`  ${who} :${clock(begin)}, ${clock(Math.max(to, begin + SHORTEST_BAR_MS))}`];
  });
  if (bars.length < 2) return '';
  return ['```mermaid', 'gantt', '  dateFormat YYYY-MM-DD HH:mm', '  axisFormat %H:%M', ...bars, '```'].join(
    '\n',
  );
}
