/** The draft guard on a real Odoo 19, switched off piece by piece: it is noticed, nothing is posted, and it is mended. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canPost } from '../../src/odoo/guard/can-post.ts';
import { LOOK_CALLS } from '../../src/odoo/guard/guard-calls.ts';
import { type GuardedOdoo, type Key, startGuardedOdoo } from '../helpers/guarded-odoo.ts';

const LONG_MS = 180_000;

let odoo: GuardedOdoo;
let bot: Key & { readonly uid: number };

beforeAll(async () => {
  odoo = await startGuardedOdoo();
  await odoo.people();
  const made = await odoo.guard({}, 'install', '--bot', 'draft-bot', '--yes', '--json');
  const { key } = JSON.parse(made.out) as { key: { key: string } };
  const uid = Number(await odoo.server.sql("select id from res_users where login = 'draft-bot'"));
  bot = { login: 'draft-bot', apiKey: key.key, uid };
  // The draft that the checks are tried on.
  await odoo.check(bot);
}, LONG_MS);
afterAll(() => odoo.stop());

describe('when the guard is switched off, piece by piece', () => {
  interface Piece {
    readonly piece: string;
    readonly off: () => Promise<unknown>;
    readonly open: readonly string[];
    readonly may: 'yes' | 'no';
    /** What `install` would say; null: it is not a rule of ours. */
    readonly rule: string | null;
    readonly on?: () => Promise<unknown>;
  }
  const write = async (model: string, name: string, vals: object): Promise<unknown> =>
    odoo.server.call(model, 'write', { ids: [await odoo.idOf(name)], vals });
  const groups = async (command: number, group: string): Promise<unknown> =>
    odoo.server.call('res.users', 'write', {
      ids: [bot.uid],
      vals: { group_ids: [[command, await odoo.groupId(group)]] },
    });
  const pieces: readonly Piece[] = [
    {
      piece: 'the automation rule on documents is inactive',
      off: () => write('base.automation', 'automation_move', { active: false }),
      open: ['write_state', 'write_auto_post'],
      may: 'yes',
      rule: 'automation rule on account.move\n  active: no -> yes',
    },
    {
      piece: 'the automation rule on lines is inactive',
      off: () => write('base.automation', 'automation_move_line', { active: false }),
      open: ['write_parent_state'],
      may: 'yes',
      rule: 'automation rule on account.move.line\n  active: no -> yes',
    },
    {
      piece: 'the code of the action is another',
      off: () => write('ir.actions.server', 'action_move', { code: 'pass' }),
      open: ['write_state', 'write_auto_post'],
      may: 'yes',
      rule: 'action of the automation rule on account.move\n  code: pass -> if env.user',
    },
    {
      piece: 'an automation rule has a condition more',
      off: () => write('base.automation', 'automation_move', { filter_pre_domain: "[('id', '=', 0)]" }),
      open: ['write_state', 'write_auto_post'],
      may: 'yes',
      rule: "filter_pre_domain: [('id', '=', 0)] -> no",
    },
    {
      piece: 'the record rule on documents is gone',
      off: async () => odoo.server.call('ir.rule', 'unlink', { ids: [await odoo.idOf('rule_move')] }),
      open: ['entry', 'foreign_draft', 'reset'],
      may: 'no',
      rule: 'record rule on account.move: make it',
    },
    {
      piece: 'the record rule on lines is inactive',
      off: () => write('ir.rule', 'rule_move_line', { active: false }),
      open: ['foreign_draft', 'reset'],
      may: 'no',
      rule: 'record rule on account.move.line\n  active: no -> yes',
    },
    {
      piece: 'the group implies Invoicing',
      off: async () =>
        write('res.groups', 'group_draft_bot', {
          implied_ids: [[4, await odoo.groupId('account.group_account_invoice')]],
        }),
      open: [
        'groups',
        'entry',
        'delete',
        'foreign_draft',
        'reset',
        'validate_wizard',
        'reversal',
        'payment',
        'payment_register',
      ],
      may: 'yes',
      rule: 'group "Draft bot (Handover)"\n  implied_ids: ',
    },
    {
      piece: 'the bot is in Invoicing and out of the group',
      off: async () =>
        odoo.server.call('res.users', 'write', {
          ids: [bot.uid],
          vals: { group_ids: [[6, 0, [await odoo.groupId('account.group_account_invoice')]]] },
        }),
      open: [
        ...['groups', 'action_post', 'write_state', 'load_state', 'write_auto_post', 'create_auto_post'],
        ...['write_parent_state', 'entry', 'cancel', 'delete', 'foreign_draft', 'reset', 'validate_wizard'],
        ...['reversal', 'payment', 'payment_register'],
      ],
      may: 'yes',
      rule: 'user "draft-bot"\n  groups: ',
    },
    {
      piece: 'the bot may edit mail templates',
      off: () => groups(4, 'mail.group_mail_template_editor'),
      open: ['templates'],
      may: 'yes',
      rule: 'user "draft-bot"\n  groups: ',
    },
    {
      piece: 'the bot may make contacts and set up Odoo',
      off: () => groups(4, 'base.group_system'),
      open: [
        'groups',
        'templates',
        'server_action',
        'automation',
        'scheduled',
        'own_groups',
        'groups_of_others',
        'customise',
      ],
      may: 'yes',
      rule: 'user "draft-bot"\n  groups: ',
    },
  ];

  it.each(pieces.map((one) => [one.piece, one] as const))(
    '%s: check and canPost notice it, nothing is posted, install mends it',
    async (_, { off, open, may, rule }) => {
      const before = await odoo.books();
      const drafts = 'select count(*) from account_move where create_uid = ' + String(bot.uid);
      const mine = await odoo.server.sql(drafts);
      await off();
      const found = await odoo.check(bot);
      expect(found.exit).toBe(1);
      expect(found.open).toEqual(open);
      expect(found.report).toMatchObject({ ok: false, drafting: 'works', triedInEarnest: false });
      expect(await canPost(await odoo.open(bot, LOOK_CALLS))).toBe(may);
      // By sql: no document more, none posted, none for the clock.
      expect(await odoo.books()).toBe(before);
      expect(await odoo.server.sql(drafts)).toBe(mine);
      const mended = await odoo.guard({}, 'install', '--bot', 'draft-bot', '--yes');
      expect(mended).toMatchObject({ exit: 0, err: '' });
      expect(mended.out).toContain(rule);
      expect(mended.out).toContain('done: 1 change');
      expect(await canPost(await odoo.open(bot, LOOK_CALLS))).toBe('no');
    },
    LONG_MS,
  );

  it('is whole again after all of this', async () => {
    expect(await odoo.check(bot, 'json2', '--as-admin')).toMatchObject({
      exit: 0,
      report: { rules: [], notes: [] },
    });
  });

  it('says it to a person, with the exit code of a finding', async () => {
    await write('base.automation', 'automation_move', { active: false });
    const { exit, out } = await odoo.guard({ own: bot }, 'check', '--as-admin');
    await write('base.automation', 'automation_move', { active: true });
    expect(exit).toBe(1);
    expect(out).toContain('OPEN  write state posted into a draft\n      Odoo took it; it was undone\n');
    expect(out).toContain('RULE  automation rule on account.move: active is no, should be yes\n');
    expect(out).toContain('2 open: this key can do more than draft; nothing was posted.');
  });

  it('tells of rights that somebody else gave the group', async () => {
    const model_id = Number(await odoo.server.sql("select id from ir_model where model = 'res.partner'"));
    const vals = { name: 'more', model_id, group_id: await odoo.idOf('group_draft_bot'), perm_write: true };
    const ids = await odoo.server.call('ir.model.access', 'create', { vals_list: [vals] });
    const { exit, report } = await odoo.check(bot, 'json2', '--as-admin');
    await odoo.server.call('ir.model.access', 'unlink', { ids });
    expect(exit).toBe(1);
    expect(report.notes).toEqual(['the group has a further access right, "more", that is not of Handover']);
  });

  it('takes another draft when somebody posted the one of the last check', async () => {
    const { report } = await odoo.check(bot);
    await odoo.server.call('account.move', 'action_post', { ids: [report.draft] });
    const next = await odoo.check(bot);
    expect(next).toMatchObject({ exit: 0, report: { drafting: 'works' } });
    expect(next.report.draft).not.toBe(report.draft);
  });
});
