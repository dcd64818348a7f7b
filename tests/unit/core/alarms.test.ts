import { describe, expect, it } from 'vitest';
import { alarmsOf, cureOf } from '../../../src/core/alarms.ts';
import type { DashboardFacts } from '../../../src/core/dashboard-facts.ts';
import { foreignWords } from '../../../src/core/foreign-words.ts';
import type { HandoverFacts } from '../../../src/core/handover.ts';
import type { ForeignKind } from '../../../src/core/ownership.ts';
import type { Presence } from '../../../src/core/presence.ts';

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const well: Presence = { presence: 'alive', state: 'ok', reason: null };
const together: HandoverFacts = {
  link: { known: true, connected: true, since: 1 },
  replier: well,
  takeOver: { on: false, since: null, drafted: 0 },
  away: null,
  sync: { state: 'in_step' },
  stoppedAt: null,
};

type Seen = Partial<Record<'cloud-email-watcher' | 'draft-replier' | 'approval-handler', Presence>>;

function facts(change: Partial<DashboardFacts>, seen: Seen = {}): DashboardFacts {
  const process = (name: keyof Seen, agent: 'cloud-agent' | 'local-agent') => ({
    ...{ process: name, agent, seen: seen[name] ?? well },
  });
  return {
    ...{ timeZone: 'UTC', dryRun: false, pausedBy: [], waiting: [], waitingMore: 0, approved: [] },
    ...{ needsAction: { count: 0, since: [] }, claimed: [], sent: [], quarantined: [], conflicts: [] },
    ...{ faults: [], limits: [], handover: together },
    processes: [
      process('cloud-email-watcher', 'cloud-agent'),
      process('draft-replier', 'cloud-agent'),
      process('approval-handler', 'local-agent'),
    ],
    ...change,
  };
}
const alarms = (change: Partial<DashboardFacts>, seen?: Seen) =>
  alarmsOf(facts(change, seen), NOW, (ms) => `t${ms}`);
const said = (change: Partial<DashboardFacts>, seen?: Seen) =>
  alarms(change, seen).map(({ about, words, cure }) => [about, words, cure].filter(Boolean).join(' | '));
const silent: Presence = { presence: 'silent', lastSeen: 7 };

describe('alarms', () => {
  it('are none when all is well, when a process was never seen, and for what the user asked for', () => {
    expect(said({})).toEqual([]);
    expect(said({}, { 'draft-replier': { presence: 'never' } })).toEqual([]);
    for (const reason of [
      'quiet hours: no mail is sent until 08:00',
      'PAUSE.md is there: nothing is sent until it is removed',
      'the hourly limit is reached; sending goes on at 2026-11-21T10:00:00.000Z',
    ]) {
      expect(said({}, { 'approval-handler': { presence: 'alive', state: 'paused', reason } })).toEqual([]);
    }
  });

  it('name each process that is not well, with what to do', () => {
    const paused: Presence = { presence: 'alive', state: 'paused', reason: 'the login failed' };
    expect(
      said(
        {},
        {
          'approval-handler': paused,
          'draft-replier': { presence: 'stopped', lastSeen: 3 },
          'cloud-email-watcher': { presence: 'clock-ahead' },
        },
      ),
    ).toEqual([
      'approval-handler on the laptop is **paused** | the login failed | Run `handover doctor` there for more.',
      'cloud-email-watcher on the cloud: **its clock is ahead**. | Set the clock of that machine by the network: `timedatectl set-ntp true`.',
      'draft-replier on the cloud **was stopped t3**. | Run `pm2 start deployment/cloud/ecosystem.config.js` there.',
    ]);
    expect(said({ handover: null }, { 'draft-replier': silent })).toEqual([
      'draft-replier is **silent since t7**. | Run `pm2 restart draft-replier`; `pm2 logs draft-replier` says why it stopped.',
    ]);
  });

  it('are one for a machine that is off, and say whether its Syncthing still answers', () => {
    const gone = {
      'draft-replier': silent,
      'cloud-email-watcher': { presence: 'silent', lastSeen: 9 },
    } as const;
    expect(said({}, gone)).toEqual([
      "The cloud's processes are **silent since t9**. | Its Syncthing answers: run `pm2 start deployment/cloud/ecosystem.config.js` there.",
    ]);
    const apart = (since: number) => ({
      handover: { ...together, link: { known: true, connected: false, since } },
    });
    expect(said(apart(NOW - MINUTE), gone)[0]).toContain('See that the cloud machine is on and online');
    expect(said(apart(NOW - 15 * MINUTE), gone)).toEqual([expect.stringContaining('**no connection since')]);
    expect(said(apart(NOW - 14 * MINUTE))).toEqual([]);
  });

  it('tell of a sync that stands still, not of one that works', () => {
    const sync = (state: HandoverFacts['sync']) => said({ handover: { ...together, sync: state } });
    expect(sync({ state: 'behind', files: 3, since: NOW - 59 * MINUTE })).toEqual([]);
    expect(sync({ state: 'behind', files: 3, since: NOW - 60 * MINUTE })[0]).toContain('**behind since');
    expect(sync({ state: 'unreachable' })[0]).toContain('Start it');
    expect(sync({ state: 'stopped', why: 'no room' })[0]).toMatch(/Sync is stopped.*no room.*disk is full/);
  });

  it('are silent about the laptop in the page that it leaves behind when it stops', () => {
    const stopped: Presence = { presence: 'stopped', lastSeen: 3 };
    const handover: HandoverFacts = { ...together, sync: { state: 'unreachable' }, stoppedAt: NOW };
    expect(said({ handover }, { 'approval-handler': stopped })).toEqual([]);
    expect(said({ handover }, { 'draft-replier': stopped })).toHaveLength(1);
  });

  it('put what stops the machines before what lies in the vault', () => {
    expect(alarms({ faults: ['a fault'] }, { 'draft-replier': silent }).map(({ words }) => words)).toEqual([
      null,
      'a fault',
    ]);
  });
});

describe('every sentence about the vault', () => {
  const KINDS: readonly ForeignKind[] = [
    ...(['link', 'dashboard', 'log', 'done', 'heartbeat', 'rejected', 'answer', 'claim'] as const),
    'kept_version_deleted',
  ];
  /** What a person can do, or that there is nothing to do. */
  const SAYS =
    /delete it|written again|verify|stversions|do not believe|journal of this laptop|Move it|ignore lists|It has no effect/;

  it.each(KINDS)('says a cure or has one: %s', (kind) => {
    for (const action of ['modified', 'deleted']) {
      for (const finished of [true, false]) {
        const change = {
          path: 'Done/2026-11/x.md',
          action,
          type: 'file',
          origin: 'remote',
          modifiedBy: 'X',
        } as const;
        const words = foreignWords(kind, change, { phone: false, finished });
        expect(SAYS.test(words) || cureOf(words) !== null, words).toBe(true);
      }
    }
  });

  it('gets no cure that is not its own', () => {
    expect(cureOf('Delete the link.')).toBeNull();
  });
});
