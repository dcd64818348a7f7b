/** The draft guard on a real Odoo 19: installed by the command line, tried with the bot's own key, switched off piece by piece. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DRAFT_CALLS } from '../../src/odoo/allow-list.ts';
import { attach } from '../../src/odoo/attach.ts';
import { createDraft } from '../../src/odoo/create-draft.ts';
import type { DraftInput } from '../../src/odoo/draft-input.ts';
import { canPost } from '../../src/odoo/guard/can-post.ts';
import { LOOK_CALLS } from '../../src/odoo/guard/guard-calls.ts';
import { WAYS } from '../../src/odoo/guard/ways.ts';
import { keyExpiry } from '../../src/odoo/key-expiry.ts';
import type { OdooProtocol } from '../../src/odoo/odoo.ts';
import { listJournals } from '../../src/odoo/journals.ts';
import { listInvoices } from '../../src/odoo/invoices.ts';
import { agingReport } from '../../src/odoo/aging.ts';
import { readInvoice } from '../../src/odoo/read-invoice.ts';
import { reviseDraft } from '../../src/odoo/revise-draft.ts';
import { type GuardedOdoo, type Key, startGuardedOdoo } from '../helpers/guarded-odoo.ts';

const PROTOCOLS: readonly OdooProtocol[] = ['json2', 'jsonrpc', 'xmlrpc'];
const LONG_MS = 180_000;

let odoo: GuardedOdoo;
let bot: Key & { readonly uid: number };
let billing: Key;
/** A posted invoice and a draft, both made by a person. */
let posted = 0;
let draftOfPerson = 0;

const line = (label: string): DraftInput['lines'][number] => ({ label, quantity: 2, priceUnit: 10.5 });
const bill = (reference: string): DraftInput => ({
  type: 'in_invoice',
  partnerId: 1,
  invoiceDate: '2026-11-02',
  reference,
  lines: [line('Paper')],
});

