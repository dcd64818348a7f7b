/**
 * `npm run bench:sync`: how long a change takes from one machine to the other, through our vault and nudges, beside
 * the least that could be done and beside Syncthing as it ships, in one run on one machine. Both replicas are real
 * Syncthings on loopback: add your own round trip. `-- --quick` takes a few minutes, the whole a quarter of an hour.
 * `-- --only=steps,defaults,bulk,story`, `-- --raw=<file>` keeps every sample. docs/benchmarks.md says how to read it.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startDovecot } from '../../tests/helpers/dovecot.ts';
import { startSmtp } from '../../tests/helpers/smtp.ts';
import { type SyncPair, startPair } from '../../tests/helpers/syncthing.ts';
import { tempDir } from '../../tests/helpers/testdir.ts';
import { type Figure, ms, table } from '../figures.ts';
import { median, percentile } from '../statistics.ts';
import { type How, measureBulk } from './bulk.ts';
import { startApplied } from './share.ts';
import {
  bareWriter,
  type Direction,
  directionOf,
  humanPause,
  measureFresh,
  measureNote,
  noTimes,
  type StepTimes,
  vaultWriter,
} from './steps.ts';
import { measureStory } from './story.ts';

const { values: wish } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'steps,defaults,bulk,story' },
    raw: { type: 'string' },
  },
});
const parts = wish.only.split(',');
const SIZE = wish.quick
  ? { notes: 20, byDefault: 4, bulk: [1_000], story: 10 }
  : { notes: 100, byDefault: 10, bulk: [1_000, 10_000], story: 60 };
/** The first notes meet code that is not compiled and connections that are not made yet. */
const WARM_UP = 3;
/** Notes with Syncthing's defaults take half a minute each, so they go side by side, begun within this time. */
const SPREAD_MS = 30_000;
const [P50_MS, P95_MS, STORY_MS] = [30, 150, 700];

const figures: Figure[] = [];
const raw: Record<string, unknown> = { size: SIZE, node: process.version, cpus: cpus().length };
say(`${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, load ${loadText()}`);
// Each part has a pair of its own: the notes of one would be work for the processes of another.
if (parts.includes('steps') || parts.includes('defaults')) await onApplied(steps);
if (parts.includes('bulk')) await onApplied(bulk);
if (parts.includes('story')) await onApplied(story);
if (wish.raw !== undefined) await writeFile(wish.raw, `${JSON.stringify(raw)}\n`);
say(`Syncthing ${String(raw['syncthing'])}, load ${loadText()}\n\n${table(figures)}`);

async function onApplied(part: (applied: SyncPair) => Promise<void>): Promise<void> {
  const applied = await startApplied();
  raw['syncthing'] = (await applied.cloud.client.system()).version;
  try {
    await part(applied);
  } finally {
    await applied.stop();
  }
}

async function steps(applied: SyncPair): Promise<void> {
  const shipped = parts.includes('defaults') ? await startPair({ defaults: true }) : null;
  try {
    const [ours, ship] = [await bothWays(applied), shipped === null ? [] : await bothWays(shipped)];
    const slow = Promise.all(ship.map((direction) => byDefault(direction)));
    for (const [i, direction] of ours.entries()) {
      say(`${direction.name}: ${SIZE.notes} notes, ours and bare in turns ...`);
      const fast = await inTurns(direction);
      raw[direction.name] = { ...fast };
      if (i === ours.length - 1 && ship.length > 0) say('waiting for the pair with the defaults ...');
      report(direction.name, fast, (await slow)[i] ?? null);
    }
    raw['defaults'] = await slow;
    for (const { there } of [...ours, ...ship]) there.close();
  } finally {
    await shipped?.stop();
  }
}

async function bothWays({ cloud, laptop }: SyncPair): Promise<Direction[]> {
  return [await directionOf(cloud, laptop), await directionOf(laptop, cloud)];
}

