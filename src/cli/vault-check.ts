import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ignoreFaults, ignoreLines } from '../core/ignore-lists.ts';
import { visibleText } from '../core/neutralise.ts';
import { errno } from '../files/errno.ts';
import { childEnvironment, type CommonConfig, isConfigured, loadConfig } from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { takeLock } from '../runtime/lock.ts';
import { checkVault, type VaultReport } from '../vault/check/check-vault.ts';
import type { Found } from '../vault/check/copies.ts';
import type { Evidence } from '../vault/check/evidence.ts';
import { fixVault, type Fixed } from '../vault/check/fix-vault.ts';
import { claimEvidence } from './claim-evidence.ts';
import { openVault, type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/**
 * `handover vault check [--fix]`: what does not belong into this vault, or does not fit together. Needs no
 * process, no Syncthing, and for a bare copy no STATE_DIR.
 */
export function vaultCheckVerb(context: VerbContext): Command {
  const summary = 'double claims, strays, foreign files, links, conflict copies, secrets in the vault';
  return verb(context, { name: 'check', summary }, (_args, options) =>
    vaultCheck(context, options['fix'] === true),
  ).option('--fix', 'mend what the rules allow: missing folders, leftovers, doubles; deletes no note');
}

interface Where {
  readonly root: string;
  readonly config: CommonConfig;
  /** Null: there is none on this machine. */
  readonly stateDir: string | null;
  readonly evidence: Evidence | null;
}

/** A conflict copy that takes a plain name can bring the next one to light; more rounds are never needed. */
const MAX_ROUNDS = 5;

async function vaultCheck(context: VerbContext, fix: boolean): Promise<Outcome> {
  const where = await openWhere(context);
  const fixed = fix ? await fixAlone(context, where) : [];
  const report = await look(context, where);
  const ignores = await ignoreFindings(context, where);
  const findings = [...report.findings, ...ignores];
  const notChecked = where.evidence === null ? [NOT_THE_LAPTOP] : [];
  const counts: Record<string, number> = Object.fromEntries(report.counts);
  for (const { code } of ignores) counts[code] = (counts[code] ?? 0) + 1;
  const done = fixed.filter((one) => one.done).map(shownFix);
  const left = fixed.filter((one) => !one.done).map(shownFix);
  return {
    exit: findings.length === 0 ? EXIT.ok : EXIT.failure,
    json: {
      ok: findings.length === 0,
      findings: findings.map(shown),
      counts,
      looked: report.looked,
      ...(fix ? { fixed: done, left } : {}),
      notChecked,
    },
    text: [
      ...done.map(({ path, words }) => `fixed  ${path}: ${words}`),
      ...left.map(({ path, words }) => `left   ${path}: ${words}`),
      ...findings.map(shown).flatMap(findingLines),
      ...overflow(report),
      `${findings.length === 0 ? 'nothing found' : 'see docs/vault-check.md'}; looked at ${report.looked.files} things, ${report.looked.notes} of them notes`,
      ...notChecked.map((line) => `not checked: ${line}`),
    ].join('\n'),
  };
}

const NOT_THE_LAPTOP =
  'claims of the local agent, proofs of what is done, and settling of doubles: only the STATE_DIR of the laptop knows';

async function openWhere(context: VerbContext): Promise<Where> {
  const config = commonOrBare(context);
  const { root } = await openVault({ ...context, config: () => config });
  const stateDir = await realpath(config.STATE_DIR).catch(() => null);
  const evidence = stateDir === null ? null : await claimEvidence(stateDir, context.now);
  return { root, config, stateDir, evidence };
}

/** A place that never is a folder: stands for "no STATE_DIR" where the configuration wants one. */
const NO_STATE_DIR = '/dev/null/none';

/** A bare copy of a vault has no STATE_DIR, and its VAULT_DIR may be all that is configured. */
function commonOrBare(context: VerbContext): CommonConfig {
  if (isConfigured(['STATE_DIR']) || !isConfigured(['VAULT_DIR'])) return context.config();
  return loadConfig([], { ...childEnvironment(), STATE_DIR: NO_STATE_DIR });
}

function look(context: VerbContext, { root, evidence }: Where): Promise<VaultReport> {
  return checkVault({ root, now: context.now(), evidence });
}

/**
 * Nothing else may settle at the same time: two that put different notes aside under one name could lose one.
 * Where the orchestrator runs it does all of this by itself, so there is nothing to be done here.
 */
async function fixAlone(context: VerbContext, where: Where): Promise<Fixed[]> {
  const lock = where.stateDir === null ? null : await takeLock(where.stateDir, 'orchestrator');
  if (where.stateDir !== null && lock === null) {
    throw new VerbFault(
      'orchestrator-runs',
      'the orchestrator is running and mends the same by itself, within a minute; nothing was changed. To do it by hand, stop it first.',
    );
  }
  try {
    const fixed: Fixed[] = [];
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { steps } = await look(context, where);
      const now = await fixVault(where.root, steps, context.now());
      fixed.push(...now);
      if (!now.some((one) => one.done)) break;
    }
    return fixed;
  } finally {
    await lock?.release();
  }
}

/** The list in the vault's root, held against what this device should have. */
async function ignoreFindings(context: VerbContext, where: Where): Promise<Found[]> {
  if (where.config.SYNC !== 'syncthing') return [];
  const source = await readFile(join(context.programDir, '.gitignore-sync'), 'utf8');
  // Only the laptop has a key to send with, and only there `Approved` is kept from travelling.
  const device = where.evidence !== null || isConfigured(['SMTP_HOST']) ? 'laptop' : 'cloud';
  const cure = 'run: handover sync apply';
  const finding = (code: 'ignores-missing' | 'ignores-wrong', words: string): Found => ({
    code,
    path: '.stignore',
    words,
    cure,
    fixable: false,
  });
  const installed = await stignore(where.root);
  if (installed === null) {
    return [
      finding('ignores-missing', 'there is no ignore list: everything travels, secrets and answers too'),
    ];
  }
  return ignoreFaults(installed, ignoreLines(source, device)).map(({ words }) =>
    finding('ignores-wrong', words),
  );
}

async function stignore(root: string): Promise<readonly string[] | null> {
  try {
    return (await readFile(join(root, '.stignore'), 'utf8')).split('\n');
  } catch (error) {
    if (errno(error) === 'ENOENT') return null;
    throw error;
  }
}

const SHOWN_CHARS = 400;

/** For a terminal: no character of a name steers it, none is hidden, and a name is one line. */
function shownText(value: string): string {
  const oneLine = value.replace(
    /[\n\r\t]/g,
    (c) => `[U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
  return visibleText(oneLine).text.slice(0, SHOWN_CHARS);
}

function shown({ code, path, words, cure, fixable }: Found): Found {
  return { code, path: shownText(path), words: shownText(words), cure: shownText(cure), fixable };
}

function shownFix({ path, words }: Fixed): { path: string; words: string } {
  return { path: shownText(path), words: shownText(words) };
}

function findingLines({ code, path, words, cure }: Found): string[] {
  return [`${code}  ${path}`, `    ${words}`, `    cure: ${cure}`];
}

function overflow(report: VaultReport): string[] {
  const kept = new Map<string, number>();
  for (const { code } of report.findings) kept.set(code, (kept.get(code) ?? 0) + 1);
  return [...report.counts]
    .map(([code, count]) => [code, count - (kept.get(code) ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .map(([code, more]) => `${code}  and ${more} more`);
}