/** As somebody would who stole the key and knows Odoo; nothing of ours is between. */
async function raw(key: Key, model: string, method: string, args: object): Promise<string> {
  const { url, db } = odoo.server;
  const headers = {
    authorization: `bearer ${key.apiKey}`,
    'content-type': 'application/json',
    'x-odoo-database': db,
  };
  const answer = await fetch(`${url}/json/2/${model}/${method}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(args),
  });
  return `${answer.status} ${(await answer.text()).slice(0, 300)}`;
}

beforeAll(async () => {
  odoo = await startGuardedOdoo();
  ({ billing, posted, draftOfPerson } = await odoo.people());
}, LONG_MS);
afterAll(() => odoo.stop());

describe('handover odoo guard install', () => {
  it('shows first what it would make, and makes nothing unless told so', async () => {
    const asked = await odoo.guard({}, 'install', '--bot', 'draft-bot');
    expect(asked).toMatchObject({ exit: 1, err: '' });
    expect(asked.out.replace(odoo.server.url, 'URL')).toMatchInlineSnapshot(`
      "admin on URL, database books, Odoo 19.0 (json2)
      group "Draft bot (Handover)": make it
      record rule on account.move: make it
      record rule on account.move.line: make it
      automation rule on account.move: make it
      action of the automation rule on account.move: make it
      automation rule on account.move.line: make it
      action of the automation rule on account.move.line: make it
      access right to account.move: make it
      access right to account.move.line: make it
      access right to account.journal: make it
      user "draft-bot": make it: internal, in the group Draft bot (Handover) alone
      key of "draft-bot": make one for 90 days; its password is taken away
      nothing was changed; 12 changes to do: add --yes
      "
    `);
    expect(await odoo.server.sql("select count(*) from res_users where login = 'draft-bot'")).toBe('0');
    expect(await odoo.idOf('group_draft_bot')).toBe(0);
  });

  it('makes rules, bot and key, shows the key once, and has nothing to do the second time', async () => {
    const done = await odoo.guard({}, 'install', '--bot', 'draft-bot', '--key-days', '365', '--yes');
    expect(done).toMatchObject({ exit: 0, err: '' });
    const apiKey = /ODOO_API_KEY=([0-9a-f]{40})/.exec(done.out)?.[1] ?? '';
    const uid = Number(await odoo.server.sql("select id from res_users where login = 'draft-bot'"));
    bot = { login: 'draft-bot', apiKey, uid };
    expect(done.out).toMatch(/it ends on 20\d\d-\d\d-\d\d/);
    // The password was there for a moment only.
    for (const password of ['', ' ', 'false', 'draft-bot', 'draft-bot-password-1']) {
      const params = { db: odoo.server.db, login: 'draft-bot', password };
      const answer = await fetch(`${odoo.server.url}/web/session/authenticate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', method: 'call', params }),
      });
      expect(await answer.text()).toContain('odoo.exceptions.AccessDenied');
    }

    const counts =
      "select model, count(*) from ir_model_data where module = 'handover_bridge' group by 1 order by 1";
    const before = await odoo.server.sql(counts);
    for (const args of [
      ['--key-days', '365'],
      ['--key-days', '365', '--yes'],
    ]) {
      const again = await odoo.guard({}, 'install', '--bot', 'draft-bot', ...args);
      expect(again).toMatchObject({ exit: 0, err: '' });
      expect(again.out).toMatch(/\nnothing to do\n$/);
    }
    expect(await odoo.server.sql(counts)).toBe(before);
    expect(before).toBe(
      ['base.automation|2', 'ir.actions.server|2', 'ir.model.access|3', 'ir.rule|2', 'res.groups|1'].join(
        '\n',
      ),
    );
  });

  it('gives another key when asked, and refuses to make the administrator a bot', async () => {
    const more = await odoo.guard({}, 'install', '--bot', 'draft-bot', '--new-key', '--yes', '--json');
    const { key } = JSON.parse(more.out) as { key: { key: string; username: string } };
    expect(more.exit).toBe(0);
    expect(key.username).toBe('draft-bot');
    expect(key.key).toMatch(/^[0-9a-f]{40}$/);
    expect(await canPost(await odoo.open({ login: 'draft-bot', apiKey: key.key }, LOOK_CALLS))).toBe('no');

    const admin = await odoo.guard({}, 'install', '--bot', 'admin', '--yes');
    expect(admin).toMatchObject({ exit: 1, out: '' });
    expect(admin.err).toBe('handover: "admin" is the administrator: the bot must be a user of its own\n');
  });

  it.each([
    [['--bot', 'a b'], '--bot takes a login'],
    [['--bot', 'x', '--key-days', '400'], '--key-days takes a number from 1 to 365'],
    [['--new-key'], '--new-key and --key-days need --bot'],
  ])('refuses %s', async (args, words) => {
    const { exit, err } = await odoo.guard({}, 'install', ...args);
    expect(exit).toBe(2);
    expect(err).toContain(words);
  });

  it('says what is wrong with the key it is given', async () => {
    const wrong = await odoo.guard({ admin: { login: 'admin', apiKey: '0'.repeat(40) } }, 'install');
    expect(wrong).toMatchObject({ exit: 1, out: '' });
    expect(wrong.err).toContain('does not accept the key');
    const noRight = await odoo.guard({ admin: billing }, 'install', '--yes');
    expect(noRight).toMatchObject({ exit: 1, out: '' });
    expect(noRight.err).toContain('Odoo does not let this user do that');
  });
});

