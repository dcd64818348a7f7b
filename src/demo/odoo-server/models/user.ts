import { valueError } from '../errors.ts';
import { boolean, char, datetime, many2many, many2one, selection } from '../orm/field.ts';
import { textOf } from '../values.ts';
import { allGroups, GROUPS, SYSTEM } from './groups.ts';
import { modelOf, SYSTEM_ONLY } from './model-of.ts';
import type { Env, Method, Model } from '../orm/shapes.ts';

/** Proves the key, and tells who it belongs to. */
const contextGet: Method = {
  on: 'model',
  params: [],
  run: ({ env }) => ({ lang: 'en_US', tz: false, uid: env.uid }),
};

const hasGroup: Method = {
  on: 'records',
  params: ['group_ext_id'],
  run: ({ env, records, args }) => {
    const wanted = textOf(args['group_ext_id']);
    if (!/^[^.]+\.[^.]+$/.test(wanted)) throw valueError('not enough values to unpack (expected 2, got 1)');
    const [user] = records;
    return user !== undefined && groupsOf(env, user.id).has(wanted);
  },
};

/** With the implied ones, by external id. */
export function groupsOf(env: Pick<Env, 'tables'>, uid: number): ReadonlySet<string> {
  const ids = env.tables.find('res.users', uid)?.cells['group_ids'];
  const held = Array.isArray(ids) ? (ids as readonly number[]) : [];
  const names = held.map((id) => String(env.tables.find('res.groups', id)?.cells['external_id']));
  return allGroups(names);
}

export const user: Model = modelOf({
  name: 'res.users',
  label: 'User',
  order: 'name, login',
  access: { write: [SYSTEM], create: [SYSTEM], unlink: [SYSTEM] },
  methods: { context_get: contextGet, has_group: hasGroup },
  fields: {
    name: char('Name', { required: true }),
    login: char('Login', { required: true }),
    lang: selection('Language', [['en_US', 'English (US)']], { initial: 'en_US' }),
    company_id: many2one('Company', 'res.company', { initial: 1 }),
    partner_id: many2one('Related Partner', 'res.partner'),
    group_ids: many2many('Groups', 'res.groups', { since: 19 }),
    groups_id: many2many('Groups', 'res.groups', {
      until: 18,
      compute: ({ cells }) => cells['group_ids'] ?? [],
    }),
    active: boolean('Active', { initial: true }),
  },
});

export const group: Model = modelOf({
  name: 'res.groups',
  label: 'Access Groups',
  order: 'name',
  access: SYSTEM_ONLY,
  displayName: ({ cells }) => GROUPS[String(cells['external_id'])]?.label ?? cells['name'] ?? null,
  fields: { name: char('Name', { required: true }), external_id: char('External ID') },
});

export const automation: Model = modelOf({
  name: 'base.automation',
  label: 'Automation Rule',
  access: SYSTEM_ONLY,
  fields: { name: char('Name', { required: true }), active: boolean('Active', { initial: true }) },
});

/** A user sees its own keys: when they end, not what they are. */
export const apiKey: Model = modelOf({
  name: 'res.users.apikeys',
  label: 'Users API Keys',
  access: { write: [], create: [] },
  allows: (env, _operation, { cells }) => cells['user_id'] === env.uid || env.groups.has(SYSTEM),
  fields: {
    name: char('Description', { required: true }),
    user_id: many2one('User', 'res.users'),
    scope: char('Scope'),
    expiration_date: datetime('Expiration Date', { since: 18 }),
  },
});
