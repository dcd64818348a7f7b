import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Property } from '../../src/core/front-matter.ts';
import { readInvoiceBody } from '../../src/core/odoo/invoice-body.ts';
import type { TaskNote } from '../../src/core/task-file.ts';
import { isTaskId, taskIdForRequest } from '../../src/core/task-id.ts';
import { OdooBooks } from '../../src/cloud/odoo-mcp-client.ts';
import { OdooMcpClient } from '../../src/local/odoo-mcp-client.ts';
import { childEnvironment } from '../../src/runtime/config.ts';
import { draftInvoices } from '../../src/stages/draft-invoice.ts';
import { Offers } from '../../src/stages/offers.ts';
import { readHeartbeat } from '../../src/vault/read-heartbeat.ts';
import { type Desk, openDesk } from '../integration/invoice-parts.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { requestNote } from './invoicer.ts';
import type { OdooServer, OdooUser } from './odoo.ts';
import { exitOf, ready, startMain } from './own-process.ts';
import { LET_SLIP, type TroubledOdoo, troubledOdoo } from './troubled-odoo.ts';
import { until } from './until.ts';

const LOCAL_MAIN = join(import.meta.dirname, '../../dist/local/odoo-mcp.main.js');
const TOKEN = 'token-of-the-test';
const HOUR_MS = 3_600_000;
/** Between two passes of the cloud: longer than it leaves an Odoo alone that failed. */
const STEP_MS = 20 * 60_000;
/** Just past the undo window; more than that, and what the handler writes lies in the future of its odoo-mcp. */
const AHEAD_MS = 10_500;
const DONE_MS = 90_000;
const INBOX = 'Needs_Action/odoo';
const OFFERED = 'Pending_Approval/odoo';

export interface Place {
  readonly server: OdooServer;
  readonly drafter: OdooUser;
  readonly person: OdooUser;
}

/** Both halves on one vault, a proxy that can go wrong between them and a real Odoo, and the user's hands. */
export interface House {
  readonly proxy: TroubledOdoo;
  readonly desk: Desk;
  readonly drafter: OdooUser;
  readonly person: OdooUser;
  /** Odoo's id of the one customer of this house. */
  readonly customer: number;
  /** Starts both odoo-mcp anew, with other settings where they are given. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>;
  /** A request note as a person writes it. */
  ask(change?: Readonly<Record<string, Property>>): Promise<void>;
  /** One pass of the cloud. */
  cloudPass(): Promise<void>;
  /** One pass of the laptop's handler. */
  laptopPass(): Promise<void>;
  /** Passes of the cloud until the card is offered. */
  drafted(): Promise<TaskNote>;
  /** Moves the card to `Approved`, and one pass of the laptop. */
  approve(): Promise<void>;
  /** Moves the card back to the inbox, after a change. */
  giveBack(change?: (text: string) => string): Promise<void>;
  /** The note of the one task, wherever it lies; throws when there is not exactly one. */
  note(): Promise<{ readonly path: string; readonly note: TaskNote }>;
  /** What stands above the invoice on the card that came back. */
  lead(): Promise<string>;
  /** Every word the user was told since the last call: the lines of drafting, of posting, of the cloud's odoo-mcp. */
  told(): Promise<string>;
  /** Passes of the laptop until the task is done: one document of this customer, posted, its number on the note. */
  postedOnce(): Promise<TaskNote>;
  /** Documents of this customer in Odoo, `id|state` each. */
  documents(): Promise<string[]>;
}

/** A bookkeeper can read it: no error of a program, no address, no key, nothing of a database. */
export function expectReadable(words: string, secrets: readonly string[]): void {
  expect(words.trim()).not.toBe('');
  for (const slip of [...LET_SLIP, ...secrets]) expect(words).not.toContain(slip);
  const bare = words.replace(/\[Open in Odoo\]\([^)]*\)/g, '');
  for (const technical of TECHNICAL) expect(bare).not.toMatch(technical);
}