async function inTurns(direction: Direction): Promise<{ ours: StepTimes; bare: StepTimes }> {
  const [ours, bare] = [await vaultWriter(direction, 'nudged'), bareWriter(direction)];
  const lingering = await vaultWriter(direction, 'lingering');
  const [times, warm] = [{ ours: noTimes(), bare: noTimes() }, noTimes()];
  for (let n = 0; n < SIZE.notes + WARM_UP; n += 1) {
    const counts = n >= WARM_UP;
    await measureNote(
      direction,
      ours,
      `${direction.from.name}-ours-${n}.md`,
      humanPause,
      counts ? times.ours : warm,
    );
    await measureNote(
      direction,
      bare,
      `${direction.from.name}-bare-${n}.md`,
      humanPause,
      counts ? times.bare : warm,
    );
  }
  for (let n = 0; n < SIZE.notes; n += 1) {
    await measureFresh(direction, lingering, `${direction.from.name}-ours-fresh-${n}.md`, times.ours);
    await measureFresh(direction, bare, `${direction.from.name}-bare-fresh-${n}.md`, times.bare);
  }
  await ours.stop();
  await lingering.stop();
  return times;
}

/** Our vault with nobody to nudge, on a pair as Syncthing ships it. */
async function byDefault(direction: Direction): Promise<StepTimes> {
  const writer = await vaultWriter(direction, 'left alone');
  const times = noTimes();
  const notes = Array.from({ length: SIZE.byDefault }, async (_, n) => {
    await new Promise((resolve) => setTimeout(resolve, (n * SPREAD_MS) / SIZE.byDefault));
    await measureNote(direction, writer, `${direction.from.name}-default-${n}.md`, humanPause, times);
  });
  await Promise.all(notes);
  return times;
}

function report(name: string, fast: { ours: StepTimes; bare: StepTimes }, slow: StepTimes | null): void {
  const rows = [
    ['create', 'create', true],
    ['fresh', 'create, claim, draft, offer in one go, from the draft', true],
    ['claim', 'claim (move)', true],
    ['offer', 'offer (update, then move), from the update', true],
    ['offerMove', '  the same, from the move', false],
    ['offerGone', '  until it is gone where it was', false],
  ] as const;
  for (const [key, words, aimed] of rows) {
    const times = fast.ours[key];
    const met = median(times) < P50_MS && percentile(times, 0.95) < P95_MS;
    figures.push({
      name: `${name}: ${words}`,
      value: spread(times),
      baseline: `bare scan ${spread(fast.bare[key])}${slow === null || slow[key].length === 0 ? '' : `; defaults ${spread(slow[key])}`}`,
      aim: aimed ? `p50 < ${P50_MS} ms, p95 < ${P95_MS} ms` : '',
      met: aimed ? met : null,
    });
  }
}

async function bulk(applied: SyncPair): Promise<void> {
  const shipped = await startPair({ defaults: true });
  try {
    for (const tasks of SIZE.bulk) {
      const took: Record<How, number> = { ours: 0, bare: 0, defaults: 0 };
      for (const how of ['bare', 'ours', 'defaults'] as const) {
        say(`${tasks} tasks at once, ${how} ...`);
        const pair = how === 'defaults' ? shipped : applied;
        took[how] = await measureBulk(pair, how, tasks, String(tasks));
        say(`  ${seconds(took[how])}`);
        await pair.idle();
      }
      raw[`bulk ${tasks}`] = took;
      figures.push({
        name: `${tasks} tasks at once: first written -> last visible`,
        value: seconds(took.ours),
        baseline: `one bare scan ${seconds(took.bare)}; defaults ${seconds(took.defaults)}`,
        aim: '',
        met: null,
      });
    }
  } finally {
    await shipped.stop();
  }
}

async function story(applied: SyncPair): Promise<void> {
  say(`${SIZE.story} mails from the mailbox to the laptop's vault ...`);
  const folder = await tempDir('hs-');
  const dovecot = await startDovecot();
  const smtp = await startSmtp({});
  try {
    const { samples, smtpPort } = { samples: SIZE.story, smtpPort: smtp.port };
    const times = await measureStory({ folder: folder.path, dovecot, smtpPort, pair: applied, samples });
    raw['story'] = times;
    figures.push({
      name: 'mail delivered on the cloud -> card in the laptop’s vault',
      value: spread(times.visible),
      baseline: `bare IDLE ${spread(times.told)}; card on the cloud ${spread(times.offered)}`,
      aim: `p50 < ${STORY_MS} ms`,
      met: median(times.visible) < STORY_MS,
    });
  } finally {
    await smtp.stop();
    await dovecot.stop();
    await folder.remove();
  }
}

function spread(times: readonly number[]): string {
  return `p50 ${ms(median(times))}, p95 ${ms(percentile(times, 0.95))} (n=${times.length})`;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function loadText(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
