import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { externalIdOf } from '../../src/core/odoo/external-id.ts';
import type { Invoice } from '../../src/core/odoo/invoice.ts';
import { renderNote } from '../../src/core/task-file.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { DRAFT_CALLS } from '../../src/odoo/allow-list.ts';
import { createDraft } from '../../src/odoo/create-draft.ts';
import type { DraftInput } from '../../src/odoo/draft-input.ts';
import { odooConnection } from '../../src/odoo/open-odoo.ts';
import { readInvoice } from '../../src/odoo/read-invoice.ts';
import { type OdooServer, startOdoo } from '../helpers/odoo.ts';
import { until } from '../helpers/until.ts';
import { card } from '../integration/invoice-parts.ts';
import { openRedTeam, type RedTeam, remove } from './world.ts';

const LIMIT_MS = 180_000;

/** A draft of the cloud's and its card. */
export interface Draft {
  readonly id: TaskId;
  readonly name: string;
  readonly pending: string;
  readonly invoice: Invoice;
  /** The card of this draft; `invoice`: as if Odoo had that. */
  card(over?: Readonly<Record<string, unknown>>, invoice?: Invoice): string;
}

/** The cloud's owner, with the cloud's key, against the laptop's handler and a real Odoo. */
export interface InvoiceRedTeam {
  readonly red: RedTeam;
  readonly server: OdooServer;
  /** Id of the one honest customer. */
  readonly customer: number;
  /** A draft in Odoo under this task's key; no card yet. */
  draft(over?: Partial<DraftInput>): Promise<Draft>;
  drafts(count: number): Promise<Draft[]>;
  /** A document in Odoo as it is now. */
  read(id: number): Promise<Invoice>;
  /** Honest drafts, their cards seen by the laptop's handler. */
  offered(count?: number, over?: Readonly<Record<string, unknown>>): Promise<Draft[]>;
  /** These cards, as they are, become what the laptop saw first. */
  show(cards: readonly (readonly [Draft, string])[]): Promise<void>;
  /** The user approved it as it was shown: it may be posted. */
  allow(draft: Draft): void;
  /** Path in `Done` of a finished task; waits. */
  done(draft: Draft): Promise<string>;
  /** An honest card goes all the way: the handler had a whole pass since. */
  control(): Promise<Draft>;
  /** What is posted in Odoo is what was approved, and what left by mail as well. */
  unharmed(): Promise<void>;
  stop(): Promise<void>;
}

export async function openInvoiceRedTeam(): Promise<InvoiceRedTeam> {
  const server = await startOdoo();
  const group = ['account.group_account_invoice'];
  const [drafter, person] = [await server.user('drafter', group), await server.user('person', group)];
  const made = await server.call('res.partner', 'create', {
    vals_list: [{ name: 'ACME GmbH', email: 'billing@acme.example' }],
  });
  const customer = (made as number[])[0] ?? 0;
  const connection = odooConnection({
    ...{ url: server.url, db: server.db, username: drafter.login, apiKey: drafter.apiKey },
    ...{ protocol: 'auto', allow: DRAFT_CALLS },
  });
  const red = await openRedTeam({
    ...{ ODOO_URL: server.url, ODOO_DB: server.db, ODOO_USERNAME: person.login },
    ...{ ODOO_API_KEY: person.apiKey, ODOO_MODE: 'live', MAX_POSTS_PER_HOUR: 10_000 },
  });
  const allowed: number[] = [];
  let drafts = 0;
  const read = async (id: number): Promise<Invoice> => {
    const invoice = await readInvoice(await connection.get(), id);
    if (invoice === null) throw new Error(`no document ${id}`);
    return invoice;
  };
  const draft = async (over: Partial<DraftInput> = {}): Promise<Draft> => {
    const id = `od-${(++drafts).toString(16).padStart(16, '0')}` as TaskId;
    const { id: move } = await createDraft(await connection.get(), externalIdOf(id), {
      ...{ type: 'out_invoice', partnerId: customer, reference: `PO ${drafts}` },
      lines: [{ label: 'Consulting', quantity: 1, priceUnit: 100 + drafts }],
      ...over,
    });
    const invoice = await read(move);
    const name = `Acme ${id}.md`;
    return {
      ...{ id, name, invoice, pending: `Pending_Approval/odoo/${name}` },
      card: (change, as = invoice) => renderNote(card(as, { id, ...change })),
    };
  };
  const show: InvoiceRedTeam['show'] = async (cards) => {
    for (const [one, text] of cards) await red.plant(one.pending, text);
    await red.send();
    for (const [one] of cards) await red.seen(one.id);
  };
  const several = async (count: number): Promise<Draft[]> => {
    const all: Draft[] = [];
    for (let i = 0; i < count; i++) all.push(await draft());
    return all;
  };
  const offered: InvoiceRedTeam['offered'] = async (count = 1, over = {}) => {
    const all = await several(count);
    await show(all.map((one) => [one, one.card(over)]));
    return all;
  };
  const done = (one: Draft): Promise<string> =>
    until(
      `${one.name} is done`,
      async () => {
        for (const month of await readdir(red.laptop('Done'))) {
          if (!/^\d{4}-\d\d$/.test(month)) continue;
          const path = join('Done', month, one.name);
          const text = await readFile(red.laptop(path), 'utf8').catch(() => '');
          if (text.includes('outcome: "posted"')) return path;
        }
        return null;
      },
      LIMIT_MS,
    );
  const allow = (one: Draft): void => void allowed.push(one.invoice.id);
  return {
    ...{ red, server, customer, draft, drafts: several, read, offered, show, allow, done },
    control: async () => {
      const [one] = await offered();
      if (one === undefined) throw new Error('nothing was offered');
      allow(one);
      await red.approve(one.pending);
      await done(one);
      return one;
    },
    unharmed: async () => {
      const posted = (await server.sql("select id from account_move where state = 'posted' order by 1"))
        .split('\n')
        .filter((row) => row !== '')
        .map(Number);
      const may = allowed.toSorted((a, b) => a - b);
      if (JSON.stringify(posted) !== JSON.stringify(may))
        throw new Error(`posted are ${posted.join()} and not ${may.join()}`);
      await red.unharmed();
    },
    stop: async () => {
      await red.stop();
      await server.stop();
    },
  };
}

export { remove };
