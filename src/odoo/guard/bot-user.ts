/** The user whose key the cloud holds: internal, and in no group but the guard's, because rights of groups add up. */
import { z } from 'zod';
import { cleanWords } from '../clean-words.ts';
import { OdooFault } from '../faults.ts';
import type { Odoo, OdooValue } from '../odoo.ts';
import { ids, parseAnswer } from '../read-rows.ts';
import { majorOf } from '../server-version.ts';
import { recordOf, searchRead } from './admin-reads.ts';
import type { Difference } from './look-at-guard.ts';
import { GUARD_GROUP } from './what.ts';

export interface BotLook {
  readonly login: string;
  readonly id: number | null;
  /** Values to write. */
  readonly differs: Readonly<Record<string, OdooValue>>;
  readonly differences: readonly Difference[];
  /** Does it have a key that is still good? */
  readonly hasKey: boolean;
}

/** Renamed in 19. */
function groupsField(odoo: Odoo): string {
  return majorOf(odoo.version) >= 19 ? 'group_ids' : 'groups_id';
}

const userRow = z.object({
  id: z.int().positive(),
  active: z.boolean(),
  group_ids: ids.optional(),
  groups_id: ids.optional(),
});

/** @throws OdooFault `invalid_call` when it is a user that must not be made a bot */
export async function lookAtBot(odoo: Odoo, login: string, now: number): Promise<BotLook> {
  const field = groupsField(odoo);
  // Those that are switched off count too: a login is there once.
  const domain = [
    ['login', '=', login],
    ['active', 'in', [true, false]],
  ];
  const [user] = await searchRead(odoo, 'res.users', domain, userRow, ['active', field]);
  if (user === undefined) return newBot(login);
  if (user.id === odoo.uid || user.id <= 2) {
    throw new OdooFault('invalid_call', `"${login}" is the administrator: the bot must be a user of its own`);
  }
  const group = await recordOf(odoo, GUARD_GROUP, 'res.groups');
  const wanted = group === null ? [] : await withImplied(odoo, group);
  const has = [...(user.group_ids ?? user.groups_id ?? [])].sort((a, b) => a - b);
  const where = `user "${login}"`;
  const differs: Record<string, OdooValue> = {};
  const differences: Difference[] = [];
  if (!user.active) {
    differs['active'] = true;
    differences.push({ where, what: 'active', before: 'no', after: 'yes' });
  }
  if (has.join() !== wanted.join()) {
    differs[field] = [[6, 0, wanted]];
    const names = await groupNames(odoo, has);
    differences.push({ where, what: 'groups', before: names || 'none', after: 'Draft bot (Handover) alone' });
  }
  return { login, id: user.id, differs, differences, hasKey: await hasGoodKey(odoo, user.id, now) };
}

function newBot(login: string): BotLook {
  const where = `user "${login}"`;
  const after = 'make it: internal, in the group Draft bot (Handover) alone';
  return {
    login,
    id: null,
    differs: {},
    differences: [{ where, what: 'missing', before: '', after }],
    hasKey: false,
  };
}

/** Before 19 a user is written into what its groups imply, too. */
async function withImplied(odoo: Odoo, group: number): Promise<number[]> {
  if (majorOf(odoo.version) >= 19) return [group];
  const row = z.object({ trans_implied_ids: ids });
  const [{ trans_implied_ids: implied } = { trans_implied_ids: [] }] = await searchRead(
    odoo,
    'res.groups',
    [['id', '=', group]],
    row,
    ['trans_implied_ids'],
  );
  return [...new Set([group, ...implied])].sort((a, b) => a - b);
}

async function groupNames(odoo: Odoo, groups: readonly number[]): Promise<string> {
  const row = z.object({ full_name: z.string() });
  const rows = await searchRead(odoo, 'res.groups', [['id', 'in', groups]], row, ['full_name']);
  return rows.map(({ full_name: name }) => cleanWords(name, [])).join(', ');
}

const keyRow = z.object({ expiration_date: z.union([z.string(), z.literal(false)]).optional() });

async function hasGoodKey(odoo: Odoo, user: number, now: number): Promise<boolean> {
  // Keys have an end since 18.
  const fields = majorOf(odoo.version) >= 18 ? ['expiration_date'] : ['name'];
  const keys = await searchRead(odoo, 'res.users.apikeys', [['user_id', '=', user]], keyRow, fields);
  return keys.some(({ expiration_date: end }) => !end || Date.parse(`${end.replace(' ', 'T')}Z`) > now);
}

/** Makes or mends the user. @returns its id @throws OdooFault */
export async function applyBot(odoo: Odoo, look: BotLook): Promise<number> {
  if (look.id !== null) {
    if (Object.keys(look.differs).length > 0) {
      const call = { model: 'res.users', method: 'write', ids: [look.id], args: { vals: look.differs } };
      await odoo.call(call);
    }
    return look.id;
  }
  const group = await recordOf(odoo, GUARD_GROUP, 'res.groups');
  if (group === null) throw new OdooFault('missing', 'the group of the guard is not in Odoo');
  const vals = {
    name: 'Draft bot (Handover)',
    login: look.login,
    [groupsField(odoo)]: [[6, 0, await withImplied(odoo, group)]],
  };
  const call = { model: 'res.users', method: 'create', ids: null, args: { vals_list: [vals] } };
  const [id] = parseAnswer(ids, await odoo.call(call), 'the new user');
  if (id === undefined) throw new OdooFault('malformed', 'Odoo does not say which user it made');
  return id;
}

/** Nobody can log in with it: `''` is no password for Odoo. @throws OdooFault */
export async function setPassword(odoo: Odoo, user: number, password: string): Promise<void> {
  await odoo.call({ model: 'res.users', method: 'write', ids: [user], args: { vals: { password } } });
}

const durations = z.array(z.object({ api_key_duration: z.number() })).max(1);

/** How long a key of the group may last, in days; null: this Odoo sets no limit. @throws OdooFault */
export async function keyDaysOfGroup(odoo: Odoo): Promise<{ id: number; days: number } | null> {
  if (majorOf(odoo.version) < 18) return null;
  const id = await recordOf(odoo, GUARD_GROUP, 'res.groups');
  if (id === null) return null;
  const call = { model: 'res.groups', method: 'read', ids: [id], args: { fields: ['api_key_duration'] } };
  const [row] = parseAnswer(durations, await odoo.call(call), 'the group');
  return row === undefined ? null : { id, days: row.api_key_duration };
}

/** @throws OdooFault */
export async function setKeyDays(odoo: Odoo, group: number, days: number): Promise<void> {
  const args = { vals: { api_key_duration: days } };
  await odoo.call({ model: 'res.groups', method: 'write', ids: [group], args });
}

const ends = z.array(z.object({ expiration_date: z.union([z.string(), z.literal(false)]) })).max(1);

/** When the newest key of the user ends, `YYYY-MM-DD`; null: never, or this Odoo does not tell. @throws OdooFault */
export async function newestKeyEnd(odoo: Odoo, user: number): Promise<string | null> {
  if (majorOf(odoo.version) < 18) return null;
  const args = {
    domain: [['user_id', '=', user]],
    fields: ['expiration_date'],
    offset: 0,
    limit: 1,
    order: 'id desc',
  };
  const call = { model: 'res.users.apikeys', method: 'search_read', ids: null, args };
  const [key] = parseAnswer(ends, await odoo.call(call), 'the new key');
  return key === undefined || key.expiration_date === false ? null : key.expiration_date.slice(0, 10);
}