const TECHNICAL = [
  /[Ee]rror\b|Exception|File "|\bat \S+:\d+/,
  /\bE[A-Z]{5,}\b/,
  /https?:|127\.0\.0\.1|localhost|:\d{4,5}\b|\bport \d/,
  /\b(account|res|ir)\.[a-z]+|\/json|[a-z]+_[a-z]+_[a-z]+\(/,
  /[0-9a-f]{32,}/,
  /undefined|\bnull\b|\[object|<\/?[a-z]+>/,
];

let houses = 0;

export async function openHouse({ server, drafter, person }: Place): Promise<House> {
  const proxy = await troubledOdoo(server.url);
  const desk = await openDesk();
  const envFile = join(desk.stateDir, '..', 'env');
  await writeFile(envFile, '', { mode: 0o600 });
  await mkdir(join(desk.stateDir, '../cloud-state'), { mode: 0o700 });
  houses++;
  const name = `Customer ${houses} Ltd`;
  const made = await server.call('res.partner', 'create', {
    vals_list: [{ name, email: `billing${houses}@acme.example` }],
  });
  const customer = (made as number[])[0] ?? 0;
  const offers = new Offers({ stateDir: desk.stateDir, clock: { now: () => desk.now, sleep: nothing } });
  const port = await freePort();
  const said: string[] = [];
  const books = new OdooBooks({ port, token: TOKEN, log: { warn: () => undefined } });
  let claims = 0;
  let cloudNow = Date.now();
  const stage = draftInvoices({
    ...{ vault: desk.vault, agent: 'cloud-agent', books, reviser: null, replicas: false, marks: null },
    onBooks: (words) => {
      if (words !== null) said.push(words);
    },
    settle: () => Promise.resolve('mine'),
    mayClaim: () => true,
    recordOffer: (id, card, note) => offers.record(id, card, note),
    audit: nothing,
    log: () => undefined,
    onError: (error) => {
      throw error;
    },
    at: () => undefined,
    now: () => cloudNow,
    newClaim: () => `01CLAIM${++claims}`,
    newId: taskIdForRequest,
    ...{ timeZone: 'UTC', expiresMs: 720 * HOUR_MS, perPass: 50, parallel: 1, quietMs: 0 },
  });
  let stop: () => Promise<void> = nothing;
  const restart = async (change: Readonly<Record<string, string>> = {}): Promise<void> => {
    await stop();
    const place = {
      ...{ ENV_FILE: envFile, VAULT_DIR: desk.vault.root, TIMEZONE: 'UTC', LOG_LEVEL: 'error' },
      ...{ ODOO_URL: proxy.url, ODOO_DB: server.db },
    };
    const cloud = startMain('src/cloud/odoo-mcp.main.ts', {
      PATH: process.env['PATH'] ?? '',
      ...{ ...place, STATE_DIR: join(desk.stateDir, '../cloud-state') },
      ...{ ODOO_MCP_PORT: String(port), ODOO_MCP_TOKEN: TOKEN },
      ...{ ODOO_USERNAME: drafter.login, ODOO_API_KEY: drafter.apiKey },
      ODOO_ALLOW_POSTING_KEY: 'the cloud key may post',
      ...change,
    });
    const laptop = new OdooMcpClient({
      main: LOCAL_MAIN,
      env: {
        ...childEnvironment(),
        ...{ ...place, STATE_DIR: desk.stateDir, ODOO_MODE: 'live', DRY_RUN: 'false' },
        ...{ ODOO_USERNAME: person.login, ODOO_API_KEY: person.apiKey, MAX_POSTS_PER_HOUR: '100' },
        ...change,
      },
      log: { warn: () => undefined },
    });
    desk.odoo = { effects: laptop, url: proxy.url, db: server.db };
    stop = async () => {
      await laptop.stop();
      cloud.kill('SIGTERM');
      await exitOf(cloud);
    };
    await ready(cloud);
  };
  onTestFinished(async () => {
    await books.stop();
    await stop();
    await proxy.stop();
  });
  await restart();

  const cloudPass = async (): Promise<void> => {
    cloudNow += STEP_MS;
    await stage(new AbortController().signal);
  };
  const laptopPass = async (): Promise<void> => {
    desk.now = Date.now() + AHEAD_MS;
    await desk.pass();
  };
  const note: House['note'] = async () => {
    const [path, more] = (await desk.notes()).filter((one) => /^[^/]+\/.*Request.*\.md$/.test(one));
    if (path === undefined || more !== undefined)
      throw new Error(`not one note: ${(await desk.notes()).join()}`);
    return { path, note: await desk.at(path) };
  };
  const moved = async (to: string): Promise<void> => {
    const { path } = await note();
    expect(path).toContain(`${OFFERED}/`);
    await rename(
      join(desk.vault.root, path),
      join(desk.vault.root, to, path.slice(path.lastIndexOf('/') + 1)),
    );
  };
  const documents = async (): Promise<string[]> =>
    (
      await server.sql(
        `select id || '|' || state from account_move where partner_id = ${customer} order by 1`,
      )
    )
      .split('\n')
      .filter((row) => row !== '');
  const done = async (): Promise<boolean> => (await note()).path.startsWith('Done/');
  return {
    ...{ proxy, desk, drafter, person, customer, restart, cloudPass, laptopPass, note, documents },
    ask: (change = {}) =>
      writeFile(
        join(desk.vault.root, INBOX, 'Request.md'),
        requestNote({ customer: name, ...change }, LINES),
      ),
    drafted: async () => {
      await until('the card is offered', async () => {
        await cloudPass();
        const { path, note: card } = await note();
        return path.startsWith(OFFERED) && card.data['odoo_id'] !== undefined;
      });
      said.splice(0);
      return (await note()).note;
    },
    approve: async () => {
      await moved('Approved');
      await laptopPass();
    },
    giveBack: async (change = (text) => text) => {
      await desk.edit((await note()).path, change);
      await moved(INBOX);
    },
    lead: async () => {
      const { path, note: card } = await note();
      expect(path).toContain(`${OFFERED}/`);
      return readInvoiceBody(card.body).lead;
    },
    told: async () => {
      const beat = await readHeartbeat(desk.vault, 'cloud-agent', 'odoo-mcp');
      const words = [...said, ...desk.said, beat?.reason ?? ''].filter((line) => line !== '');
      said.splice(0);
      desk.said.splice(0);
      return words.join('\n');
    },
    postedOnce: async () => {
      await until(
        'it is done',
        async () => {
          if (!(await done())) await laptopPass();
          return done();
        },
        DONE_MS,
      ).catch(async () => {
        const { path, note: card } = await note();
        throw new Error(`not done: ${path}\n${desk.said.join('\n')}\n${card.body}`);
      });
      const { note: card } = await note();
      const id = card.data['id'];
      expect(isTaskId(id)).toBe(true);
      const [one, more] = await documents();
      expect(more).toBeUndefined();
      expect(one).toBe(`${String(card.data['odoo_id'])}|posted`);
      const [row] = (await server.call('account.move', 'read', {
        ids: [card.data['odoo_id']],
        fields: ['name', 'amount_total'],
      })) as { name: string; amount_total: number }[];
      expect(card.data).toMatchObject({
        outcome: 'posted',
        odoo_name: row?.name,
        amount_total: row?.amount_total,
      });
      return card;
    },
  };
}

const nothing = (): Promise<void> => Promise.resolve();
const LINES = `| Description | Quantity | Price | Taxes |
| --- | ---: | ---: | --- |
| Consulting in November | 10 | 100 | 15% |`;
