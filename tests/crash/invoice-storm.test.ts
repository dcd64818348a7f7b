import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WHOLE } from '../helpers/runs.ts';
import { until } from '../helpers/until.ts';
import { property } from './census.ts';
import { INVOICE_PROCESSES, type InvoiceWorld, openInvoiceWorld } from './invoice-world.ts';
import { seededRandom } from './random.ts';

/**
 * Processes and the Odoo server killed at random moments while requests come, are drafted, approved and posted: 50
 * kills of a process and 50 of the server (`npm run test:long`; else 15 and 15). Then everything is left alone, and counted.
 */

const KILLS = WHOLE ? 50 : 15;
/** More would only wait for a server that is killed every two seconds. */
const REQUESTS = WHOLE ? 20 : 8;
const SEED = Number(process.env['STORM_SEED'] ?? 20_261_121);
const SETTLE_MS = 420_000;
/** A server that is up again has work to do before it is killed anew. */
const BETWEEN_MS = { min: 700, max: 2_600 };

let world: InvoiceWorld;
let failed = true;
beforeAll(async () => {
  world = await openInvoiceWorld();
  for (const name of INVOICE_PROCESSES) await world.processes.start(name);
}, 120_000);
afterAll(() => world.stop(failed), 120_000);

const killed = { process: 0, child: 0, server: 0 };
const marks: string[] = [];

it(`keeps every promise through ${KILLS} kills of a process and ${KILLS} of the server (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const user = life(() => Promise.resolve(void world.approveAll()), 150);
  const asking = life(async () => {
    if (marks.length >= REQUESTS) return;
    const mark = `k${String(marks.length + 1).padStart(4, '0')}`;
    marks.push(mark);
    await world.request(mark);
  }, 1_300);
  while (killed.process + killed.child < KILLS || killed.server < KILLS) {
    await sleep(random.between(BETWEEN_MS.min, BETWEEN_MS.max));
    if (killed.server < KILLS) {
      await world.odoo.kill9();
      killed.server += 1;
      await sleep(random.between(0, 300));
      await world.odoo.start();
    }
    if (killed.process + killed.child < KILLS) killOne(random.pick(['child', ...INVOICE_PROCESSES]));
  }
  await asking.end();
  await until(
    `all ${marks.length} requests are done, world in ${world.dir}`,
    () =>
      marks
        .map((mark) => world.placesOf(mark))
        .every((places) => places.length === 1 && places[0]?.folder.startsWith('Done/')),
    SETTLE_MS,
  );
  await user.end();
  for (const mark of marks) {
    const [note] = world.placesOf(mark);
    expect(await world.documents(mark)).toEqual([{ state: 'posted', number: property(note!, 'odoo_name') }]);
  }
  const rows = await world.odoo.sql(
    "select state, sequence_number from account_move where move_type = 'out_invoice' order by sequence_number",
  );
  const expected = marks.map((_, n) => `posted|${n + 1}`);
  expect(rows.split('\n')).toEqual(expected);
  await until('nothing is under way', async () => (await world.active()).length === 0);
  console.log(
    `${killed.process} processes, ${killed.child} odoo-mcp of the handler, ${killed.server} servers killed; ${marks.length} invoices`,
  );
  failed = false;
}, 900_000);

function killOne(name: 'child' | (typeof INVOICE_PROCESSES)[number]): void {
  if (name !== 'child') {
    if (world.processes.kill(name)) killed.process += 1;
    return;
  }
  const [pid] = world.processes.odooMcps();
  if (pid === undefined) return;
  process.kill(pid, 'SIGKILL');
  killed.child += 1;
}

/** Does something again and again until it is ended. */
function life(act: () => Promise<void>, everyMs: number): { end(): Promise<void> } {
  const ended = new AbortController();
  const run = (async () => {
    while (!ended.signal.aborted) {
      await act();
      await sleep(everyMs);
    }
  })();
  return {
    end: async () => {
      ended.abort();
      await run;
    },
  };
}
