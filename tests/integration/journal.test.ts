import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryVerdict } from '../../src/core/delivery-verdict.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { type MailJournal, openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from '../../src/runtime/process-identity.ts';
import { sealInput } from '../helpers/sealed.ts';
import { testDir } from '../helpers/testdir.ts';

const ID = 'em-0123456789abcdef' as TaskId;
const SENT: DeliveryVerdict = { verdict: 'sent', words: '250 queued' };
const RETRY: DeliveryVerdict = { verdict: 'retry', words: '450 later', cause: 'server' };
const FAILED: DeliveryVerdict = { verdict: 'failed', words: '550 no', cause: 'recipients' };
const IN_DOUBT: DeliveryVerdict = { verdict: 'in_doubt', words: 'line lost' };
const DEAD: ProcessIdentity = { pid: 999_999_999, start: '1', boot: 'gone' };

let stateDir: string;
let now: number;

beforeEach(() => {
  now = Date.parse('2026-11-20T08:00:00Z');
});

async function open(self: ProcessIdentity = ownIdentity()): Promise<MailJournal> {
  return openMailJournal({ stateDir, self, isAlive, now: () => now });
}

async function sealed(self?: ProcessIdentity): Promise<MailJournal> {
  stateDir = await testDir();
  const journal = await open(self);
  expect(await journal.seal(await sealInput(ID))).toEqual({ ok: true, seal: 1, again: false });
  return journal;
}

async function begin(journal: MailJournal, seal = 1) {
  const begun = await journal.beginAttempt(ID, seal);
  if (!begun.ok) throw new Error(`no attempt: ${begun.state.state}`);
  return begun.attempt;
}

const stateOf = async (journal: MailJournal) => (await journal.view(ID)).state;
const file = (name: string, k = 1) => join(stateDir, 'journal', ID, `g${k}`, name);

describe('sealing', () => {
  it('keeps exactly these bytes and reads them back', async () => {
    const journal = await sealed();
    const input = await sealInput(ID);
    const view = await journal.view(ID);
    expect(view.state).toEqual({ state: 'sealed' });
    expect(view.sealed).toMatchObject({ id: ID, messageId: input.messageId, noteText: input.noteText });
    expect(Buffer.from(await journal.payload(view.sealed!)).equals(Buffer.from(input.payload))).toBe(true);
  });

  it('of the same content again changes nothing', async () => {
    const journal = await sealed();
    expect(await journal.seal(await sealInput(ID))).toEqual({ ok: true, seal: 1, again: true });
  });

  it('of other content makes the old one unsendable', async () => {
    const journal = await sealed();
    expect(await journal.seal(await sealInput(ID, 'other'))).toEqual({ ok: true, seal: 2, again: false });
    expect(await journal.beginAttempt(ID, 1)).toMatchObject({ ok: false });
    await begin(journal, 2);
  });

  it.each([
    ['sent', SENT, 'done'],
    ['in doubt', IN_DOUBT, 'in_doubt'],
  ] as const)('is refused for what is %s', async (_what, verdict, state) => {
    const journal = await sealed();
    const attempt = await begin(journal);
    attempt.transmitting();
    await attempt.finish(verdict, 'final-reply');
    expect(await journal.seal(await sealInput(ID, 'other'))).toMatchObject({ ok: false, state: { state } });
    expect(await readdir(join(stateDir, 'journal', ID))).toEqual(['g1']);
  });

  it('is allowed again after a refusal for good', async () => {
    const journal = await sealed();
    await (await begin(journal)).finish(FAILED, 'envelope');
    expect(await journal.seal(await sealInput(ID))).toMatchObject({ ok: true, seal: 2 });
    expect(await stateOf(journal)).toEqual({ state: 'sealed' });
  });

  it('that a crash cut before its instant of commitment is as if it never was', async () => {
    const journal = await sealed();
    await rm(file('sealed.json'));
    expect(await stateOf(journal)).toEqual({ state: 'none' });
    expect(await journal.seal(await sealInput(ID, 'other'))).toEqual({ ok: true, seal: 1, again: false });
    const { sealed: record } = await journal.view(ID);
    expect(Buffer.from(await journal.payload(record!)).toString()).toContain('other');
  });
});

