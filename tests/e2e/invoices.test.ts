/**
 * The second story on real parts: two machines joined by Syncthing, each with its processes under PM2, and a real
 * Odoo. The cloud holds the key of a user that the draft guard keeps from posting, the laptop the key of a
 * bookkeeper. Each kind of document goes over another transport. In the order of the tests.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeenNote } from '../../src/demo/vault-view.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { HAS_WKHTMLTOPDF, type OdooServer, startOdoo } from '../helpers/odoo.ts';
import { filesWith, drag, type Machine, startTwoHosts, type TwoHosts } from './two-hosts.ts';
import { type Story, storyOf } from './story.ts';

const LONG_MS = 240_000;
const TOKEN = 'e2e-token-of-odoo-mcp-71c0';

let odoo: OdooServer;
let hosts: TwoHosts;
let story: Story;
let botKey: string;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  odoo = await startOdoo();
  ends.push(() => odoo.stop());
  for (const name of ['ACME Trading', 'Paper Supplies']) {
    await odoo.call('res.partner', 'create', {
      vals_list: [{ name, is_company: true, email: `billing@${name.split(' ')[0]?.toLowerCase()}.example` }],
    });
  }
  const person = await odoo.user('bookkeeper', ['account.group_account_invoice']);
  const shared = { ODOO_URL: odoo.url, ODOO_DB: odoo.db };
  hosts = await startTwoHosts({
    cloud: { ...shared, ODOO_MCP_PORT: String(await freePort()), ODOO_MCP_TOKEN: TOKEN },
    laptop: {
      ...shared,
      ODOO_USERNAME: person.login,
      ODOO_API_KEY: person.apiKey,
      ODOO_MODE: 'live',
    },
  });
  ends.push(() => hosts.stop());
  story = storyOf(hosts);
  // As docs/odoo-guard.md says it: once, from the laptop, with the key of an administrator.
  await hosts.laptop.configure({
    ODOO_ADMIN_USERNAME: odoo.admin.login,
    ODOO_ADMIN_API_KEY: odoo.admin.apiKey,
  });
  const installed = await hosts.laptop.handover('odoo', 'guard', 'install', '--bot', 'draft-bot', '--yes');
  expect(installed, JSON.stringify(installed.answer)).toMatchObject({ exit: 0 });
  await hosts.laptop.configure({ ODOO_ADMIN_USERNAME: '', ODOO_ADMIN_API_KEY: '' });
  botKey = (installed.answer as { key: { key: string } }).key.key;
  await hosts.cloud.configure({ ODOO_USERNAME: 'draft-bot', ODOO_API_KEY: botKey });
  expect(await hosts.cloud.handover('odoo', 'guard', 'check')).toMatchObject({ exit: 0 });
  await Promise.all([hosts.cloud.on(), hosts.laptop.on()]);
}, LONG_MS);
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
}, LONG_MS);

/** What a user makes of the vault's template. */
function request(properties: Readonly<Record<string, string>>): string {
  const head = Object.entries(properties).map(([key, value]) => `${key}: ${value}`);
  return [
    '---',
    ...head,
    '---',
    '',
    '## Lines',
    '',
    '| Description | Quantity | Price | Taxes |',
    '| --- | ---: | ---: | --- |',
    '| Design of a logo | 2 | 150.25 | 15% |',
    '| Travel \\| train | 1 | 80 | none |',
    '',
  ].join('\n');
}

async function write(machine: Machine, name: string, text: string): Promise<void> {
  await writeFile(join(machine.node.vault, 'Needs_Action/odoo', `${name}.md`), text);
}

function note(machine: Machine, name: string, folder: RegExp): Promise<SeenNote> {
  return story.eventually(`${machine.node.name} has ${name} in ${folder.source}`, async () =>
    (await machine.notes()).find((one) => folder.test(one.folder) && property(one, 'asked_as') === name),
  );
}

const property = (seen: SeenNote, key: string): string =>
  new RegExp(`^${key}: "?(.*?)"?$`, 'm').exec(seen.text)?.[1] ?? '';

/** Documents of tasks, `id|state|name`; the guard's check keeps a draft of its own. */
async function moves(type: string): Promise<string[]> {
  const rows = await odoo.sql(
    `select m.id, m.state, m.name from account_move m
     join ir_model_data d on d.model = 'account.move' and d.res_id = m.id
     where d.module = 'handover_bridge' and d.name like 'od%' and m.move_type = '${type}' order by m.id`,
  );
  return rows.split('\n').filter((row) => row !== '');
}