describe("with the bot's key", () => {
  it.each(PROTOCOLS)(
    'every known way of posting is refused, and drafting works, over %s',
    async (protocol) => {
      const before = await odoo.books();
      const { exit, report } = await odoo.check(bot, protocol);
      expect(report.ways.filter(({ fate }) => fate !== 'refused')).toEqual([]);
      expect(report.ways.map(({ way }) => way)).toEqual(Object.keys(WAYS));
      expect(report).toMatchObject({ ok: true, drafting: 'works', triedInEarnest: true, rules: null });
      expect(exit).toBe(0);
      // One draft over nothing, which the checks over the other protocols take as well.
      const mine = `select state, amount_total, count(*) from account_move where create_uid = ${bot.uid} group by 1, 2`;
      expect(await odoo.server.sql(mine)).toBe('draft|0.00|1');
      expect(before.replace(/.*in_invoice.*\n?/, '')).toBe(
        (await odoo.books()).replace(/.*in_invoice.*\n?/, ''),
      );
      expect(await canPost(await odoo.open(bot, LOOK_CALLS, protocol))).toBe('no');
    },
    LONG_MS,
  );

  it('drafts, revises, attaches and reads, over each protocol', async () => {
    for (const protocol of PROTOCOLS) {
      const mine = await odoo.open(bot, DRAFT_CALLS, protocol);
      const key = `handover_bridge.od_${protocol}`;
      const { id } = await createDraft(mine, key, bill(protocol));
      await reviseDraft(mine, key, { ...bill(protocol), lines: [line('Paper'), line('Ink')] });
      const file = { name: 'bill.txt', mimeType: 'text/plain', bytes: Buffer.from(protocol) };
      expect(await attach(mine, key, file)).toMatchObject({ created: true });
      expect(await readInvoice(mine, id)).toMatchObject({ state: 'draft', reference: protocol });
      expect((await listJournals(mine, {})).items).not.toEqual([]);
      expect((await listInvoices(mine, {})).items.length).toBeGreaterThan(2);
      expect(await agingReport(mine, { side: 'receivable', asOf: '2026-11-20' })).toMatchObject({
        side: 'receivable',
      });
    }
  });

  it('does not get round the guard by calling Odoo directly', async () => {
    const mine = await odoo.open(bot, DRAFT_CALLS);
    const { id } = await createDraft(mine, 'handover_bridge.od_direct', bill('direct'));
    const lineOf = async (move: number): Promise<number> =>
      Number(await odoo.server.sql(`select min(id) from account_move_line where move_id = ${move}`));
    const tries: readonly (readonly [string, string, object])[] = [
      ['account.move', 'action_post', { ids: [id] }],
      ['account.move', 'action_validate_moves_with_confirmation', { ids: [id] }],
      ['account.move', 'write', { ids: [id], vals: { state: 'posted' } }],
      ['account.move', 'write', { ids: [id], vals: { state: 'posted' }, context: { __action_done: {} } }],
      ['account.move', 'write', { ids: [id], vals: { state: 'posted' }, context: { import_file: true } }],
      ['account.move', 'write', { ids: [id], vals: { state: 'posted' }, context: { old_values: {} } }],
      ['account.move', 'write', { ids: [id], vals: { state: 'posted' }, context: { active_test: false } }],
      ['account.move', 'web_save', { ids: [id], vals: { state: 'posted' }, specification: {} }],
      ['account.move', 'write', { ids: [id], vals: { auto_post: 'monthly' } }],
      ['account.move', 'write', { ids: [draftOfPerson], vals: { ref: 'mine now' } }],
      ['account.move', 'write', { ids: [posted], vals: { ref: 'mine now' } }],
      ['account.move', 'button_draft', { ids: [posted] }],
      ['account.move', 'button_cancel', { ids: [id] }],
      ['account.move', 'unlink', { ids: [id] }],
      ['account.move', 'copy', { ids: [posted] }],
      ['account.move', 'create', { vals_list: [{ move_type: 'entry' }] }],
      ['account.move', 'create', { vals_list: [{ move_type: 'out_receipt' }] }],
      ['account.move.line', 'write', { ids: [await lineOf(id)], vals: { parent_state: 'posted' } }],
      ['account.move.line', 'write', { ids: [await lineOf(id)], vals: { move_id: posted } }],
      ['account.move.line', 'write', { ids: [await lineOf(posted)], vals: { name: 'mine now' } }],
      ['account.move.line', 'unlink', { ids: [await lineOf(posted)] }],
      ['account.move.line', 'reconcile', { ids: [await lineOf(posted)] }],
      ['account.payment', 'create', { vals_list: [{ payment_type: 'inbound', amount: 1 }] }],
      ['account.payment.register', 'create', { vals_list: [{}] }],
      ['account.move.line', 'write', { ids: [await lineOf(draftOfPerson)], vals: { price_unit: 1 } }],
      ['res.users', 'write', { ids: [bot.uid], vals: { group_ids: [[4, 1]] } }],
      ['ir.actions.server', 'create', { vals_list: [{ name: 'x', state: 'code' }] }],
      [
        'mail.template',
        'create',
        { vals_list: [{ name: 'x', subject: '{{ object.with_user(1).action_post() }}' }] },
      ],
    ];
    for (const [model, method, args] of tries) {
      const answer = await raw(bot, model, method, args);
      expect(answer, `${model}.${method} ${JSON.stringify(args)}`).toMatch(/^(403|422) /);
    }
    expect(await odoo.server.sql(`select state, auto_post from account_move where id = ${id}`)).toBe(
      'draft|no',
    );
    expect(await odoo.server.sql(`select count(*) from account_move where state = 'posted'`)).toBe('1');
  });

  it('posts nothing by starting the scheduled action that posts what is due', async () => {
    const due = { move_type: 'out_invoice', partner_id: 1, invoice_date: '2026-01-02', date: '2026-01-02' };
    const invoice_line_ids = [[0, 0, { name: 'x', quantity: 1, price_unit: 1 }]];
    const vals_list = [{ ...due, auto_post: 'at_date', invoice_line_ids }];
    const [id = 0] = (await odoo.server.call('account.move', 'create', { vals_list })) as number[];
    const domain = [['code', 'like', '_autopost_draft_entries']];
    const ids = await odoo.server.call('ir.actions.server', 'search', { domain });
    expect(ids).toHaveLength(1);
    await raw(bot, 'ir.actions.server', 'run', { ids });
    const state = (): Promise<string> => odoo.server.sql(`select state from account_move where id = ${id}`);
    expect(await state()).toBe('draft');
    // Started by the administrator it does post: the trial was one.
    await odoo.server.call('ir.actions.server', 'run', { ids });
    expect(await state()).toBe('posted');
  });

  it('leaves people alone: a person posts what the bot drafted', async () => {
    const id = Number(await odoo.server.sql("select id from account_move where ref = 'json2'"));
    expect(await raw(billing, 'account.move', 'action_post', { ids: [id] })).toMatch(/^200 /);
    expect(await odoo.server.sql(`select state from account_move where id = ${id}`)).toBe('posted');
    expect(await raw(bot, 'account.move', 'write', { ids: [id], vals: { ref: 'later' } })).toMatch(/^403 /);
    expect(await raw(billing, 'account.move', 'button_draft', { ids: [id] })).toMatch(/^200 /);
    expect(await raw(billing, 'account.move', 'button_cancel', { ids: [id] })).toMatch(/^200 /);
  });
});

