import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseNotice, TAKEOVER_FILE } from '../../src/core/takeover.ts';
import { parseNote, text } from '../../src/core/task-file.ts';
import { type TakeOver, type TakeOverDeps, startTakeOver } from '../../src/local/take-over.ts';
import { onlyWriter } from '../../src/stages/account-writers.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { ConflictReasons } from '../../src/stages/conflict-reasons.ts';
import { type DraftReplyDeps, draftReplies } from '../../src/stages/draft-reply.ts';
import { DraftingMarks } from '../../src/stages/drafting-marks.ts';
import { indexOpen } from '../../src/stages/open-index.ts';
import { doublesSettler } from '../../src/stages/settle-doubles.ts';
import { takeoverAnnounced } from '../../src/stages/takeover-notice.ts';
import { acknowledge } from '../../src/sync/acknowledge.ts';
import { Presence } from '../../src/sync/presence.ts';
import { settleClaim } from '../../src/sync/settle-claim.ts';
import { type Claimant, claimant, INBOX } from '../helpers/claimant.ts';
import { mailNote, replierDeps } from '../helpers/replier.ts';
import { type SteeredClock, steeredClock } from '../helpers/steered-clock.ts';
import { FOLDER, startPair, type SyncPair } from '../helpers/syncthing.ts';
import { tempDir, type TempDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';
import { tree } from '../helpers/vault-tree.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 90_000 });

const OFFERED = 'Pending_Approval/email';
const MINUTE_MS = 60_000;
const log = pino({ level: 'silent' });

let pair: SyncPair;
let cloud: Claimant;
let laptop: Claimant;
let presence: Presence;
let state: TempDir;
let clock: SteeredClock;
let takeOver: TakeOver;
const audited: string[] = [];
const faults: (string | null)[] = [];

beforeAll(async () => {
  pair = await startPair();
  cloud = await claimant(pair.cloud, pair.laptop, 'cloud-agent');
  laptop = await claimant(pair.laptop, pair.cloud, 'local-agent');
  state = await tempDir();
  presence = Presence.start({
    client: pair.laptop.client,
    devices: [pair.cloud.id],
    clock: systemClock,
    log,
  });
  clock = steeredClock();
  takeOver = await start();
});
afterAll(async () => {
  await takeOver.stop();
  await presence.stop();
  await cloud.stop();
  await laptop.stop();
  await pair.stop();
  await state.remove();
});

function start(change: Partial<TakeOverDeps> = {}): Promise<TakeOver> {
  return startTakeOver({
    vault: laptop.vault,
    clock,
    log,
    stateDir: state.path,
    at: () => undefined,
    timeZone: 'Europe/Berlin',
    scanSeconds: 1,
    sync: laptop.sync,
    peer: () => presence.peer(pair.cloud.id),
    audit: {
      append: (entry) => {
        audited.push(entry.action);
        return Promise.resolve();
      },
    },
    onChange: () => undefined,
    onFault: (words) => faults.push(words),
    settings: {
      takeoverMs: 5 * MINUTE_MS,
      writerFor: onlyWriter({ name: 'Mia', addresses: ['mia@example.net'], replyAll: false }),
      expiresMs: 72 * 60 * MINUTE_MS,
      drafter: { drafter: 'template', model: '', baseUrl: '', apiKey: '', timeoutMs: 1000 },
    },
    ...change,
  });
}

let serial = 0;
function mails(count: number) {
  return Array.from({ length: count }, () => mailNote({ message_id: `<t${++serial}@example.org>` }));
}

/** As the watcher on the cloud does it. */
async function arrive(count: number): Promise<string[]> {
  const made = mails(count);
  for (const { name, source } of made) await cloud.vault.create({ folder: INBOX, name }, source);
  return made.map(({ name }) => name);
}

/** The cloud's replier: as its main wires it. */
function replier(change: Partial<DraftReplyDeps> = {}) {
  const { client, folder } = cloud.sync;
  const pass = draftReplies({
    ...replierDeps(cloud.vault, 'cloud-agent'),
    replicas: true,
    onError: (error) => {
      throw error;
    },
    settle: settleClaim({
      vault: cloud.vault,
      me: 'cloud-agent',
      shared: () => takeoverAnnounced(cloud.vault),
      acknowledge: (path, signal) =>
        acknowledge(
          { client, folder, peer: pair.laptop.id, clock: systemClock, timeoutMs: 10_000 },
          path,
          signal,
        ),
      clock: systemClock,
      patienceMs: 5_000,
    }),
    ...change,
  });
  return () => pass(new AbortController().signal);
}

let beats = 0;
/** The heartbeat of the cloud's replier changes. */
async function beat(): Promise<void> {
  const at = new Date(Date.UTC(2026, 0, 1) + ++beats * 1000).toISOString();
  const json = JSON.stringify({ process: 'draft-replier', at, state: 'ok', since: at });
  await cloud.vault.writeOther('Updates/cloud-agent/draft-replier.json', json);
}

/** Time passes on the laptop, in steps that are no sleep, until it takes over or stops to. */
async function timePasses(
  wanted: boolean,
  each: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await until(`the take-over is ${wanted ? 'on' : 'off'}`, async () => {
    if (takeOver.state().on === wanted) return true;
    clock.advance(10_000);
    await each();
    return false;
  });
}

async function noticeOnTheCloud(): Promise<boolean | undefined> {
  const json = await readFile(join(pair.cloud.vault, TAKEOVER_FILE), 'utf8').catch(() => '');
  return parseNotice(json)?.on;
}

async function sameTrees(): Promise<ReadonlyMap<string, string>> {
  await pair.idle();
  const [a, b] = await Promise.all([tree(pair.cloud.vault), tree(pair.laptop.vault)]);
  expect([...a.keys()]).toEqual([...b.keys()]);
  expect(a).toEqual(b);
  return a;
}

const placesOf = (all: ReadonlyMap<string, string>, name: string) =>
  [...all.keys()].filter((path) => path.includes(name.slice(-22, -3)));

function draftedBy(source: string | undefined): string | undefined {
  const parsed = parseNote(source ?? '');
  return parsed.ok ? text(parsed.note, 'claimed_by') : undefined;
}

describe('the cloud’s processes are dead and its Syncthing lives', () => {
  it('and while it was alive the laptop drafted nothing', async () => {
    await beat();
    const [name] = (await arrive(1)) as [string];
    await pair.idle();
    for (let minute = 0; minute < 8; minute++) {
      await beat();
      await until('the beat is here', async () =>
        (
          await readFile(join(pair.laptop.vault, 'Updates/cloud-agent/draft-replier.json'), 'utf8').catch(
            () => '',
          )
        ).includes(String(beats).padStart(2, '0')),
      );
      for (let step = 0; step < 6; step++) {
        clock.advance(10_000);
        await sleep(5);
      }
    }
    expect(takeOver.state().on).toBe(false);
    expect(await laptop.vault.list(INBOX)).toEqual([name]);
    expect(await noticeOnTheCloud()).toBeUndefined();
    await replier()();
    await until('it is offered on the laptop', () => laptop.vault.exists({ folder: OFFERED, name }));
  });

  it('then the laptop says so, drafts what waits, and leaves alone what the cloud had in hand', async () => {
    const [inHand] = (await arrive(1)) as [string];
    expect(await cloud.raise(inHand)).toBe(true);
    const names = await arrive(5);
    await pair.idle();
    await timePasses(true);
    await until('all are offered on the cloud', async () => {
      const offered = await cloud.vault.list(OFFERED);
      return names.every((name) => offered.includes(name));
    });
    expect(await noticeOnTheCloud()).toBe(true);
    const all = await sameTrees();
    for (const name of names) {
      expect(placesOf(all, name)).toEqual([`${OFFERED}/${name}`]);
      expect(draftedBy(all.get(`${OFFERED}/${name}`))).toBe('local-agent');
    }
    expect(placesOf(all, inHand)).toEqual([`In_Progress/cloud-agent/${inHand}`]);
    expect(await new DraftingMarks(state.path).list()).toEqual([]);
    expect(takeOver.state().drafted).toBe(5);
    expect(audited.filter((action) => action === 'draft.offered')).toHaveLength(5);
    expect(faults.filter((words) => words !== null)).toEqual([]);
  });

  it('comes back while both draft: each note is offered once, the cloud finishes its own', async () => {
    const [inHand] = await cloud.vault.list('In_Progress/cloud-agent');
    const names = await arrive(20);
    const pass = replier({ parallel: 4 });
    await until('everything is offered', async () => {
      await pass();
      takeOver.hint();
      const offered = await cloud.vault.list(OFFERED);
      return [...names, inHand!].every((name) => offered.includes(name));
    });
    await until(
      'nothing is in hand',
      async () => (await laptop.vault.list('In_Progress/local-agent')).length === 0,
    );
    const all = await sameTrees();
    for (const name of names) {
      // A claim that was withdrawn is kept; no second card is.
      const places = placesOf(all, name).filter((path) => !path.startsWith('Conflicts/'));
      expect(places).toEqual([`${OFFERED}/${name}`]);
    }
    expect(draftedBy(all.get(`${OFFERED}/${inHand!}`))).toBe('cloud-agent');
    // Else nobody met anybody here.
    const drafters = names.map((name) => draftedBy(all.get(`${OFFERED}/${name}`)));
    expect(new Set(drafters)).toEqual(new Set(['cloud-agent', 'local-agent']));
    expect([...all.keys()].filter((path) => path.includes('sync-conflict'))).toEqual([]);
    await timePasses(false, beat);
    await until('the cloud knows', async () => (await noticeOnTheCloud()) === false);
  });
});

describe('the link is cut', () => {
  it('both draft the same mails; with the link back one card of each stands and the other version is kept', async () => {
    const names = await arrive(3);
    await pair.idle();
    const before = new Set((await tree(pair.cloud.vault)).keys());
    await pair.disconnect();
    await until('the laptop knows', () => !presence.peer(pair.cloud.id).connected);
    await replier()();
    expect(await cloud.vault.list(INBOX)).toEqual([]);
    await timePasses(true);
    await until('the laptop offers them', async () => {
      const offered = await laptop.vault.list(OFFERED);
      return names.every((name) => offered.includes(name));
    });
    await pair.connect();
    await pair.idle();
    await settled();
    const all = await sameTrees();
    for (const name of names) {
      const places = placesOf(all, name).filter((path) => !before.has(path));
      expect(places.filter((path) => !path.startsWith('Conflicts/'))).toEqual([`${OFFERED}/${name}`]);
      expect(draftedBy(all.get(`${OFFERED}/${name}`))).toBe('local-agent');
      const kept = places.filter((path) => path.startsWith('Conflicts/'));
      expect(kept.map((path) => draftedBy(all.get(path)))).toEqual(['cloud-agent']);
    }
  });

  it('both have claimed the same mail and not drafted it: one goes, and the other drafts it', async () => {
    await timePasses(false, beat);
    await until('the cloud knows', async () => (await noticeOnTheCloud()) === false);
    const [name] = (await arrive(1)) as [string];
    await pair.idle();
    await pair.disconnect();
    await until('the laptop knows', () => !presence.peer(pair.cloud.id).connected);
    expect(await cloud.raise(name)).toBe(true);
    // Killed with its claim; the laptop’s is one that its take-over resumes.
    await new DraftingMarks(state.path).add(name);
    expect(await laptop.raise(name)).toBe(true);
    await pair.connect();
    await pair.idle();
    const pass = replier();
    await until('one is offered', async () => {
      await pass();
      takeOver.hint();
      clock.advance(1_000);
      return laptop.vault.exists({ folder: OFFERED, name });
    });
    await settled();
    const all = await sameTrees();
    expect(placesOf(all, name).filter((path) => !path.startsWith('Conflicts/'))).toEqual([
      `${OFFERED}/${name}`,
    ]);
    expect(placesOf(all, name).filter((path) => path.startsWith('Conflicts/'))).toHaveLength(1);
  });
});

describe('nobody can be asked', () => {
  const offeredHere = (name: string) => laptop.vault.exists({ folder: OFFERED, name });

  it('since the cloud’s Syncthing is connected and takes nothing: the laptop drafts after a while', async () => {
    await timePasses(false, beat);
    await pair.idle();
    const rules = (await pair.cloud.client.ignores(FOLDER)).lines;
    const [name] = (await arrive(1)) as [string];
    await pair.idle();
    await pair.cloud.ignores(['/Updates', '/In_Progress', '/Pending_Approval']);
    await timePasses(true);
    // It waits for the notice first; nobody answers.
    const announced = clock.now();
    await until('it is offered', async () => {
      clock.advance(1_000);
      return offeredHere(name);
    });
    expect(clock.now() - announced).toBeGreaterThan(MINUTE_MS);
    await pair.cloud.ignores(rules);
    await until('it is offered on the cloud', async () => {
      await pair.idle();
      return cloud.vault.exists({ folder: OFFERED, name });
    });
  });

  it('since there is no key for Syncthing: it drafts as if the cloud were out of reach', async () => {
    await timePasses(false, beat);
    await takeOver.stop();
    takeOver = await start({ sync: null, peer: () => ({ connected: false, known: false }) });
    const [name] = (await arrive(1)) as [string];
    await pair.idle();
    await timePasses(true);
    await until('it is offered', () => offeredHere(name));
  });
});

/** The orchestrator’s pass over doubles, until there is none. */
async function settled(): Promise<void> {
  const settler = doublesSettler({
    vault: laptop.vault,
    now: () => Date.now(),
    audit: { append: () => Promise.resolve() },
    reasons: await ConflictReasons.open(join(state.path, 'conflicts.json')),
    finished: { isDone: () => Promise.resolve(false) },
    approvedHere: () => Promise.resolve(false),
    graceMs: 0,
    soonMs: 0,
  });
  await until('nothing is left to settle', async () => {
    const { moved } = await settler.pass(await indexOpen(laptop.vault, Date.now()));
    await pair.idle();
    return moved === 0;
  });
}
