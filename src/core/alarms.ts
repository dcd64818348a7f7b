/** What is wrong and what to do about it: one alarm per cause, the most urgent first. Pure; words are not escaped here. */
import { type DashboardFacts, isOptional } from './dashboard-facts.ts';
import type { HandoverFacts } from './handover.ts';
import type { Presence } from './presence.ts';

export interface Alarm {
  /** Ours, Markdown; null: the words stand alone. */
  readonly about: string | null;
  /** May hold what others wrote: a reason from another machine, a name. Plain text. */
  readonly words: string | null;
  /** Ours, Markdown; null: the words say it. */
  readonly cure: string | null;
}

/** A laptop in a train is no alarm. */
const APART_MS = 15 * 60_000;
const BEHIND_MS = 60 * 60_000;

/** @param clock shows a time in the vault's zone. */
export function alarmsOf(facts: DashboardFacts, now: number, clock: (ms: number) => string): Alarm[] {
  const apart = apartAlarm(facts, now, clock);
  return [
    ...apart,
    ...syncAlarms(facts.handover, now, clock),
    ...processAlarms(facts, apart.length > 0, clock),
    ...facts.faults.map((words) => ({ about: null, words, cure: cureOf(words) })),
  ];
}

/** How many rows of the page are about something that is wrong with one process or another, for the row itself. */
export function isAlarming({ seen }: DashboardFacts['processes'][number]): boolean {
  switch (seen.presence) {
    case 'never':
      return false;
    case 'alive':
      return (seen.state === 'degraded' || seen.state === 'paused') && !isMeant(seen.reason);
    case 'stopped':
    case 'silent':
    case 'clock-ahead':
      return true;
  }
}

/** What the user asked for, or what ends by itself within minutes, is no alarm. */
const MEANT = /^(?:quiet hours:|PAUSE\.md is there|the hourly limit|it is looked up who changed a card)/;

function isMeant(reason: string | null): boolean {
  return reason !== null && MEANT.test(reason);
}

function apartAlarm(facts: DashboardFacts, now: number, clock: (ms: number) => string): Alarm[] {
  const { handover } = facts;
  if (handover === null || handover.stoppedAt !== null) return [];
  const { link } = handover;
  if (!link.known || link.connected || link.since === null || now - link.since < APART_MS) return [];
  return [
    {
      about: `The cloud and this laptop have **no connection since ${clock(link.since)}**.`,
      words: null,
      cure: 'See that both machines are on and online and that Syncthing runs on both; `handover doctor` says which is missing.',
    },
  ];
}

function syncAlarms(handover: HandoverFacts | null, now: number, clock: (ms: number) => string): Alarm[] {
  if (handover === null || handover.stoppedAt !== null) return [];
  const { sync } = handover;
  switch (sync.state) {
    case 'in_step':
      return [];
    case 'behind':
      if (sync.since === undefined || now - sync.since < BEHIND_MS) return [];
      return [
        {
          about: `Sync is **behind since ${clock(sync.since)}**.`,
          words: null,
          cure: "Look at Syncthing's own page for what it cannot fetch, and at the free space of the disk.",
        },
      ];
    case 'unreachable':
      return [
        {
          about: '**Syncthing on this laptop does not answer.**',
          words: null,
          cure: 'Start it; if it runs, `SYNCTHING_URL` and `SYNCTHING_API_KEY` in `.env` are wrong.',
        },
      ];
    case 'stopped':
      return [
        {
          about: '**Sync is stopped**',
          words: sync.why,
          cure: "Syncthing's own page names the reason; often the disk is full or the folder was moved.",
        },
      ];
  }
}

type ProcessRow = DashboardFacts['processes'][number];

function processAlarms(facts: DashboardFacts, apart: boolean, clock: (ms: number) => string): Alarm[] {
  const rows = facts.processes.filter(isAlarming);
  const cloud = rows.filter(({ agent }) => agent === 'cloud-agent');
  const local = rows.filter(({ agent }) => agent === 'local-agent');
  // What the phone reads while the laptop is off: that it is off stands above, and its processes are off with it.
  const isOff = facts.handover !== null && facts.handover.stoppedAt !== null;
  return [
    ...(isOff ? [] : local.map((row) => alarmOf(facts, row, clock))),
    ...cloudAlarms(facts, cloud, apart, clock),
  ];
}