describe('an attempt', () => {
  it('is given to one of many callers', async () => {
    const journal = await sealed();
    const others = await Promise.all(Array.from({ length: 8 }, () => open()));
    const begun = await Promise.all([journal, ...others].map((j) => j.beginAttempt(ID, 1)));
    expect(begun.filter((b) => b.ok)).toHaveLength(1);
  });

  it('is not given before its time after a refusal for now, and then it is', async () => {
    const journal = await sealed();
    await (await begin(journal)).finish(RETRY, 'envelope');
    const state = await stateOf(journal);
    expect(state).toMatchObject({ state: 'retry', words: '450 later' });
    expect(await journal.beginAttempt(ID, 1)).toMatchObject({ ok: false });
    now += 60_000;
    expect((await begin(journal)).n).toBe(2);
  });

  it('waits longer each time, up to a limit', async () => {
    const journal = await sealed();
    const waits: number[] = [];
    for (let n = 0; n < 12; n++) {
      await (await begin(journal)).finish(RETRY, 'envelope');
      const state = await stateOf(journal);
      if (state.state !== 'retry') throw new Error(state.state);
      waits.push(state.after - now);
      now = state.after;
    }
    expect(waits[1]).toBeGreaterThan(waits[0]!);
    expect(Math.max(...waits)).toBeLessThanOrEqual(900_000 * 1.2);
  });

  it('that sent is the last one', async () => {
    const journal = await sealed();
    const attempt = await begin(journal);
    attempt.transmitting();
    await attempt.finish(SENT, 'final-reply');
    now += 10_000_000;
    expect(await journal.beginAttempt(ID, 1)).toMatchObject({ ok: false, state: { state: 'done' } });
  });

  it('keeps who was refused when others got the mail', async () => {
    const journal = await sealed();
    const refused = [{ address: 'b@example.com', code: 550, words: '550 no such user' }];
    const attempt = await begin(journal);
    attempt.transmitting();
    await attempt.finish({ verdict: 'sent_partly', words: '250', refused }, 'final-reply');
    expect(await stateOf(journal)).toMatchObject({ state: 'done', refused });
  });

  it('is running while its process lives', async () => {
    const journal = await sealed();
    await begin(journal);
    expect(await stateOf(journal)).toMatchObject({ state: 'running', attempt: 1 });
    expect(await journal.beginAttempt(ID, 1)).toMatchObject({ ok: false });
  });

  it('of a process that died before transmitting is repeated at once', async () => {
    const journal = await sealed(DEAD);
    await begin(journal);
    expect(await stateOf(journal)).toMatchObject({ state: 'retry', cause: 'crash' });
    expect((await begin(await open())).n).toBe(2);
  });

  it('that was given up can never let its body out, even if its process is alive after all', async () => {
    const slow = await sealed(DEAD);
    const first = await begin(slow);
    const second = await begin(await open());
    expect(() => first.transmitting()).toThrow('transmission-revoked');
    second.transmitting();
  });

  it('of a process that died while transmitting is in doubt', async () => {
    const journal = await sealed(DEAD);
    (await begin(journal)).transmitting();
    expect(await stateOf(journal)).toMatchObject({ state: 'in_doubt', attempt: 1 });
    expect(await journal.beginAttempt(ID, 1)).toMatchObject({ ok: false });
  });

  it('is seen as dead by another process as soon as its own is killed', async () => {
    stateDir = await testDir();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const stat = await readFile(`/proc/${child.pid}/stat`, 'latin1').catch(() => '');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    const journal = await open({ ...ownIdentity(), pid: child.pid!, start });
    await journal.seal(await sealInput(ID));
    await begin(journal);
    expect((await stateOf(journal)).state).toBe('running');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await stateOf(journal)).state).toBe('retry');
  });
});

describe('a doubt', () => {
  async function inDoubt(): Promise<MailJournal> {
    const journal = await sealed();
    const attempt = await begin(journal);
    attempt.transmitting();
    await attempt.finish(IN_DOUBT, 'final-reply');
    return journal;
  }

  it.each([
    ['found_in_sent', 'done'],
    ['user_sent', 'done'],
    ['user_resend', 'retry'],
    ['found_posted', 'done'],
    ['found_not_posted', 'retry'],
  ] as const)('settled by %s is %s', async (how, state) => {
    const journal = await inDoubt();
    expect(await journal.resolve(ID, how, 'evidence')).toMatchObject({ state });
    expect((await journal.beginAttempt(ID, 1)).ok).toBe(state === 'retry');
  });

  it('is settled once: the first word stands', async () => {
    const journal = await inDoubt();
    await journal.resolve(ID, 'found_in_sent', 'seen');
    expect(await journal.resolve(ID, 'user_resend', 'late')).toMatchObject({ state: 'done' });
  });

  it('cannot be settled where there is none', async () => {
    const journal = await sealed();
    expect(await journal.resolve(ID, 'user_sent', 'x')).toEqual({ state: 'sealed' });
  });

  it('is ended by a result that came after all', async () => {
    const journal = await sealed(DEAD);
    const attempt = await begin(journal);
    attempt.transmitting();
    await journal.resolve(ID, 'user_resend', 'impatient');
    await attempt.finish(SENT, 'final-reply');
    expect(await stateOf(journal)).toMatchObject({ state: 'done', how: 'accepted' });
  });
});

