/**
 * `npm run bench:odoo`: what a draft and a posting cost on a real Odoo 19 beside the bare calls, and how long a user
 * waits for card and number. `-- --quick` takes a fifth of it. docs/benchmarks.md says how to read it.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startDovecot } from '../../tests/helpers/dovecot.ts';
import { HAS_WKHTMLTOPDF, startOdoo } from '../../tests/helpers/odoo.ts';
import { startSmtp } from '../../tests/helpers/smtp.ts';
import { tempDir } from '../../tests/helpers/testdir.ts';
import { type Figure, ms, perSecond, table } from '../figures.ts';
import { median, percentile } from '../statistics.ts';
import { type CallTimes, measureCalls } from './calls.ts';
import { measureChain } from './chain.ts';

const { values: wish } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const SIZE = wish.quick ? { calls: 20, chain: 8 } : { calls: 100, chain: 30 };
const PARTNER = 'Bench Trading';

const folder = await tempDir('bo-');
const odoo = await startOdoo();
const dovecot = await startDovecot();
const smtp = await startSmtp();
const figures: Figure[] = [];
say(
  `${cpus().length} cores, Node ${process.version}, load ${loadText()}, PDF ${HAS_WKHTMLTOPDF ? 'yes' : 'no'}`,
);
try {
  const user = await odoo.user('bench', ['account.group_account_invoice']);
  const [partnerId = 0] = (await odoo.call('res.partner', 'create', {
    vals_list: [{ name: PARTNER, email: 'bench@example.org', is_company: true }],
  })) as number[];
  say(`${SIZE.calls} drafts and postings, in turns with bare calls ...`);
  const calls = await measureCalls({ odoo, user, partnerId, folder: folder.path, samples: SIZE.calls });
  figures.push(beside('draft, once per external id', calls.drafts), beside('posting, once', calls.posts));
  say(`${SIZE.chain} requests through the processes, one by one ...`);
  const chain = await measureChain({
    ...{ odoo, user, partner: PARTNER, folder: folder.path, samples: SIZE.chain },
    ...{ mail: dovecot.user('bench'), smtpPort: smtp.port },
  });
  for (const [name, times] of [
    ['request note -> card', chain.requestToCard],
    ['move to Approved -> posted in the books', chain.moveToPosted],
    ['move to Approved -> number and PDF in Done', chain.moveToNumber],
  ] as const) {
    figures.push({ name, value: spread(times), baseline: '–', aim: '', met: null });
  }
} finally {
  await smtp.stop();
  await dovecot.stop();
  await odoo.stop();
  await folder.remove();
}
say(`load ${loadText()}\n\n${table(figures)}`);

function beside(name: string, times: CallTimes): Figure {
  const [ours, bare] = [median(times.ours), median(times.bare)];
  return {
    name,
    value: `${spread(times.ours)}, ${perSecond(1000 / ours)} (${((bare / ours) * 100).toFixed(0)} %)`,
    baseline: `${spread(times.bare)}, ${perSecond(1000 / bare)} bare JSON-2`,
    aim: 'at least 90 % of the bare rate',
    met: bare / ours >= 0.9,
  };
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
