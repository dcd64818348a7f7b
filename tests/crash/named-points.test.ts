import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../src/core/crash-points.ts';
import { until as untilWithin } from '../helpers/until.ts';
import { answeredMark, type Place, property, takeCensus } from './census.ts';
import { isEmailMcp, type ProcessName, PROCESSES } from './supervisor.ts';
import { User } from './user.ts';
import { openWorld, type World } from './world.ts';

/**
 * Every named point, on the real processes: three mails, killed at the second; then the process comes back
 * without the fault. One world for all points, so that what a kill leaves meets the next one too.
 */

/** Limits against hanging only: two cores may carry the storm and another suite at the same time. */
const LIMIT_MS = 90_000;
vi.setConfig({ testTimeout: 4 * LIMIT_MS });
const until: typeof untilWithin = (what, look) => untilWithin(what, look, LIMIT_MS);

const BOUNCED = ['handler:bounce-written', 'handler:bounced'] as const;
const IN_DOUBT = ['email-mcp:transmitting', 'email-mcp:accepted'] as const;
const ANSWERED = 'handler:doubt-answered';
const APART: readonly CrashPoint[] = [...BOUNCED, ...IN_DOUBT, ANSWERED];
/**
 * Those need two machines (tests/crash/takeover-points.test.ts) or an Odoo (tests/integration: odoo-posting,
 * draft-invoice-interrupted, draft-invoice-on-odoo) or an authorisation server (tests/integration/oauth-renewal)
 * or two mails of one thread (tests/crash/thread-points.test.ts).
 */
const HERE = CRASH_POINTS.filter(
  (point) =>
    !/^(?:takeover|odoo-mcp|invoice|tokens|bounce|orchestrator):|^replier:(?:books|request)-|^watcher:folded$/.test(
      point,
    ),
);
const ALL_SENT = HERE.filter((point) => !APART.includes(point));

let world: World;
let user: User;
let mails = 0;
let failed = false;
const killedAt = new Map<string, number>();

beforeAll(async () => {
  world = await openWorld({});
  user = new User(world.vault, (mark) => received(mark));
  for (const name of PROCESSES) await world.processes.start(name);
});
afterAll(() => world.stop(failed));
afterEach(async ({ task }) => {
  failed ||= task.result?.state === 'fail';
  await world.smtp.setFault(undefined);
});

/** email-mcp is the handler's child and has its environment. */
function processOf(point: CrashPoint): ProcessName {
  const prefixes = {
    watcher: 'cloud-email-watcher',
    replier: 'draft-replier',
    handler: 'approval-handler',
    'email-mcp': 'approval-handler',
  } as const;
  return prefixes[point.split(':')[0] as keyof typeof prefixes];
}

/** The process concerned, told to die at the n-th time it passes there. */
async function arm(point: CrashPoint, nth: number): Promise<void> {
  await world.processes.allReady();
  await world.processes.replace(processOf(point), `${point}@${nth}`);
}

/** Resolves when it died there and everything runs again without the fault. */
async function diedAndCameBack(point: CrashPoint, nth: number): Promise<void> {
  const { processes } = world;
  const name = processOf(point);
  if (point.startsWith('email-mcp:')) {
    const doomed = await until('email-mcp runs', () => processes.emailMcps()[0]);
    await until(`email-mcp dies at ${point}`, () => !isEmailMcp(doomed));
    // The next one would die as well: it has the same environment.
    processes.kill(name);
  } else {
    await until(`${name} dies at ${point}`, () =>
      processes.deaths.some((d) => d.crashAt === `${point}@${nth}`),
    );
    const death = processes.deaths.find((d) => d.crashAt === `${point}@${nth}`);
    expect(death).toMatchObject({ signal: 'SIGKILL', byUs: false });
  }
  killedAt.set(point, (killedAt.get(point) ?? 0) + 1);
  await processes.allReady();
  expect(processes.crashAt(name)).toBeNull();
}

async function mailsArrive(count: number): Promise<string[]> {
  const marks = Array.from({ length: count }, () => `m${String(++mails).padStart(4, '0')}`);
  for (const mark of marks) await world.deliver({ mark, kind: 'attachment' });
  return marks;
}

function received(mark: string): number {
  return world.smtp.mails.filter((mail) => answeredMark(mail.raw) === mark).length;
}

async function placesOf(mark: string): Promise<readonly Place[]> {
  return (await takeCensus(world.vault)).notes.get(mark) ?? [];
}

function approvePending(marks: readonly string[]): void {
  for (const card of user.cards()) if (marks.includes(card.mark) && !card.isQuestion) user.approve(card);
}

/** Approves what is offered until each of the mails lies, and only lies, in this folder. */
async function allLieIn(folder: RegExp, marks: readonly string[], approving = true): Promise<void> {
  await until(`${marks.join()} in ${folder.source}, world in ${world.dir}`, async () => {
    if (approving) approvePending(marks);
    const { notes } = await takeCensus(world.vault);
    return marks.every((mark) => notes.get(mark)?.every((place) => folder.test(place.folder)));
  });
}

/**
 * Nothing is under way and nothing comes after: a mail that arrives last has gone all the way, so every
 * process has had another pass over what lay there before it.
 */
