/**
 * `node --import tsx fuzz-mails.ts <first seed> <mails> <progress file>`: broken mails through the parser and the taker.
 * A process of its own, so that its memory can be bounded and a hang be seen: the progress file holds the seed at work.
 * Prints one line of JSON; ends with 1 at the first mail that is in no state or in two.
 */
import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseNote } from '../../src/core/task-file.ts';
import { readMessage } from '../../src/mail/message/read-message.ts';
import { mailTaker } from '../../src/stages/take-in-mail.ts';
import { MemoryVault } from './memory-vault.ts';
import { dice, mutate } from './mutate-mail.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/mail');
/** Notes are forgotten after so many mails; until then the same id must be the same note. */
const KEPT_MAILS = 1000;

const [first = 1, count = 1000] = process.argv.slice(2, 4).map(Number);
const progress = openSync(process.argv[4] ?? '/dev/null', 'w');
const whole = fixtures();
const memory = new MemoryVault();
const take = mailTaker({
  ...{ vault: memory.vault, ledger: memory.ledger },
  read: (fetched) => readMessage(fetched.raw, fetched.size),
  account: 'office',
  ownAddresses: ['office@example.net'],
  timeZone: 'Europe/Berlin',
  now: () => Date.UTC(2026, 10, 21),
  at: () => undefined,
});

const outcomes: Record<string, number> = {};
let largestNote = 0;
for (let seed = first; seed < first + count; seed++) {
  if (seed % KEPT_MAILS === 0) memory.clear();
  writeSync(progress, `${seed}\n`.padStart(20), 0);
  const raw = mailOf(seed);
  const taken = await take({ uid: seed, internalDateMs: null, size: raw.length, raw });
  outcomes[taken.outcome] = (outcomes[taken.outcome] ?? 0) + 1;
  const places = memory.placesOf(taken.id);
  const text = memory.textAt(places[0] ?? '');
  largestNote = Math.max(largestNote, text.length);
  const parsed = parseNote(text);
  if (places.length !== 1 || !parsed.ok || !memory.seen.has(taken.id)) {
    const why = parsed.ok ? `it lies in ${places.length} places` : parsed.fault.message;
    console.log(JSON.stringify({ failure: `seed ${seed}, ${taken.outcome}: ${why}` }));
    process.exit(1);
  }
}
const { heapUsed } = process.memoryUsage();
console.log(JSON.stringify({ mails: count, outcomes, largestNote, heapMB: Math.round(heapUsed / 1e6) }));

function mailOf(seed: number): Buffer {
  const d = dice(seed);
  const pick = (): Buffer => whole[d.next(whole.length)] ?? Buffer.alloc(0);
  return mutate(pick(), pick(), d);
}

function fixtures(): Buffer[] {
  return readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.eml'))
    .sort()
    .map((path) => readFileSync(join(FIXTURES, path)));
}
