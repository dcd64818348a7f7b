/** Every way of posting, and of getting rid of the guard, that is known. Each is one line of `handover odoo guard check`. */
import type { Power } from './guard-calls.ts';
import type { Operation } from './rights.ts';

export const WAYS = {
  groups: 'be in a group that may post (Invoicing, Settings, Access Rights)',
  templates: 'let a mail template act as somebody else (group Mail Template Editor)',
  action_post: 'post a draft (action_post)',
  write_state: 'write state posted into a draft',
  load_state: 'import state posted into a draft (load)',
  create_posted: 'create a document that is posted',
  write_auto_post: 'have a draft posted by the clock (auto_post)',
  create_auto_post: 'create a draft that the clock will post (auto_post)',
  write_parent_state: 'mark the line of a draft as posted (parent_state)',
  entry: 'make a journal entry',
  cancel: 'cancel a draft',
  delete: 'delete a draft',
  foreign_draft: 'change a draft that somebody else made',
  reset: 'change, reset or delete a posted document',
  validate_wizard: 'post with the wizard (validate.account.move)',
  reversal: 'reverse with the wizard (account.move.reversal)',
  payment: 'make a payment (account.payment)',
  payment_register: 'register a payment (account.payment.register)',
  server_action: 'make a server action',
  automation: 'make or change an automation rule',
  scheduled: 'change a scheduled action',
  own_groups: 'give itself a group',
  groups_of_others: 'change groups, access rights or record rules',
  customise: 'change fields, views, modules or settings of Odoo',
} as const;
export type WayId = keyof typeof WAYS;

/** Asked as a right: of the models, any of these would be enough. */
export const RIGHTS_ASKED: readonly (readonly [WayId, readonly Power[], readonly Operation[]])[] = [
  ['validate_wizard', ['validate.account.move'], ['create']],
  ['reversal', ['account.move.reversal'], ['create']],
  ['payment', ['account.payment'], ['create', 'write']],
  ['payment_register', ['account.payment.register'], ['create']],
  ['server_action', ['ir.actions.server'], ['create', 'write']],
  ['automation', ['base.automation'], ['create', 'write', 'unlink']],
  ['scheduled', ['ir.cron'], ['create', 'write']],
  ['own_groups', ['res.users'], ['write']],
  ['groups_of_others', ['res.groups', 'ir.rule', 'ir.model.access'], ['create', 'write', 'unlink']],
  [
    'customise',
    ['ir.model.fields', 'ir.model.data', 'ir.ui.view', 'ir.module.module', 'ir.config_parameter'],
    ['create', 'write', 'unlink'],
  ],
];

/** `unproved`: something else was in the way, so it is not known. `not_tried`: there is nothing to try it on. */
export type WayFate = 'refused' | 'open' | 'unproved' | 'not_tried';

export interface WayResult {
  readonly way: WayId;
  readonly fate: WayFate;
  /** Why it is not plainly refused; ''. */
  readonly why: string;
}

const WORSE: readonly WayFate[] = ['not_tried', 'refused', 'unproved', 'open'];

/** The worst of what was found of a way. */
export function worst(results: readonly WayResult[]): readonly WayResult[] {
  return (Object.keys(WAYS) as WayId[]).map((way) => {
    const of = results.filter((result) => result.way === way);
    const first: WayResult = { way, fate: 'unproved', why: 'there is no draft to try it on' };
    return of.reduce((a, b) => (WORSE.indexOf(b.fate) > WORSE.indexOf(a.fate) ? b : a), of[0] ?? first);
  });
}
