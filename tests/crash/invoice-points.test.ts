import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../src/core/crash-points.ts';
import { HAS_WKHTMLTOPDF } from '../helpers/odoo.ts';
import { until as untilWithin } from '../helpers/until.ts';
import { property } from './census.ts';
import { INVOICE_PROCESSES, type InvoiceWorld, openInvoiceWorld } from './invoice-world.ts';
import { isOdooMcp } from './supervisor.ts';

/**
 * Every named point on the way of an invoice, on the real processes and a real Odoo: two requests, killed at the
 * second; then the process comes back without the fault. One world for all points.
 */

const LIMIT_MS = 120_000;
vi.setConfig({ testTimeout: 3 * LIMIT_MS, hookTimeout: LIMIT_MS });
const until: typeof untilWithin = (what, look) => untilWithin(what, look, LIMIT_MS);

/** Passed only by a mail, by a bounce, by a token or by two machines: tests/crash, integration/{approve-invoice,oauth-renewal}. */
const ELSEWHERE =
  /^(watcher|takeover|email-mcp|orchestrator|bounce|tokens):|^replier:(claimed|settled|draft-written|request-created)$|^handler:(filed|bounce-written|bounced|doubt-answered)$|^invoice:doubt-settled$/;
const POINTS = CRASH_POINTS.filter(
  (point) => !ELSEWHERE.test(point) && (HAS_WKHTMLTOPDF || point !== 'invoice:pdf-kept'),
);

let world: InvoiceWorld;
let requests = 0;
let kills = 0;
let failed = false;

beforeAll(async () => {
  world = await openInvoiceWorld();
  for (const name of INVOICE_PROCESSES) await world.processes.start(name);
});
afterAll(() => world.stop(failed));
afterEach(({ task }) => {
  failed ||= task.result?.state === 'fail';
});

function processOf(point: CrashPoint): 'draft-replier' | 'approval-handler' {
  return point.startsWith('replier:') ? 'draft-replier' : 'approval-handler';
}

async function diedAndCameBack(point: CrashPoint): Promise<void> {
  const { processes } = world;
  const name = processOf(point);
  if (point.startsWith('odoo-mcp:')) {
    const doomed = await until('odoo-mcp runs', () => processes.odooMcps()[0]);
    await until(`odoo-mcp dies at ${point}`, () => !isOdooMcp(doomed));
    // The next one would die as well: it has the same environment.
    processes.kill(name);
  } else {
    const died = () => processes.deaths.some((death) => death.crashAt === `${point}@2`);
    await until(`${name} dies at ${point}`, died);
  }
  kills += 1;
  await processes.allReady();
  expect(processes.crashAt(name)).toBeNull();
}

async function allDone(marks: readonly string[]): Promise<void> {
  await until(`${marks.join()} in Done, world in ${world.dir}`, async () => {
    world.approveAll();
    for (const mark of marks) {
      const places = world.placesOf(mark);
      if (places.length !== 1 || !places[0]?.folder.startsWith('Done/')) return false;
    }
    return (await world.active()).length === 0;
  });
}

describe('killed at', () => {
  it.each(POINTS)(
    '%s, each request is one posted document, one note and one covering mail',
    async (point) => {
      await world.processes.allReady();
      await world.processes.replace(processOf(point), `${point}@2`);
      const marks = Array.from({ length: 2 }, () => `k${String(++requests).padStart(4, '0')}`);
      for (const mark of marks) await world.request(mark, { covering_mail: 'true' });
      await Promise.all([diedAndCameBack(point), allDone(marks)]);
      for (const mark of marks) {
        const [note] = world.placesOf(mark);
        const documents = await world.documents(mark);
        expect(documents).toEqual([{ state: 'posted', number: property(note!, 'odoo_name') }]);
        expect(property(note!, 'outcome')).toBe('posted');
        expect(world.covering(mark).map((one) => one.folder)).toEqual(['Pending_Approval/email']);
      }
    },
  );
});

it('no number was left out and none given twice', async () => {
  const rows = await world.odoo.sql(
    "select name from account_move where move_type = 'out_invoice' and state = 'posted' order by sequence_number",
  );
  const numbers = rows.split('\n').map((row) => Number(row.split('/').at(-1)));
  expect(numbers).toEqual(Array.from({ length: requests }, (_, n) => n + 1));
  expect(kills).toBe(POINTS.length);
  console.log(`${kills} kills at ${POINTS.length} named points, ${requests} invoices`);
});