describe('keys', () => {
  it('a person in Invoicing may post, who has no right at all may not', async () => {
    expect(await canPost(await odoo.open(billing, LOOK_CALLS))).toBe('yes');
    expect(await canPost(await odoo.open(odoo.server.admin, LOOK_CALLS))).toBe('yes');
    const plain = await odoo.server.user('plain', []);
    expect(await canPost(await odoo.open(plain, LOOK_CALLS))).toBe('no');
    const { exit, report } = await odoo.check(plain);
    expect(exit).toBe(1);
    expect(report.drafting).toContain('not allowed to create');
  });

  it('leaves nothing behind by looking', async () => {
    const counted = (): Promise<string> =>
      odoo.server.sql(
        'select (select count(*) from account_move), (select count(*) from ir_model_data), (select count(*) from mail_message)',
      );
    const before = await counted();
    await canPost(await odoo.open(bot, LOOK_CALLS));
    await canPost(await odoo.open(billing, LOOK_CALLS));
    expect(await counted()).toBe(before);
  });

  it('tells when the key ends, the earliest of several, and falls back on what is configured', async () => {
    const user = await odoo.server.user('with-key', [], { keyDays: 90 });
    const end = async (): Promise<{ days: number; source: string }> => {
      const { at, source } = await keyExpiry(await odoo.open(user, LOOK_CALLS), '2030-01-02');
      return { days: Math.round(((at ?? 0) - Date.now()) / 86_400_000), source };
    };
    expect(await end()).toEqual({ days: 90, source: 'odoo' });
    await odoo.server.user('with-key', [], { keyDays: 10 });
    expect(await end()).toEqual({ days: 10, source: 'odoo' });
    await odoo.server.sql('alter table res_users_apikeys alter column expiration_date drop not null');
    await odoo.server.sql(`update res_users_apikeys set expiration_date = null where user_id = ${user.uid}`);
    const lasting = await keyExpiry(await odoo.open(user, LOOK_CALLS), '2030-01-02');
    expect(lasting).toEqual({ at: null, source: 'odoo' });
  });

  it('a key that has expired is noticed at once', async () => {
    const user = await odoo.server.user('expired', []);
    await odoo.server.sql(
      `update res_users_apikeys set expiration_date = now() - interval '1 hour' where user_id = ${user.uid}`,
    );
    const { exit, err } = await odoo.guard({ own: user }, 'check');
    expect(exit).toBe(1);
    expect(err).toBe(
      'handover: Odoo does not accept the key: it is wrong or has expired, or the user is switched off\n',
    );
  });
});
