import type { Command } from 'commander';
import { DRAFT_CALLS } from '../odoo/allow-list.ts';
import { checkGuard, type GuardCheck, holds } from '../odoo/guard/check-guard.ts';
import { ADMIN_CALLS, LOOK_CALLS, TRY_CALLS } from '../odoo/guard/guard-calls.ts';
import { type GuardPlan, planGuard } from '../odoo/guard/plan-guard.ts';
import { type WayFate, WAYS } from '../odoo/guard/ways.ts';
import { type KeyExpiry, keyExpiry } from '../odoo/key-expiry.ts';
import { loadConfig } from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { adminSettings, open, orVerbFault, ownSettings, shown, whereOf } from './open-guarded-odoo.ts';
import { type Outcome, verb, type VerbContext } from './verb.ts';

/** `handover odoo guard check`: with the key that this machine works with. Exit 0: it is proved that it cannot post. */
export function guardCheckVerb(context: VerbContext): Command {
  const summary = "try with this machine's key every known way of posting; posts nothing, whatever it finds";
  return verb(context, { name: 'check', summary }, (_args, options) =>
    orVerbFault(() => check(context, options['asAdmin'] === true)),
  ).option('--as-admin', 'also compare the rules in Odoo, with the key of an administrator');
}

async function check(context: VerbContext, asAdmin: boolean): Promise<Outcome> {
  const settings = await ownSettings();
  const rules = asAdmin ? await rulesIn(context) : null;
  const drafts = await open(settings, DRAFT_CALLS);
  const tries = await open(settings, TRY_CALLS);
  const report = await checkGuard({ drafts, tries });
  const { ODOO_API_KEY_EXPIRES: configured } = loadConfig(['ODOO_API_KEY_EXPIRES']);
  const expiry = await keyExpiry(await open(settings, LOOK_CALLS), configured, context.now());
  const proved = holds(report);
  const ok = proved && (rules === null || (rules.differences.length === 0 && rules.notes.length === 0));
  return {
    exit: ok ? EXIT.ok : EXIT.failure,
    json: {
      ok,
      ways: report.results.map(({ way, fate, why }) => ({ way, words: WAYS[way], fate, why: shown(why) })),
      drafting: report.drafting === '' ? 'works' : shown(report.drafting),
      triedInEarnest: report.direct,
      draft: report.draft,
      keyEnds: expiry.at === null ? null : new Date(expiry.at).toISOString(),
      rules: rules?.differences ?? null,
      notes: rules?.notes.map(shown) ?? [],
    },
    text: [
      shown(whereOf(tries, settings.username)),
      ...report.results.flatMap(wayLines),
      ...draftingLines(report),
      ...(rules === null ? [] : ruleLines(rules)),
      ...expiryLines(expiry),
      verdict(report, ok),
    ].join('\n'),
  };
}

function rulesIn(context: VerbContext): Promise<GuardPlan> {
  const wish = { bot: null, keyDays: null, newKey: false };
  return adminSettings().then(async (settings) =>
    planGuard(await open(settings, ADMIN_CALLS), wish, context.now()),
  );
}

const MARKS: Readonly<Record<WayFate, string>> = {
  refused: 'ok  ',
  open: 'OPEN',
  unproved: '?   ',
  not_tried: '-   ',
};

function wayLines({ way, fate, why }: GuardCheck['results'][number]): string[] {
  const line = `${MARKS[fate]}  ${WAYS[way]}`;
  return fate === 'refused' || why === '' ? [line] : [line, `      ${shown(why)}`];
}

function draftingLines({ drafting }: GuardCheck): string[] {
  return drafting === ''
    ? ['ok    drafting works: created, revised, a file attached']
    : ['FAIL  drafting does not work', `      ${shown(drafting)}`];
}

function ruleLines({ differences, notes }: GuardPlan): string[] {
  if (differences.length === 0 && notes.length === 0)
    return ['ok    the rules in Odoo are as they should be'];
  return [
    ...differences.map(({ where, what, before, after }) =>
      shown(`RULE  ${where}: ${what}${before === '' ? '' : ` is ${before}, should be ${after}`}`),
    ),
    ...notes.map((note) => `RULE  ${shown(note)}`),
  ];
}

function expiryLines({ at }: KeyExpiry): string[] {
  return at === null ? [] : [`the key ends on ${new Date(at).toISOString().slice(0, 10)}`];
}

function verdict(report: GuardCheck, ok: boolean): string {
  const count = (fate: WayFate): number => report.results.filter((result) => result.fate === fate).length;
  const tried = report.results.length - count('not_tried');
  const numbers = `${tried} ways tried, ${count('refused')} refused`;
  if (ok) return `${numbers}: this key can draft and cannot post`;
  if (count('open') > 0) {
    const left = report.direct ? `look at document ${report.draft} in Odoo` : 'nothing was posted';
    return `${numbers}, ${count('open')} open: this key can do more than draft; ${left}. Run: handover odoo guard install`;
  }
  return `${numbers}: not proved; see docs/odoo-guard.md`;
}