/** A machine that is off is one alarm, not one for each of its processes. */
function cloudAlarms(
  facts: DashboardFacts,
  rows: readonly ProcessRow[],
  apart: boolean,
  clock: (ms: number) => string,
): Alarm[] {
  const silent = rows.filter(({ seen }) => seen.presence === 'silent');
  const seen = facts.processes.filter((p) => p.agent === 'cloud-agent' && p.seen.presence !== 'never');
  const all = facts.handover !== null && silent.length > 1 && silent.length === seen.length;
  if (!all && !apart) return rows.map((row) => alarmOf(facts, row, clock));
  const others = rows.filter((row) => !silent.includes(row)).map((row) => alarmOf(facts, row, clock));
  return apart ? others : [machineSilent(facts, silent, clock), ...others];
}

function machineSilent(
  facts: DashboardFacts,
  silent: readonly ProcessRow[],
  clock: (ms: number) => string,
): Alarm {
  const last = Math.max(...silent.map(({ seen }) => lastSeen(seen)));
  return {
    about: `The cloud's processes are **silent since ${clock(last)}**.`,
    words: null,
    cure:
      facts.handover?.link.connected === true
        ? 'Its Syncthing answers: run `pm2 start deployment/cloud/ecosystem.config.js` there.'
        : 'See that the cloud machine is on and online; then run `pm2 status` there.',
  };
}

function lastSeen(seen: Presence): number {
  return 'lastSeen' in seen ? seen.lastSeen : 0;
}

function alarmOf(facts: DashboardFacts, row: ProcessRow, clock: (ms: number) => string): Alarm {
  const { process, agent, seen } = row;
  const where = facts.handover === null ? '' : agent === 'cloud-agent' ? ' on the cloud' : ' on the laptop';
  const host = agent === 'cloud-agent' ? 'cloud' : 'local';
  const there = facts.handover === null ? '' : ' there';
  const name = `${process}${where}`;
  switch (seen.presence) {
    case 'clock-ahead':
      return {
        about: `${name}: **its clock is ahead**.`,
        words: null,
        cure: 'Set the clock of that machine by the network: `timedatectl set-ntp true`.',
      };
    case 'stopped':
      return {
        about: `${name} **was stopped ${clock(seen.lastSeen)}**.`,
        words: null,
        cure: `Run \`pm2 start deployment/${host}/ecosystem.config.js\`${there}.`,
      };
    case 'silent':
      return {
        about: `${name} is **silent since ${clock(seen.lastSeen)}**.`,
        words: null,
        cure: `Run \`pm2 restart ${process}\`${there}; \`pm2 logs ${process}\` says why it stopped.`,
      };
    case 'never':
    case 'alive': {
      const state = seen.presence === 'alive' ? seen.state : 'ok';
      const reason = seen.presence === 'alive' ? seen.reason : null;
      return {
        about: `${name} is **${state}**`,
        words: reason ?? 'it gave no reason',
        cure: `Run \`handover doctor\`${there} for more.`,
      };
    }
  }
}

/** Sentences of ours that say what is wrong and not what to do. Their wording is held by a test. */
const CURES: readonly { readonly of: RegExp; readonly cure: string }[] = [
  {
    of: /is no plain note and is left alone$/,
    cure: 'Give it a plain name that ends in `.md`, or move it out of that folder.',
  },
  {
    of: /cannot be (?:used|read) \([^)]*\)\.$/,
    cure: 'See that the folder belongs to you (`ls -ld`) and that the disk has room (`df -h`).',
  },
  {
    of: /^Syncthing cannot change /,
    cure: "See the file's owner and rights and the room on the disk; Syncthing tries again by itself.",
  },
  {
    of: /^Drafts cannot be taken over from the cloud/,
    cure: 'Run `handover doctor`; until then drafts wait for the cloud.',
  },
  {
    of: /; only this laptop writes there\.$/,
    cure: 'Nothing follows from it; if it goes on, somebody else writes into the vault of the cloud machine.',
  },
];

/** Null when the sentence says the cure itself. */
export function cureOf(fault: string): string | null {
  return CURES.find(({ of }) => of.test(fault))?.cure ?? null;
}

/** Optional processes that were never seen are no row at all. */
export function shownProcesses(facts: DashboardFacts): readonly ProcessRow[] {
  return facts.processes.filter((p) => p.seen.presence !== 'never' || !isOptional(p));
}
