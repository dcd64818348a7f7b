/** From the request note to the card, and from the move to the number, through the processes as PM2 would run them. */
import { mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/demo/free-port.ts';
import type { OdooServer, OdooUser } from '../../tests/helpers/odoo.ts';
import { until } from '../../tests/helpers/until.ts';
import { watchArrivals } from '../arrivals.ts';
import { makeHost } from '../host.ts';

export interface ChainTimes {
  readonly requestToCard: number[];
  /** Until the document is posted in the books. */
  readonly moveToPosted: number[];
  /** Until the note with its number lies in Done; the PDF is drawn before. */
  readonly moveToNumber: number[];
}

const WARM_UP = 2;
const INBOX = 'Needs_Action/odoo';
const OFFERED = 'Pending_Approval/odoo';

export async function measureChain(world: {
  readonly odoo: OdooServer;
  readonly user: OdooUser;
  readonly partner: string;
  readonly folder: string;
  readonly samples: number;
  readonly mail: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
  };
  readonly smtpPort: number;
}): Promise<ChainTimes> {
  const { odoo, user, folder, samples } = world;
  const host = await makeHost({
    folder,
    imap: world.mail,
    smtpPort: world.smtpPort,
    backfillDays: 0,
    more: {
      ODOO_URL: odoo.url,
      ODOO_DB: odoo.db,
      ODOO_USERNAME: user.login,
      ODOO_API_KEY: user.apiKey,
      ODOO_MODE: 'live',
      ODOO_ALLOW_POSTING_KEY: 'the cloud key may post',
      ODOO_MCP_PORT: String(await freePort()),
      ODOO_MCP_TOKEN: 'token-of-the-bench-host',
      MAX_POSTS_PER_HOUR: '10000',
    },
  });
  const times: ChainTimes = { requestToCard: [], moveToPosted: [], moveToNumber: [] };
  try {
    for (const name of ['odoo-mcp', 'draft-replier', 'approval-handler'] as const) {
      await (await host.start(name)).ready;
    }
    const month = new Date().toISOString().slice(0, 7);
    await mkdir(join(host.vault, 'Done', month), { recursive: true });
    const arrivals = await watchArrivals(host.vault, [OFFERED, `Done/${month}`]);
    for (let n = 0; n < samples + WARM_UP; n += 1) {
      const offered = arrivals.next(OFFERED);
      const asked = await ask(host.vault, folder, world.partner, n);
      const card = await offered;
      const before = await posted(odoo);
      const done = arrivals.next(`Done/${month}`, 60_000);
      const moved = performance.now();
      await rename(join(host.vault, OFFERED, card.name), join(host.vault, 'Approved', card.name));
      await until('it is posted', async () => (await posted(odoo)) > before);
      const inBooks = performance.now();
      const number = await done;
      if (n < WARM_UP) continue;
      times.requestToCard.push(card.at - asked);
      times.moveToPosted.push(inBooks - moved);
      times.moveToNumber.push(number.at - moved);
    }
    arrivals.close();
  } finally {
    await host.stopAll();
  }
  return times;
}

async function posted(odoo: OdooServer): Promise<number> {
  return Number(await odoo.sql("select count(*) from account_move where state = 'posted'"));
}

/** A note that nobody types any more; gives the moment at which it was there. */
async function ask(vault: string, folder: string, partner: string, n: number): Promise<number> {
  const path = join(folder, `Request ${n}.md`);
  const text = `---\nkind: odoo_invoice\ncustomer: ${partner}\n---\n\n## Lines\n\n| Description | Quantity | Price | Taxes |\n| --- | ---: | ---: | --- |\n| Design ${n} | 2 | 150.25 | 15% |\n| Travel ${n} | 1 | 80 | 15% |\n`;
  await writeFile(path, text);
  await utimes(path, new Date(), new Date(Date.now() - 60_000));
  const now = performance.now();
  await rename(path, join(vault, INBOX, `Request ${n}.md`));
  return now;
}