describe('taking a seal back', () => {
  it('and sending it race for one name', async () => {
    const journal = await sealed();
    const other = await open();
    for (let round = 10; round < 30; round++) {
      const id = `em-00000000000000${round}` as TaskId;
      await journal.seal(await sealInput(id));
      const [begun, withdrawn] = await Promise.all([journal.beginAttempt(id, 1), other.withdraw(id)]);
      expect(begun.ok).toBe(withdrawn.state !== 'withdrawn');
    }
  });

  it('is possible before a send, after a refusal, and never after a send', async () => {
    const journal = await sealed();
    await (await begin(journal)).finish(FAILED, 'envelope');
    expect(await journal.withdraw(ID)).toEqual({ state: 'withdrawn' });
    expect(await journal.seal(await sealInput(ID))).toMatchObject({ ok: true, seal: 2 });
    const attempt = await begin(journal, 2);
    attempt.transmitting();
    await attempt.finish(SENT, 'final-reply');
    expect(await journal.withdraw(ID)).toMatchObject({ state: 'done' });
  });
});

describe('what cannot be read is never acted on', () => {
  async function expectUnreadable(): Promise<void> {
    const journal = await open();
    expect((await stateOf(journal)).state).toBe('unreadable');
    expect((await journal.beginAttempt(ID, 1)).ok).toBe(false);
    expect((await journal.seal(await sealInput(ID, 'other'))).ok).toBe(false);
    expect((await journal.withdraw(ID)).state).toBe('unreadable');
  }

  it.each(['sealed.json', 'attempt-1.json', 'attempt-1.result.json'])('a torn %s', async (name) => {
    const journal = await sealed();
    await (await begin(journal)).finish(RETRY, 'envelope');
    await truncate(file(name), 10);
    await expectUnreadable();
  });

  it('an empty attempt', async () => {
    await sealed();
    await writeFile(file('attempt-1.json'), '');
    await expectUnreadable();
  });

  it('a file that is not ours', async () => {
    await sealed();
    await writeFile(file('attempt-1.result.sync-conflict-20261120-080000-ABCDEFG.json'), '{}');
    await expectUnreadable();
  });

  it('a missing attempt', async () => {
    await sealed();
    await writeFile(file('attempt-2.json'), JSON.stringify(attemptRecord(2)));
    await expectUnreadable();
  });

  it('a result without an attempt', async () => {
    await sealed();
    const result = { ...SENT, at: '2026-11-20T08:00:00.000Z', phase: 'final-reply' };
    await writeFile(file('attempt-1.result.json'), JSON.stringify(result));
    await expectUnreadable();
  });

  it('an extra key', async () => {
    await sealed();
    await writeFile(file('attempt-1.json'), JSON.stringify({ ...attemptRecord(1), extra: 1 }));
    await expectUnreadable();
  });

  it('a generation copied from elsewhere', async () => {
    await sealed();
    await cp(join(stateDir, 'journal', ID, 'g1'), join(stateDir, 'journal', ID, 'g2'), { recursive: true });
    await expectUnreadable();
  });

  it('a torn mark of transmission counts as transmitted', async () => {
    const journal = await sealed(DEAD);
    await begin(journal);
    await writeFile(file('attempt-1.transmitting'), '');
    expect((await stateOf(await open())).state).toBe('in_doubt');
  });

  it('our own unfinished files are passed over', async () => {
    const journal = await sealed();
    await writeFile(file('.handover-1-abc.tmp'), 'half');
    expect(await stateOf(journal)).toEqual({ state: 'sealed' });
  });

  function attemptRecord(n: number) {
    return { n, kind: 'attempt', at: '2026-11-20T08:00:00.000Z', process: DEAD };
  }
});
