/**
 * `npm run bench:scale`: a hundred finished tasks against a hundred thousand, one after the other on the same machine. What
 * is done for each event and at each start may not grow with them. docs/benchmarks.md says what each figure means.
 *   -- --tasks=20000      another number for the many
 *   -- --raw=<file>       keeps every figure
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Dovecot, startDovecot } from '../../tests/helpers/dovecot.ts';
import { startSmtp, type TestSmtp } from '../../tests/helpers/smtp.ts';
import { tempDir } from '../../tests/helpers/testdir.ts';
import { type Figure, ms, table } from '../figures.ts';
import { makeHost } from '../host.ts';
import { type Latencies, measureLatency } from '../latency.ts';
import { median } from '../statistics.ts';
import { pageTimes, processorTimes, residentMb, startTimes, timeToPage, wholeLooks } from './measure.ts';
import { layPast } from './past.ts';

const FEW = 100;
const STARTS = 5;
const EVENTS = 20;
const PAGES = 10;
const IDLE_MS = 20_000;
/** A figure may be so much larger before it counts as growing: a shared machine is noisy. */
const NOISE = 1.5;
/** Milliseconds, megabytes: below it a difference is none. */
const SMALL = 15;

const { values: wish } = parseArgs({
  options: { tasks: { type: 'string', default: '100000' }, raw: { type: 'string' } },
});
const MANY = Number(wish.tasks);

interface Measured {
  readonly start: Record<string, number>;
  readonly toPage: number;
  readonly events: Latencies;
  /** Processor time of one mail that is taken in, drafted, approved and sent. */
  readonly perEvent: Record<string, number>;
  readonly idle: Record<string, number>;
  readonly resident: Record<string, number>;
  readonly page: { readonly wall: number[]; readonly cpu: number };
  readonly whole: Record<string, number>;
}

const folder = await tempDir('hs-');
const dovecot = await startDovecot();
let onMail: () => void = () => undefined;
const smtp = await startSmtp({
  hooks: {
    onMail: () => {
      onMail();
      return Promise.resolve();
    },
  },
});
say(`${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, load ${loadText()}`);
try {
  const few = await measured(FEW, dovecot, smtp);
  const many = await measured(MANY, dovecot, smtp);
  if (wish.raw !== undefined) await writeFile(wish.raw, `${JSON.stringify({ few, many })}\n`);
  say(`load ${loadText()}\n\n${table(figures(few, many))}`);
} finally {
  await smtp.stop();
  await dovecot.stop();
  await folder.remove();
}

async function measured(tasks: number, mails: Dovecot, server: TestSmtp): Promise<Measured> {
  say(`${tasks} finished tasks ...`);
  const user = `after${tasks}`;
  const place = join(folder.path, user);
  const host = await makeHost({
    folder: place,
    imap: mails.user(user),
    smtpPort: server.port,
    backfillDays: 0,
  });
  layPast({ vault: host.vault, state: join(place, 'state'), tasks, now: Date.now() });
  try {
    const start = await startTimes(host, STARTS);
    const toPage = await timeToPage(host);
    // What is done once after a start is over.
    await sleep(5_000);
    const rested = await processorTimes(host);
    await sleep(IDLE_MS);
    const idle = difference(await processorTimes(host), rested, IDLE_MS / 1000);
    await host.stopAll();
    const page = await pageTimes(host, PAGES);
    say('  mails one by one ...');
    const events = await followed(host, user, mails, server);
    return { start, toPage, idle, page, whole: await wholeLooks(host.vault), ...events };
  } finally {
    await host.stopAll();
  }
}

type Host = Awaited<ReturnType<typeof makeHost>>;

async function followed(
  host: Host,
  user: string,
  mails: Dovecot,
  server: TestSmtp,
): Promise<Pick<Measured, 'events' | 'perEvent' | 'resident'>> {
  const told = { port: server.port, onMail: (listener: () => void) => (onMail = listener) };
  const used: { first?: Record<string, number>; last?: Record<string, number> } = {};
  let resident: Record<string, number> = {};
  // Between the mails, while all of them run: the latency's own loop starts and stops them.
  const look = async (): Promise<void> => {
    const now = await processorTimes(host);
    if (Object.keys(now).length < 5) return;
    used.first ??= now;
    used.last = now;
    resident = await residentMb(host);
  };
  let looking: Promise<void> = Promise.resolve();
  let seen = 0;
  const counted = {
    ...told,
    onMail: (listener: () => void) => {
      seen += 1;
      // Two mails for each sample: ours, and the bare one beside it.
      if (seen % 2 === 1) looking = looking.then(look);
      told.onMail(listener);
    },
  };
  const events = await measureLatency({ dovecot: mails, smtp: counted, host, user, samples: EVENTS });
  await looking;
  onMail = () => undefined;
  const between = Math.max(1, Math.ceil(seen / 2) - 1);
  return { events, resident, perEvent: difference(used.last ?? {}, used.first ?? {}, between) };
}

function difference(
  later: Record<string, number>,
  before: Record<string, number>,
  by: number,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(later).map(([name, value]) => [name, (value - (before[name] ?? value)) / by]),
  );
}

function figures(few: Measured, many: Measured): Figure[] {
  const compare = (name: string, a: number, b: number, show = ms): Figure => ({
    ...{ name, value: show(b), baseline: `${show(a)} with ${FEW}`, aim: 'does not grow' },
    met: b <= a * NOISE || b - a <= SMALL,
  });
  const each = (what: string, key: 'start' | 'perEvent' | 'resident' | 'idle', show = ms): Figure[] =>
    Object.keys(few[key]).map((name) =>
      compare(`${what}, ${name}`, few[key][name] ?? 0, many[key][name] ?? 0, show),
    );
  const latency = (name: string, key: keyof Latencies): Figure =>
    compare(name, median(few.events[key]), median(many.events[key]));
  return [
    ...each('start to ready', 'start'),
    compare('start of all to a page', few.toPage, many.toPage),
    latency('delivery -> note', 'deliveryToNote'),
    latency('note -> draft offered', 'noteToOffer'),
    latency('move to Approved -> SMTP 250', 'moveTo250'),
    ...each('processor time of a mail, from delivery to Done', 'perEvent'),
    compare(
      'a note comes or goes -> page (orchestrator alone)',
      median(few.page.wall),
      median(many.page.wall),
    ),
    compare('  its processor time', few.page.cpu, many.page.cpu),
    ...each('processor time of a second without work', 'idle'),
    ...each('RSS', 'resident', (mb) => `${mb.toFixed(0)} MB`),
    ...Object.keys(few.whole).map((name) => ({
      ...compare(name, few.whole[name] ?? 0, many.whole[name] ?? 0),
      ...(name.includes('open') ? {} : { aim: 'once an hour', met: null }),
    })),
  ];
}

function loadText(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
