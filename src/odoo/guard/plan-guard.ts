/** What `handover odoo guard install` would do, and doing it. The difference first; a second run finds none. */
import { randomBytes } from 'node:crypto';
import type { Odoo } from '../odoo.ts';
import { majorOf } from '../server-version.ts';
import { applyGuard } from './apply-guard.ts';
import {
  applyBot,
  type BotLook,
  keyDaysOfGroup,
  lookAtBot,
  newestKeyEnd,
  setKeyDays,
  setPassword,
} from './bot-user.ts';
import { automationModule, type Difference, extras, lookAtGuard } from './look-at-guard.ts';
import { makeKey } from './make-key.ts';
import { AUTOMATION_MODULE } from './what.ts';

/** What an internal user's key may last without further settings. */
const USUAL_KEY_DAYS = 90;

export interface GuardWish {
  /** Login of the bot; null: only the rules. */
  readonly bot: string | null;
  /** How long its key may last, 1 to 365; null: as Odoo has it, 90. */
  readonly keyDays: number | null;
  /** Also when it has one. */
  readonly newKey: boolean;
}

export interface GuardPlan {
  readonly differences: readonly Difference[];
  readonly bot: BotLook | null;
  readonly makesKey: boolean;
  /** What is not ours to change, in whole sentences. */
  readonly notes: readonly string[];
}

/** @throws OdooFault */
export async function planGuard(odoo: Odoo, wish: GuardWish, now: number): Promise<GuardPlan> {
  const module = await automationModule(odoo);
  const installed = module?.installed === true;
  const rules = (await lookAtGuard(odoo, installed)).flatMap(({ differences }) => differences);
  const bot = wish.bot === null ? null : await lookAtBot(odoo, wish.bot, now);
  const makesKey = bot !== null && (wish.newKey || !bot.hasKey);
  const where = `Odoo module ${AUTOMATION_MODULE}`;
  const absent = { where, what: 'not installed', before: '', after: 'install it' };
  return {
    differences: [
      ...(installed ? [] : [absent]),
      ...rules,
      ...(await daysDifference(odoo, wish.keyDays)),
      ...(bot?.differences ?? []),
      ...(makesKey ? [keyDifference(bot.login, wish.keyDays)] : []),
    ],
    bot,
    makesKey,
    notes: [...notMeasured(odoo), ...(await extras(odoo))],
  };
}

function keyDifference(login: string, days: number | null): Difference {
  return {
    where: `key of "${login}"`,
    what: 'missing',
    before: '',
    after: `make one for ${days ?? USUAL_KEY_DAYS} days; its password is taken away`,
  };
}

/** @throws OdooFault */
async function daysDifference(odoo: Odoo, wanted: number | null): Promise<Difference[]> {
  if (wanted === null || wanted <= USUAL_KEY_DAYS) return [];
  const now = await keyDaysOfGroup(odoo);
  const days = now?.days ?? 0;
  if (days >= wanted || (now === null && majorOf(odoo.version) < 18)) return [];
  const where = 'group "Draft bot (Handover)"';
  return [{ where, what: 'days a key may last', before: String(days), after: String(wanted) }];
}

const MEASURED = 19;

function notMeasured(odoo: Odoo): readonly string[] {
  if (majorOf(odoo.version) === MEASURED) return [];
  return [
    `The guard was measured on Odoo ${MEASURED}.0 and not on ${odoo.version}: believe the check, nothing else.`,
  ];
}

/** @throws OdooFault */
export async function applyPlan(odoo: Odoo, plan: GuardPlan, wish: GuardWish): Promise<void> {
  await applyGuard(odoo);
  if (wish.keyDays !== null && wish.keyDays > USUAL_KEY_DAYS) {
    const now = await keyDaysOfGroup(odoo);
    if (now !== null && now.days < wish.keyDays) await setKeyDays(odoo, now.id, wish.keyDays);
  }
  if (plan.bot !== null) await applyBot(odoo, plan.bot);
}

export interface NewKey {
  readonly key: string;
  /** `YYYY-MM-DD`; null: never, or unknown. */
  readonly ends: string | null;
}

/**
 * Odoo makes keys for a user that logs in with a password: it gets one for this moment, and none after it.
 * @throws OdooFault when this server does not let us
 */
export async function keyForBot(
  odoo: Odoo,
  bot: { readonly id: number; readonly login: string },
  days: number | null,
  ca: string | undefined,
): Promise<NewKey> {
  const password = randomBytes(24).toString('base64url');
  await setPassword(odoo, bot.id, password);
  try {
    const login = { url: odoo.url, db: odoo.db, login: bot.login, password, ca };
    const key = await makeKey(login, 'Handover', days ?? USUAL_KEY_DAYS);
    return { key, ends: await newestKeyEnd(odoo, bot.id) };
  } finally {
    await setPassword(odoo, bot.id, '');
  }
}
