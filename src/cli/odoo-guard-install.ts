import type { Command } from 'commander';
import { OdooFault } from '../odoo/faults.ts';
import { lookAtBot } from '../odoo/guard/bot-user.ts';
import { ADMIN_CALLS } from '../odoo/guard/guard-calls.ts';
import type { Difference } from '../odoo/guard/look-at-guard.ts';
import {
  applyPlan,
  type GuardPlan,
  type GuardWish,
  keyForBot,
  type NewKey,
  planGuard,
} from '../odoo/guard/plan-guard.ts';
import type { Odoo } from '../odoo/odoo.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { adminSettings, open, orVerbFault, shown, whereOf } from './open-guarded-odoo.ts';
import { type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/** `handover odoo guard install`: with the key of an administrator, once for each Odoo and after each change of it. */
export function guardInstallVerb(context: VerbContext): Command {
  const summary = 'make the rules in Odoo, and the user whose key the cloud gets; needs an administrator';
  return verb(context, { name: 'install', summary }, (_args, options) =>
    orVerbFault(() =>
      install(context, {
        bot: typeof options['bot'] === 'string' ? loginOf(options['bot']) : null,
        keyDays: daysOf(options['keyDays']),
        newKey: options['newKey'] === true,
        yes: options['yes'] === true,
        json: options['json'] === true,
      }),
    ),
  )
    .option(
      '--bot <login>',
      'also make or mend this user: internal, in no other group; with a key if it has none',
    )
    .option('--new-key', 'make the bot another key, before its key ends')
    .option('--key-days <days>', 'let keys of the bot last that long, at most 365; Odoo allows 90')
    .option('--yes', 'do it without asking');
}

interface Asked extends GuardWish {
  readonly yes: boolean;
  readonly json: boolean;
}

function loginOf(login: string): string {
  if (/^[^\s\p{C}]{1,100}$/u.test(login)) return login;
  throw new VerbFault('usage', '--bot takes a login, such as draft-bot', EXIT.usage);
}

function daysOf(value: unknown): number | null {
  if (value === undefined) return null;
  const days = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : 0;
  if (days >= 1 && days <= 365) return days;
  throw new VerbFault('usage', '--key-days takes a number from 1 to 365', EXIT.usage);
}

async function install(context: VerbContext, asked: Asked): Promise<Outcome> {
  if (asked.bot === null && (asked.newKey || asked.keyDays !== null)) {
    throw new VerbFault('usage', '--new-key and --key-days need --bot', EXIT.usage);
  }
  const settings = await adminSettings();
  const odoo = await open(settings, ADMIN_CALLS);
  const plan = await planGuard(odoo, asked, context.now());
  const head = shown(whereOf(odoo, settings.username));
  const count = plan.differences.length;
  if (count === 0)
    return answer({ ok: true, applied: false, lines: [head, 'nothing to do'], plan, key: null });
  const difference = [head, ...differenceLines(plan.differences)];
  const changes = count === 1 ? '1 change' : `${count} changes`;
  const asks = !asked.yes && !asked.json && context.ask !== undefined;
  if (asks) context.say(difference.join('\n'));
  const before = asks ? [] : difference;
  if (!asked.yes && !(asks && /^y(es)?$/i.test((await context.ask(`Do it (${changes})? [y/N] `)).trim()))) {
    const left = `nothing was changed${asks ? '' : `; ${changes} to do: add --yes`}`;
    return answer({ ok: false, applied: false, lines: [...before, left], plan, key: null });
  }
  await applyPlan(odoo, plan, asked);
  const key = plan.makesKey ? await newKey(context, odoo, asked, settings.ca) : null;
  const left = differenceLines(
    (await planGuard(odoo, { ...asked, newKey: false }, context.now())).differences,
  );
  const done = left.length === 0 ? [`done: ${changes}`] : ['not all of it is as it should be:', ...left];
  return answer({ ok: left.length === 0, applied: true, lines: [...before, ...done], plan, key });
}

interface MadeKey extends NewKey {
  readonly username: string;
}

/** Why there is none is an answer too: all else is in place, and a person can make one. */
async function newKey(
  context: VerbContext,
  odoo: Odoo,
  asked: Asked,
  ca: string | undefined,
): Promise<MadeKey | { readonly why: string } | null> {
  const bot = asked.bot === null ? null : await lookAtBot(odoo, asked.bot, context.now());
  if (bot === null || bot.id === null) return null;
  try {
    const made = await keyForBot(odoo, { id: bot.id, login: bot.login }, asked.keyDays, ca);
    return { ...made, username: bot.login };
  } catch (error) {
    if (error instanceof OdooFault) return { why: error.message };
    throw error;
  }
}

interface Answer {
  readonly ok: boolean;
  readonly applied: boolean;
  readonly lines: readonly string[];
  readonly plan: GuardPlan;
  readonly key: Awaited<ReturnType<typeof newKey>>;
}

function answer({ ok, applied, lines, plan, key }: Answer): Outcome {
  const keyless = key !== null && 'why' in key;
  const fine = ok && !keyless;
  return {
    exit: fine ? EXIT.ok : EXIT.failure,
    json: { ok: fine, applied, changes: plan.differences, key, notes: plan.notes.map(shown) },
    text: [
      ...lines.map(shown),
      ...plan.notes.map((note) => `note: ${shown(note)}`),
      ...keyLines(plan, key),
      ...(applied
        ? ['Now prove it, on the machine that works with that key: handover odoo guard check']
        : []),
    ].join('\n'),
  };
}

function keyLines(plan: GuardPlan, key: Answer['key']): readonly string[] {
  if (key === null) return [];
  const login = shown(plan.bot?.login ?? '');
  if ('why' in key) {
    return [
      `No key was made for "${login}": ${shown(key.why)}.`,
      `Give it a password, log in as "${login}", make one under My Preferences, Security, API Keys, and take the password away.`,
    ];
  }
  const ends = key.ends === null ? 'Odoo does not say when it ends' : `it ends on ${key.ends}`;
  return [
    '',
    `The key of "${login}" is shown this once; ${ends}. Into .env of the cloud machine, and nowhere else:`,
    '',
    `  ODOO_USERNAME=${login}`,
    `  ODOO_API_KEY=${key.key}`,
    '',
  ];
}

function differenceLines(differences: readonly Difference[]): string[] {
  const lines: string[] = [];
  let where = '';
  for (const { where: at, what, before, after } of differences) {
    // Nothing is there yet: one line says it all.
    if (before === '') lines.push(shown(`${at}: ${after}`));
    else {
      if (at !== where) lines.push(shown(at));
      lines.push(shown(`  ${what}: ${before} -> ${after}`));
    }
    where = before === '' ? '' : at;
  }
  return lines;
}
