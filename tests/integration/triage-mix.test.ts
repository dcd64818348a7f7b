/**
 * A thousand mails as they come to a small house, through the real parser, triage and intake into a vault on
 * disk: how many cards, how many skipped, why, and how long it took (told, never asserted).
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseNote } from '../../src/core/task-file.ts';
import { SeenFiles } from '../../src/mail/inbox/seen-ledger.ts';
import { readMessage } from '../../src/mail/message/read-message.ts';
import { mailTaker, type TakenIn } from '../../src/stages/take-in-mail.ts';
import { Vault } from '../../src/vault/vault.ts';
import { mailOf, SHAPES } from '../fixtures/mail/corpus/make/corpus.ts';
import type { Shape } from '../fixtures/mail/corpus/make/letter.ts';
import { OWN } from '../fixtures/mail/corpus/make/voice.ts';
import { testDir } from '../helpers/testdir.ts';

const MAILS = 1_000;
const SEED = 20261121;

/** Of a hundred mails. Behind a spam filter at the door; a shop's inbox, not a support desk's. */
const SHARES: Readonly<Record<string, number>> = {
  letter: 22,
  'web form': 4,
  'through a service': 3,
  'ticket system': 1.5,
  forwarded: 1,
  'through a list': 1,
  charset: 0.7,
  'invitation that asks': 0.5,
  'robot-like name': 0.3,
  newsletter: 24,
  robot: 19,
  list: 7,
  spam: 5,
  automatic: 3.5,
  calendar: 2.5,
  bulk: 1.5,
  bcc: 1.5,
  report: 1,
  own: 0.7,
  'null-return-path': 0.3,
};

/** mulberry32: the same thousand every time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shapesOf(count: number): Shape[] {
  const roll = dice(SEED);
  const total = Object.values(SHARES).reduce((sum, share) => sum + share, 0);
  return Array.from({ length: count }, () => {
    let left = roll() * total;
    const kind = Object.entries(SHARES).find(([, share]) => (left -= share) < 0)?.[0] ?? 'letter';
    const shapes = SHAPES.filter((shape) => shape.class === kind);
    return shapes[Math.floor(roll() * shapes.length)]!;
  });
}

it('takes in a thousand mails: a card for each person, a reason for all others', async () => {
  const dir = await testDir({ 'vault/.keep': '' });
  const vault = await Vault.open(join(dir, 'vault'));
  await vault.ensureFolders();
  const ledger = new SeenFiles(join(dir, 'state'));
  const take = mailTaker({
    vault,
    ledger,
    read: (mail) => readMessage(mail.raw, mail.size),
    account: 'default',
    ownAddresses: OWN,
    timeZone: 'Europe/Berlin',
    now: () => Date.UTC(2026, 10, 21, 12),
    at: () => undefined,
  });
  const shapes = shapesOf(MAILS);
  const mails = shapes.map((shape, at) => ({ shape, raw: mailOf(shape, 1_000 + at, at) }));

  const begin = performance.now();
  const taken: TakenIn[] = [];
  // As many at once as the watcher takes (parallel of the mailbox reader).
  for (let at = 0; at < mails.length; at += 16) {
    const batch = mails.slice(at, at + 16);
    taken.push(
      ...(await Promise.all(
        batch.map(({ raw }, n) => take({ uid: at + n + 1, internalDateMs: null, size: raw.length, raw })),
      )),
    );
  }
  await ledger.flush();
  const ms = performance.now() - begin;

  const wrong = taken.filter(
    ({ outcome }, at) => outcome !== (shapes[at]?.label === 'card' ? 'card' : 'skipped'),
  );
  process.stdout.write(`${summary(taken, ms)}\n`);
  expect(
    wrong.map(({ uid, outcome, reason }) => `${shapes[uid - 1]?.name}: ${outcome} ${reason ?? ''}`),
  ).toEqual([]);

  const cards = await vault.list('Needs_Action/email');
  const skipped = await vault.list('Skipped');
  expect(cards.length + skipped.length).toBe(MAILS);
  expect(cards.length).toBe(shapes.filter(({ label }) => label === 'card').length);
  for (const name of skipped) {
    const read = await vault.read({ folder: 'Skipped', name });
    const note = read.ok ? parseNote(read.text) : null;
    expect(note?.ok && String(note.note.data['reason']).length > 10, name).toBe(true);
  }
});

function summary(taken: readonly TakenIn[], ms: number): string {
  const count = (test: (one: TakenIn) => boolean) => taken.filter(test).length;
  const codes = [...new Set(taken.flatMap(({ code }) => code ?? []))];
  const reasons = codes
    .map((code) => ({ code, mails: count((one) => one.code === code) }))
    .sort((one, other) => other.mails - one.mails)
    .map(({ code, mails }) => `  ${code.padEnd(18)}${String(mails).padStart(5)}`);
  return [
    `${taken.length} mails in ${(ms / 1000).toFixed(1)} s (${(ms / taken.length).toFixed(1)} ms each)`,
    `cards ${count(({ outcome }) => outcome === 'card')}, skipped ${count(({ outcome }) => outcome === 'skipped')}:`,
    ...reasons,
  ].join('\n');
}
