/**
 * The draft guard: what has to be in Odoo so that a user can make drafts and cannot post them by any way known. All
 * of it is data, made over the API; no module of ours is installed. Measured on 19.0 (docs/odoo-guard.md); for 14 to
 * 18 the names are from Odoo's source and nothing was measured.
 */
import { EXTERNAL_MODULE } from '../../core/odoo/external-id.ts';
import { MOVE_TYPES } from '../../core/odoo/invoice.ts';
import { majorOf } from '../server-version.ts';

export const GUARD_GROUP = `${EXTERNAL_MODULE}.group_draft_bot`;
/** How a refusal of the guard is told from one that happens by chance, a closed period for example. */
export const GUARD_WORDS = 'Draft guard: this user may create drafts only';

/** A record of Odoo, by what is the same in every database. */
export type Ref =
  | { readonly model: string }
  | { readonly field: readonly [model: string, name: string] }
  | { readonly record: string };
/** A list is a many2many that holds these and no others. */
export type Wanted = string | boolean | Ref | readonly Ref[];

export interface GuardRecord {
  /** External id; a second installation finds it by this. */
  readonly key: string;
  readonly model: string;
  /** For people. */
  readonly title: string;
  readonly values: Readonly<Record<string, Wanted>>;
}

/** The module of automation rules; part of every edition, not always installed. */
export const AUTOMATION_MODULE = 'base_automation';

/** In the order in which they can be made: who refers to another comes behind it. The rights come last. */
export function guardRecords(version: string): readonly GuardRecord[] {
  const major = majorOf(version);
  return [GROUP, moveRule(major), LINE_RULE, ...automations(major), ...RIGHTS];
}

const key = (name: string): string => `${EXTERNAL_MODULE}.${name}`;
const group: Ref = { record: GUARD_GROUP };

const GROUP: GuardRecord = {
  key: GUARD_GROUP,
  model: 'res.groups',
  title: 'group "Draft bot (Handover)"',
  values: { name: 'Draft bot (Handover)', implied_ids: [{ record: 'base.group_user' }] },
};

/** Rights that several groups give add up, so these count only for a user that is in no other group. */
const RIGHTS: readonly GuardRecord[] = [
  right('account.move', { read: true, write: true, create: true, unlink: false }),
  // A draft's lines are replaced when it is revised.
  right('account.move.line', { read: true, write: true, create: true, unlink: true }),
  right('account.journal', { read: true, write: false, create: false, unlink: false }),
];

interface Rights {
  readonly read: boolean;
  readonly write: boolean;
  readonly create: boolean;
  readonly unlink: boolean;
}

function right(model: string, { read, write, create, unlink }: Rights): GuardRecord {
  return {
    key: key(`access_${model.replaceAll('.', '_')}`),
    model: 'ir.model.access',
    title: `access right to ${model}`,
    values: {
      name: `Draft bot (Handover): ${model}`,
      model_id: { model },
      group_id: group,
      perm_read: read,
      perm_write: write,
      perm_create: create,
      perm_unlink: unlink,
      active: true,
    },
  };
}

/** Only its own drafts: a stolen key must not change what a person is about to post. */
function moveRule(major: number): GuardRecord {
  const types = MOVE_TYPES.map((type) => `'${type}'`).join(', ');
  const terms = [
    `('state', '=', 'draft')`,
    `('auto_post', '=', ${notByClock(major)})`,
    `('move_type', 'in', [${types}])`,
    `('create_uid', '=', user.id)`,
  ];
  return rule('rule_move', 'account.move', `[${terms.join(', ')}]`);
}

const LINE_RULE = rule(
  'rule_move_line',
  'account.move.line',
  "[('parent_state', '=', 'draft'), ('move_id.create_uid', '=', user.id)]",
);

function rule(name: string, model: string, domain: string): GuardRecord {
  return {
    key: key(name),
    model: 'ir.rule',
    title: `record rule on ${model}`,
    values: {
      name: `Draft bot (Handover): own drafts only, ${model}`,
      model_id: { model },
      groups: [group],
      domain_force: domain,
      perm_read: false,
      perm_write: true,
      perm_create: true,
      perm_unlink: true,
      active: true,
    },
  };
}

/** Yes or no before 16, a choice since. */
function notByClock(major: number): string {
  return major >= 16 ? `'no'` : 'False';
}

/** Odoo looks at record rules before a write and not after it: what a write makes of a draft only these see. */
function automations(major: number): readonly GuardRecord[] {
  const after = notByClock(major);
  return [
    ...automation(major, {
      name: 'move',
      model: 'account.move',
      fields: ['state', 'auto_post'],
      domain: `['|', ('state', '!=', 'draft'), ('auto_post', '!=', ${after})]`,
    }),
    ...automation(major, {
      name: 'move_line',
      model: 'account.move.line',
      fields: ['parent_state'],
      domain: "[('parent_state', '!=', 'draft')]",
    }),
  ];
}

interface Automation {
  readonly name: string;
  readonly model: string;
  readonly fields: readonly string[];
  readonly domain: string;
}

const REFUSE = `if env.user.has_group('${GUARD_GROUP}'):\n    raise UserError('${GUARD_WORDS}')`;

function automation(major: number, { name, model, fields, domain }: Automation): readonly GuardRecord[] {
  const code = { state: 'code', code: REFUSE };
  const rule: GuardRecord = {
    key: key(`automation_${name}`),
    model: 'base.automation',
    title: `automation rule on ${model}`,
    values: {
      name: `Draft guard (Handover): ${model}`,
      model_id: { model },
      trigger: 'on_create_or_write',
      trigger_field_ids: fields.map((field): Ref => ({ field: [model, field] })),
      filter_pre_domain: '',
      filter_domain: domain,
      active: true,
      // One record until 16, an action of its own since 17.
      ...(major >= 17 ? {} : code),
    },
  };
  if (major < 17) return [rule];
  const action: GuardRecord = {
    key: key(`action_${name}`),
    model: 'ir.actions.server',
    title: `action of the automation rule on ${model}`,
    values: {
      name: `Draft guard (Handover): refuse, ${model}`,
      model_id: { model },
      usage: 'base_automation',
      base_automation_id: { record: rule.key },
      ...code,
    },
  };
  return [rule, action];
}
