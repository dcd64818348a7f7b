/**
 * `npm run bench`: the real processes on real servers, measured against the least that could be done in the
 * same run on the same machine. `-- --quick` takes a tenth of it. docs/benchmarks.md says what each figure
 * means and how to read it. `-- --only=claims,latency,backlog`, `-- --raw=<file>` keeps every sample.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDovecot } from '../tests/helpers/dovecot.ts';
import { startSmtp } from '../tests/helpers/smtp.ts';
import { tempDir } from '../tests/helpers/testdir.ts';
import { drain, fillMailbox, measureBacklog } from './backlog.ts';
import { claimShare, measureClaims } from './claims.ts';
import { type Figure, ms, perSecond, table } from './figures.ts';
import { type Host, makeHost } from './host.ts';
import { measureLatency } from './latency.ts';
import { ensureMbsync } from './mbsync.ts';
import { childrenOf, type Memory, memoryOf } from './memory.ts';
import { median, percentile } from './statistics.ts';

const { values: wish } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'claims,latency,backlog' },
    raw: { type: 'string' },
  },
});
const SIZE = wish.quick
  ? { samples: 20, mails: 200, rounds: 1, claimRounds: 5, claims: 100 }
  : { samples: 120, mails: 1000, rounds: 3, claimRounds: 15, claims: 200 };

const figures: Figure[] = [];
const raw: Record<string, unknown> = { size: SIZE, node: process.version, cpus: cpus().length };
const folder = await tempDir('hb-');
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
const hosts: Host[] = [];
say(`${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, load ${loadText()}`);
try {
  const parts = wish.only.split(',');
  if (parts.includes('claims')) await claims();
  if (parts.includes('latency')) await latency();
  if (parts.includes('backlog')) await backlog();
} finally {
  await Promise.all(hosts.map((host) => host.stopAll()));
  await smtp.stop();
  await dovecot.stop();
  await folder.remove();
}
if (wish.raw !== undefined) await writeFile(wish.raw, `${JSON.stringify(raw)}\n`);
say(`load ${loadText()}\n\n${table(figures)}`);

async function claims(): Promise<void> {
  say('claims ...');
  const rates = await measureClaims(folder.path, SIZE.claimRounds, SIZE.claims);
  raw['claims'] = rates;
  const share = claimShare(rates);
  figures.push({
    name: 'claims, vault.move',
    value: `${perSecond(median(rates.ours))} (${(share * 100).toFixed(0)} %)`,
    baseline: `${perSecond(median(rates.bare))} rename + fsync of both folders`,
    aim: 'at least 70 %',
    met: share >= 0.7,
  });
}

async function latency(): Promise<void> {
  say(`latency, ${SIZE.samples} mails one by one ...`);
  const user = 'latency';
  const imap = dovecot.user(user);
  const host = await makeHost({
    folder: join(folder.path, user),
    imap,
    smtpPort: smtp.port,
    backfillDays: 0,
  });
  hosts.push(host);
  const told = { port: smtp.port, onMail: (listener: () => void) => (onMail = listener) };
  const times = await measureLatency({ dovecot, smtp: told, host, user, samples: SIZE.samples });
  onMail = () => undefined;
  raw['latency'] = times;
  const behind = times.deliveryToNote.map((note, i) => note - (times.deliveryToTold[i] ?? Number.NaN));
  figures.push(
    {
      name: 'delivery -> note on disk',
      value: spread(times.deliveryToNote),
      baseline: `${spread(times.deliveryToTold)} bare IDLE`,
      aim: '',
      met: null,
    },
    {
      name: '  the same, behind bare IDLE',
      value: spread(behind),
      baseline: 'difference mail by mail',
      aim: 'p50 within 50 ms',
      met: median(behind) <= 50,
    },
    timing('note on disk -> draft offered', times.noteToOffer, '–', 50),
    timing('move to Approved -> SMTP 250', times.moveTo250, `${spread(times.bare250)} bare submission`, 150),
  );
}

function timing(name: string, times: readonly number[], baseline: string, aimMs: number): Figure {
  const met = median(times) < aimMs;
  return { name, value: spread(times), baseline, aim: `p50 under ${aimMs} ms`, met };
}

async function backlog(): Promise<void> {
  say(`backlog of ${SIZE.mails} mails ...`);
  const user = 'backlog';
  const withMbsync = ensureMbsync();
  if (!withMbsync) say('!!! mbsync is LEFT OUT: it is not here. As root: apt-get install isync');
  await fillMailbox(dovecot, user, SIZE.mails);
  const { mails, rounds } = SIZE;
  const world = { dovecot, smtpPort: smtp.port, folder: folder.path, user, mails, rounds, withMbsync };
  const { rates, host } = await measureBacklog(world);
  hosts.push(host);
  raw['backlog'] = rates;
  const [ours, bare, mbsync] = [median(rates.ours), median(rates.bare), median(rates.mbsync)];
  const name = 'backlog, mails to notes';
  figures.push(
    {
      name,
      value: `${perSecond(ours)} (${((ours / bare) * 100).toFixed(0)} %)`,
      baseline: `${perSecond(bare)} bare imapflow fetch`,
      aim: 'at least 50 %',
      met: ours / bare >= 0.5,
    },
    {
      name,
      value: perSecond(ours),
      baseline: withMbsync ? `${perSecond(mbsync)} mbsync` : 'mbsync LEFT OUT (not installed)',
      aim: 'ahead of mbsync',
      met: withMbsync ? ours > mbsync : null,
    },
  );
  await memory(host);
}

async function memory(host: Host): Promise<void> {
  say('drafting, approving and sending all of them ...');
  const before = smtp.mails.length;
  const speed = await drain(host, SIZE.mails, () => smtp.mails.length - before);
  raw['drain'] = speed;
  for (const [name, value] of [
    ['drafts, notes to offers', speed.drafted],
    ['approvals, moves to SMTP 250', speed.sent],
  ] as const) {
    figures.push({ name, value: perSecond(value), baseline: '–', aim: '', met: null });
  }
  const used: Record<string, Memory> = {};
  for (const { name, pid } of host.running()) {
    used[name] = await memoryOf(pid);
    for (const child of await childrenOf(pid)) {
      used[child.script.replace(/^.*\/|\.main\.js$/g, '')] = await memoryOf(child.pid);
    }
  }
  raw['memory'] = used;
  for (const [name, { rss, pss, peak }] of Object.entries(used)) {
    figures.push({
      name: `RSS of ${name} after ${SIZE.mails} tasks`,
      value: `${rss.toFixed(0)} MB`,
      baseline: `PSS ${pss.toFixed(0)} MB, peak RSS ${peak.toFixed(0)} MB`,
      aim: 'under 80 MB',
      met: rss < 80,
    });
  }
}

function spread(times: readonly number[]): string {
  return `p50 ${ms(median(times))}, p95 ${ms(percentile(times, 0.95))} (n=${times.length})`;
}

function loadText(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
