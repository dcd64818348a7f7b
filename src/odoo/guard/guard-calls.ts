/** What the guard may ask of Odoo. Lists of their own: no tool and no note reaches them. */
import { type AllowedMethod, type AllowedModel, type AllowList, DRAFT_CALLS } from '../allow-list.ts';

const any = (...names: readonly string[]): AllowedMethod['args'] =>
  Object.fromEntries(names.map((name) => [name, 'anything' as const]));

/** A question about rights. `ids` may be an empty list, which asks about the model: so it is an argument like others. */
const ASKS: AllowedModel['methods'] = {
  has_access: { args: any('ids', 'operation'), writes: false, on: 'model' },
  // Before 18.
  check_access_rights: { args: any('operation', 'raise_exception'), writes: false, on: 'model' },
  check_access_rule: { args: any('ids', 'operation'), writes: false, on: 'model' },
};
const SEARCH: AllowedMethod = {
  args: any('domain', 'fields', 'offset', 'limit', 'order'),
  writes: false,
  on: 'model',
};
const READS = { read: { args: any('fields'), writes: false, on: 'records' }, search_read: SEARCH } as const;
const LOAD_TO_UNDO: AllowedMethod = {
  args: any('fields', 'data'),
  writes: true,
  on: 'model',
  context: { mode: 'update' },
};
const CREATE: AllowedMethod = { args: any('vals_list'), writes: true, on: 'model' };
const WRITE: AllowedMethod = { args: any('vals'), writes: true, on: 'records' };
const ON_ONE: AllowedMethod = { args: {}, writes: true, on: 'one record' };

function model(methods: AllowedModel['methods']): AllowedModel {
  return { reads: [], writes: [], parts: {}, values: {}, methods };
}

/** Models whose writing would undo the guard, or post by another door. */
export const POWERS = [
  ...['account.payment', 'account.payment.register', 'validate.account.move', 'account.move.reversal'],
  ...['ir.actions.server', 'base.automation', 'ir.cron', 'ir.rule', 'ir.model.access', 'ir.model.fields'],
  ...['ir.model.data', 'ir.ui.view', 'ir.module.module', 'ir.config_parameter', 'res.users', 'res.groups'],
] as const;
export type Power = (typeof POWERS)[number];

const asked = Object.fromEntries(POWERS.map((name) => [name, model(ASKS)]));

const LOOKED: AllowList['models'] = {
  ...asked,
  'account.move': model({ ...ASKS, ...READS, load: LOAD_TO_UNDO }),
  'account.move.line': model({ ...ASKS, ...READS, load: LOAD_TO_UNDO }),
  'res.users': model({
    ...ASKS,
    ...READS,
    has_group: { args: any('ids', 'group_ext_id'), writes: false, on: 'model' },
  }),
  'res.users.apikeys': model({ search_read: SEARCH }),
};

/** With the key of the bot, no effect: `canPost` and `keyExpiry`. Its `load` is always undone; see rolled-back.ts. */
export const LOOK_CALLS: AllowList = { name: 'guard look', models: LOOKED };

/** With the key of the bot, on a draft that is thrown away: `checkGuard`. */
export const TRY_CALLS: AllowList = {
  name: 'guard check',
  models: {
    ...LOOKED,
    ...Object.fromEntries(
      POWERS.map((name) => [name, model({ ...ASKS, create: CREATE, write: WRITE, unlink: ON_ONE })]),
    ),
    'account.move': model({
      ...LOOKED['account.move']?.methods,
      create: CREATE,
      write: WRITE,
      unlink: ON_ONE,
      action_post: ON_ONE,
      button_cancel: ON_ONE,
    }),
    'account.move.line': model({ ...LOOKED['account.move.line']?.methods, write: WRITE }),
    'res.users': model({ ...LOOKED['res.users']?.methods, write: WRITE }),
    'ir.model.data': model({ ...ASKS, ...DRAFT_CALLS.models['ir.model.data']?.methods }),
  },
};

const ADMINISTERED = {
  ...READS,
  load: { args: any('fields', 'data'), writes: true, on: 'model', context: { mode: 'init' } },
  write: WRITE,
} as const;

/** With the key of an administrator: `handover odoo guard install`. */
export const ADMIN_CALLS: AllowList = {
  name: 'guard install',
  models: {
    'res.groups': model(ADMINISTERED),
    'ir.model.access': model(ADMINISTERED),
    'ir.rule': model(ADMINISTERED),
    'base.automation': model(ADMINISTERED),
    'ir.actions.server': model(ADMINISTERED),
    'res.users': model({ ...READS, create: CREATE, write: WRITE }),
    'res.users.apikeys': model(READS),
    'ir.model': model(READS),
    'ir.model.fields': model(READS),
    'ir.model.data': model(READS),
    'ir.module.module': model({ ...READS, button_immediate_install: ON_ONE }),
  },
};
