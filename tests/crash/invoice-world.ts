/** A crash world with a real Odoo: requests in, documents posted, counted from the files and the database alone. */
import { mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../src/demo/free-port.ts';
import { type OdooServer, startOdoo } from '../helpers/odoo.ts';
import type { Place } from './census.ts';
import { property } from './census.ts';
import { openWorld, type World } from './world.ts';
import type { SupervisorOptions } from './supervisor.ts';

export const INVOICE_PROCESSES = ['odoo-mcp', 'draft-replier', 'approval-handler'] as const;

export interface InvoiceWorld extends World {
  readonly odoo: OdooServer;
  /** A note as a user leaves it; its mark is found again wherever it lies. */
  request(mark: string, more?: Readonly<Record<string, string>>): Promise<void>;
  /** Notes of this request, covering mails not counted. */
  placesOf(mark: string): readonly Place[];
  covering(mark: string): readonly Place[];
  /** Says yes to everything that is offered and is no question; gives how many. */
  approveAll(): number;
  /** One row a document of this request. */
  documents(mark: string): Promise<readonly { state: string; number: string }[]>;
}

export async function openInvoiceWorld(onDeath?: SupervisorOptions['onDeath']): Promise<InvoiceWorld> {
  const odoo = await startOdoo();
  await odoo.call('res.partner', 'create', {
    vals_list: [{ name: 'Kill Test', is_company: true, email: 'kill@example.org' }],
  });
  const person = await odoo.user('bookkeeper', ['account.group_account_invoice']);
  const world = await openWorld({
    ...(onDeath ? { onDeath } : {}),
    more: {
      ODOO_URL: odoo.url,
      ODOO_DB: odoo.db,
      ODOO_USERNAME: person.login,
      ODOO_API_KEY: person.apiKey,
      ODOO_MODE: 'live',
      // One machine: one key for both sides. What is shown here is that nothing is lost or done twice.
      ODOO_ALLOW_POSTING_KEY: 'the cloud key may post',
      ODOO_MCP_PORT: String(await freePort()),
      ODOO_MCP_TOKEN: 'token-of-the-crash-world',
      MAX_POSTS_PER_HOUR: '10000',
    },
  });
  const staging = join(world.dir, 'typing');
  await mkdir(staging);
  const notes = (mark: string) => places(world.vault).filter((place) => property(place, 'asked_as') === mark);
  return {
    ...world,
    odoo,
    request: async (mark, more = {}) => {
      const path = join(staging, `${mark}.md`);
      await writeFile(path, text(mark, more));
      // As if it was typed a while ago: a note is claimed when nobody types any more.
      await utimes(path, new Date(), new Date(Date.now() - 60_000));
      await rename(path, join(world.vault, 'Needs_Action/odoo', `${mark}.md`));
    },
    placesOf: notes,
    covering: (mark) => {
      const [place] = notes(mark);
      const number = place ? property(place, 'odoo_name') : null;
      if (number === null) return [];
      return places(world.vault).filter(
        (one) => property(one, 'kind') === 'email_new' && one.text.includes(number),
      );
    },
    approveAll: () => {
      const cards = places(world.vault).filter((one) => one.folder === 'Pending_Approval/odoo');
      const ready = cards.filter((one) => property(one, 'odoo_id') !== null);
      return ready.filter((one) => approve(world.vault, one)).length;
    },
    documents: async (mark) => {
      const rows = await odoo.sql(
        `select distinct m.state, m.name from account_move m join account_move_line l on l.move_id = m.id
         where l.name = 'Work ${mark}'`,
      );
      return rows
        .split('\n')
        .filter((row) => row !== '')
        .map((row) => ({ state: row.split('|')[0] ?? '', number: row.split('|')[1] ?? '' }));
    },
    stop: async (keep) => {
      await world.stop(keep);
      await odoo.stop();
    },
  };
}

function approve(vault: string, card: Place): boolean {
  try {
    renameSync(join(vault, card.folder, card.name), join(vault, 'Approved', card.name));
    return true;
  } catch {
    // It moved while we looked.
    return false;
  }
}

const STATES = /^(Needs_Action|In_Progress|Pending_Approval|Approved|Rejected|Done|Quarantine|Conflicts)\b/;

function places(vault: string): Place[] {
  const found: Place[] = [];
  for (const entry of readdirSync(vault, { recursive: true, withFileTypes: true })) {
    const folder = entry.parentPath.slice(vault.length + 1);
    if (!entry.isFile() || !entry.name.endsWith('.md') || entry.name.startsWith('.')) continue;
    if (!STATES.test(folder)) continue;
    try {
      found.push({
        folder,
        name: entry.name,
        text: readFileSync(join(entry.parentPath, entry.name), 'utf8'),
      });
    } catch {
      // Moved between the listing and the reading; the next look sees it at its new place.
    }
  }
  return found;
}

function text(mark: string, more: Readonly<Record<string, string>>): string {
  const properties = { kind: 'odoo_invoice', customer: 'Kill Test', asked_as: mark, ...more };
  return [
    '---',
    ...Object.entries(properties).map(([key, value]) => `${key}: ${value}`),
    '---',
    '',
    '## Lines',
    '',
    '| Description | Quantity | Price | Taxes |',
    '| --- | ---: | ---: | --- |',
    `| Work ${mark} | 3 | 99.95 | 15% |`,
    '',
  ].join('\n');
}