describe('a request becomes a draft, a yes posts it, its number comes back', () => {
  it.each([
    {
      name: 'invoice',
      protocol: 'json2',
      type: 'out_invoice',
      properties: { kind: 'odoo_invoice', customer: 'ACME Trading', covering_mail: 'true' },
      number: /^INV\/\d{4}\/00001$/,
    },
    {
      name: 'bill',
      protocol: 'jsonrpc',
      type: 'in_invoice',
      properties: {
        kind: 'odoo_bill',
        vendor: 'Paper Supplies',
        invoice_date: '2026-11-02',
        purchase_reference: 'PS-4711',
      },
      number: /^BILL\/\d{4}\/\d{2}\/0001$/,
    },
    {
      name: 'credit',
      protocol: 'xmlrpc',
      type: 'out_refund',
      properties: { kind: 'odoo_credit_note', customer: 'ACME Trading', credits: 'INV' },
      number: /^RINV\/\d{4}\/00001$/,
    },
  ])(
    '$name over $protocol',
    async ({ name, protocol, type, properties, number }) => {
      for (const machine of [hosts.cloud, hosts.laptop]) {
        await machine.configure({ ODOO_PROTOCOL: protocol });
      }
      const credits = 'credits' in properties ? { credits: await numberOf('out_invoice') } : {};
      await write(hosts.laptop, name, request({ ...properties, ...credits, asked_as: name }));
      const card = await note(hosts.laptop, name, /^Pending_Approval\/odoo$/);
      expect(card.text).toContain('Fingerprint:');
      expect(await moves(type)).toMatchObject([expect.stringContaining('|draft|')]);
      await drag(hosts.laptop.node.vault, card, 'Approved');
      const done = await note(hosts.laptop, name, /^Done\//);
      expect(property(done, 'outcome')).toBe('posted');
      expect(property(done, 'odoo_name')).toMatch(number);
      const posted = await moves(type);
      expect(posted).toEqual([`${property(done, 'odoo_id')}|posted|${property(done, 'odoo_name')}`]);
      await note(hosts.cloud, name, /^Done\//);
    },
    LONG_MS,
  );

  async function numberOf(type: string): Promise<string> {
    return (await moves(type))[0]?.split('|')[2] ?? '';
  }

  it(
    'and the covering mail is a card of its own, with the document, which leaves by a yes of its own',
    async () => {
      const [number = ''] = (await moves('out_invoice')).map((row) => row.split('|')[2] ?? '');
      const card = await story.eventually('the covering mail is offered', async () =>
        (await hosts.laptop.notes()).find(
          (one) => one.folder === 'Pending_Approval/email' && one.text.includes(number),
        ),
      );
      expect(hosts.smtp.mails).toHaveLength(0);
      await drag(hosts.laptop.node.vault, card, 'Approved');
      const mail = await story.eventually('the covering mail left', () => hosts.smtp.mails[0]);
      const parsed = await PostalMime.parse(mail.raw);
      expect(parsed.to?.map(({ address }) => address)).toEqual(['billing@acme.example']);
      expect(parsed.subject).toContain(number);
      const files = parsed.attachments.map(({ filename, mimeType }) => [filename, mimeType]);
      expect(files).toEqual(HAS_WKHTMLTOPDF ? [[expect.stringMatching(/\.pdf$/), 'application/pdf']] : []);
      const [file] = parsed.attachments;
      if (file)
        expect(
          Buffer.from(file.content as ArrayBuffer)
            .subarray(0, 5)
            .toString(),
        ).toBe('%PDF-');
    },
    LONG_MS,
  );
});

describe('somebody who owns the cloud', () => {
  it(
    'cannot have posted what the card does not say',
    async () => {
      await write(
        hosts.laptop,
        'forged',
        request({ kind: 'odoo_invoice', customer: 'ACME Trading', asked_as: 'forged' }),
      );
      const card = await note(hosts.laptop, 'forged', /^Pending_Approval\/odoo$/);
      const before = await moves('out_invoice');
      // The draft in the books is made ten times as dear, with the cloud's own key; the card stays as it was.
      const id = Number(property(card, 'odoo_id'));
      await asBot('account.move', 'write', {
        ids: [id],
        vals: { invoice_line_ids: [[0, 0, { name: 'more', quantity: 1, price_unit: 9000, tax_ids: [] }]] },
      });
      await drag(hosts.laptop.node.vault, card, 'Approved');
      const back = await story.eventually('it comes back with the difference', async () =>
        (await hosts.laptop.notes()).find(
          (one) => one.folder === 'Pending_Approval/odoo' && one.text.includes('9,000.00'),
        ),
      );
      expect(back.text).toMatch(/^> \[!warning\|handover\]/m);
      expect(await moves('out_invoice')).toEqual(before);
    },
    LONG_MS,
  );

  it('cannot post with the key that lies there, and there is no other one', async () => {
    const drafts = (await moves('out_invoice')).filter((row) => row.includes('|draft|'));
    expect(drafts).toHaveLength(1);
    const ids = drafts.map((row) => Number(row.split('|')[0]));
    expect(await asBot('account.move', 'action_post', { ids })).toBeGreaterThanOrEqual(400);
    expect(await asBot('account.move', 'write', { ids, vals: { state: 'posted' } })).toBeGreaterThanOrEqual(
      400,
    );
    expect((await moves('out_invoice')).filter((row) => row.includes('|draft|'))).toEqual(drafts);
    const keys = await readFile(hosts.laptop.envFile, 'utf8');
    const live = /^ODOO_API_KEY="(.+)"$/m.exec(keys)?.[1] ?? 'none';
    expect(await filesWith(hosts.cloud.stateDir, live)).toEqual([]);
    expect(await filesWith(hosts.cloud.node.vault, live)).toEqual([]);
    expect(await filesWith(hosts.laptop.node.vault, live)).toEqual([]);
    expect(await filesWith(hosts.laptop.node.vault, botKey)).toEqual([]);
  });

  /** @returns the HTTP status */
  async function asBot(model: string, method: string, args: Record<string, unknown>): Promise<number> {
    const response = await fetch(`${odoo.url}/json/2/${model}/${method}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `bearer ${botKey}`,
        'X-Odoo-Database': odoo.db,
      },
      body: JSON.stringify(args),
    });
    return response.status;
  }
});

describe('afterwards', () => {
  it('every task is in one folder, and the log of effects holds together', async () => {
    await hosts.sync.idle();
    const tasks = (await hosts.laptop.notes()).filter((one) => / od-[0-9a-f]{16}\.md$/.test(one.name));
    const ids = tasks.map((one) => property(one, 'id'));
    expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
    expect(tasks.filter((one) => one.folder.startsWith('Done/'))).toHaveLength(3);
    expect(await hosts.laptop.handover('audit', 'verify')).toMatchObject({ exit: 0 });
  });
});