async function atRest(): Promise<void> {
  const last = await mailsArrive(1);
  await allLieIn(/^Done\//, last);
  await until('no effect is under way', async () => (await world.active()).length === 0);
}

async function expectEachOnce(marks: readonly string[]): Promise<void> {
  for (const mark of marks) {
    const places = await placesOf(mark);
    expect(places.map((p) => p.folder.split('/')[0])).toEqual(['Done']);
    expect(property(places[0]!, 'outcome')).toBe('sent');
    expect(received(mark)).toBe(1);
  }
}

/** The question card about this mail, once it is asked. */
async function question(mark: string) {
  return until(`the user is asked about ${mark}, world in ${world.dir}`, () =>
    user.cards().find((card) => card.mark === mark && card.isQuestion),
  );
}

describe('killed at', () => {
  it.each(ALL_SENT)('%s, each mail has one note in Done and one reply was sent', async (point) => {
    // Mails that arrive together move the cursor once.
    const nth = point === 'watcher:cursor-written' ? 1 : 2;
    await arm(point, nth);
    const marks = await mailsArrive(3);
    await Promise.all([diedAndCameBack(point, nth), allLieIn(/^Done\//, marks)]);
    await atRest();
    await expectEachOnce(marks);
  });

  it.each(BOUNCED)(
    '%s, a refused card waits once for the user and is sent once after mending',
    async (point) => {
      await world.smtp.setFault('rcpt-550');
      await arm(point, 2);
      const marks = await mailsArrive(3);
      const offered = () => user.cards().filter((card) => marks.includes(card.mark));
      await until('all are offered', () => offered().length === 3);
      approvePending(marks);
      await diedAndCameBack(point, 2);
      const bounced = () => offered().filter((card) => property(card, 'outcome') === 'bounced');
      await until(
        'all came back with the reason',
        async () => bounced().length === 3 && (await world.active()).length === 0,
      );
      for (const card of bounced()) expect(card.text).toContain('550');
      for (const mark of marks) expect([(await placesOf(mark)).length, received(mark)]).toEqual([1, 0]);
      await world.smtp.setFault(undefined);
      await allLieIn(/^Done\//, marks);
      await atRest();
      await expectEachOnce(marks);
    },
  );

  describe.each(IN_DOUBT)('%s, the user is asked', (point) => {
    const left = point === 'email-mcp:accepted' ? 1 : 0;

    /** Kills at the second send; gives the mail in doubt. The two others go out. */
    async function doubt(): Promise<{ doubtful: string; marks: string[] }> {
      await arm(point, 2);
      const marks = await mailsArrive(3);
      const others = (doubtful: string) => marks.filter((mark) => mark !== doubtful);
      const approving = until('a question', () => {
        approvePending(marks);
        return user.cards().find((card) => card.isQuestion && marks.includes(card.mark))?.mark;
      });
      await diedAndCameBack(point, 2);
      const doubtful = await approving;
      await allLieIn(/^Done\//, others(doubtful));
      await atRestButFor(doubtful);
      await expectEachOnce(others(doubtful));
      expect((await placesOf(doubtful)).map((p) => p.folder)).toEqual(['Pending_Approval/email']);
      expect(received(doubtful)).toBe(left);
      return { doubtful, marks };
    }

    async function atRestButFor(doubtful: string): Promise<void> {
      await allLieIn(/^Done\//, await mailsArrive(1));
      const card = await question(doubtful);
      const id = property(card, 'id');
      await until('only the doubt is open', async () =>
        (await world.active()).every((active) => active === id),
      );
    }

    it('and "do not send again" closes it unsent', async () => {
      const { doubtful } = await doubt();
      expect(user.reject(await question(doubtful))).toBe(true);
      await atRest();
      expect((await placesOf(doubtful)).map((p) => p.folder)).toEqual(['Rejected']);
      expect(received(doubtful)).toBe(left);
    });

    it('and "send it again" sends it once more, not twice', async () => {
      const { doubtful, marks } = await doubt();
      expect(user.approve(await question(doubtful))).toBe(true);
      await allLieIn(/^Done\//, marks, false);
      await atRest();
      expect((await placesOf(doubtful)).map((p) => p.folder.split('/')[0])).toEqual(['Done']);
      expect(received(doubtful)).toBe(left + 1);
    });
  });

  it(`${ANSWERED}, what is sent again is what the user made of it`, async () => {
    await world.smtp.setFault('drop-after-dot');
    const [mark] = (await mailsArrive(1)) as [string];
    await until('it is offered', () => user.cards().length === 1);
    approvePending([mark]);
    const card = await question(mark);
    await world.smtp.setFault(undefined);
    await arm(ANSWERED, 1);
    user.edit(card);
    expect(user.approve(card)).toBe(true);
    await diedAndCameBack(ANSWERED, 1);
    await allLieIn(/^Done\//, [mark], false);
    await atRest();
    const texts = world.smtp.mails.map((mail) => mail.raw.toString()).filter((raw) => raw.includes(mark));
    expect(texts.map((text) => text.includes(`PS: note ${mark}`))).toEqual([false, true]);
    expect((await placesOf(mark)).length).toBe(1);
  });
});

it('no point was left out, and no mail of all these kills was lost or lies in two places', async () => {
  expect([...killedAt.keys()].sort()).toEqual([...HERE].sort());
  const { notes } = await takeCensus(world.vault);
  expect(notes.size).toBe(mails);
  expect([...notes.values()].filter((places) => places.length !== 1)).toEqual([]);
  console.log(
    `${[...killedAt.values()].reduce((a, b) => a + b, 0)} kills at ${killedAt.size} named points, ${mails} mails, ${world.smtp.mails.length} replies sent`,
  );
});
