import type { Command } from 'commander';
import {
  type CommonConfig,
  IMAP_KEYS,
  isConfigured,
  type Key,
  loadConfig,
  ODOO_KEYS,
  SMTP_KEYS,
  SYNC_KEYS,
} from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { checkAgents } from './doctor-agents.ts';
import { type Finding, inTime, paintedLines, type Role, shown, type SmtpWish } from './doctor-check.ts';
import { type Area, AREAS } from './doctor-codes.ts';
import { checkLeftovers, orConfigFindings } from './doctor-config.ts';
import { checkDisk, checkFiles } from './doctor-files.ts';
import { openHost, type Places, systemPlaces } from './doctor-host.ts';
import { checkMachine } from './doctor-machine.ts';
import { examineMail, type MailOptions } from './doctor-mail.ts';
import { checkModel } from './doctor-model.ts';
import { checkOdoo } from './doctor-odoo.ts';
import { checkProcesses } from './doctor-processes.ts';
import { checkState } from './doctor-state.ts';
import { checkSyncthing } from './doctor-sync.ts';
import { checkVaultNotes } from './doctor-vault.ts';
import type { ExitCode } from './exit-codes.ts';
import { type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

export { type Finding, lines, shown } from './doctor-check.ts';
export type { Area } from './doctor-codes.ts';
export { checkSmtp, examine } from './doctor-mail.ts';
export { checkModel } from './doctor-model.ts';
export { checkOdoo } from './doctor-odoo.ts';
export { checkSyncthing } from './doctor-sync.ts';

export interface DoctorOptions extends MailOptions {
  /** Where the program lies: `dist`, `node_modules` and `deployment` are below it. */
  readonly programDir: string;
  /** These alone; default: all. */
  readonly only?: readonly Area[] | undefined;
  /** For tests. */
  readonly places?: Places | undefined;
  readonly node?: string | undefined;
}

/** `handover doctor`: does what is configured on this machine work, and can its keys do no more than they should? */
export function doctorVerb(context: VerbContext): Command {
  const summary = 'try everything that is configured on this machine; sends nothing, changes nothing';
  return verb(context, { name: 'doctor', summary }, (_args, options) => doctor(context, options))
    .option('--only <areas>', `these alone, with commas: ${AREAS.join(', ')}`)
    .option('--account <name>', 'of several mailboxes this one alone')
    .option('--cloud', 'judge this machine as one that must not be able to send')
    .option('--smtp <host:port>', "where the cloud's key is tried, in place of the usual servers");
}

async function doctor(context: VerbContext, options: Readonly<Record<string, unknown>>): Promise<Outcome> {
  const asCloud = options['cloud'] === true;
  context.doing('everything that is configured here');
  const findings = await examineAll({
    programDir: context.programDir,
    now: context.now,
    only: areasOf(options['only']),
    account: typeof options['account'] === 'string' ? options['account'] : undefined,
    asCloud,
    smtpWish: wishOf(options['smtp']),
  });
  const role: Role = !asCloud && isConfigured(['SMTP_HOST']) ? 'laptop' : 'cloud';
  const count = (level: Finding['level']): number => findings.filter((one) => one.level === level).length;
  const [faults, warnings] = [count('fault'), count('warning')];
  return {
    exit: exitOf(findings),
    json: { ok: faults + warnings === 0, role, faults, warnings, findings },
    text: [
      role === 'cloud'
        ? 'This machine has no key for sending configured, so its mailbox key should only read.'
        : 'This machine sends.',
      ...findings.flatMap((one) => paintedLines(one, context.paint)),
      summaryOf(faults, warnings),
    ].join('\n'),
  };
}

/** By the worst finding: 78 the configuration, 3 a fault, 1 a warning, 0. */
export function exitOf(findings: readonly Finding[]): ExitCode {
  const faults = findings.filter(({ level }) => level === 'fault');
  if (faults.some(({ code }) => code === 'config-wrong' || code === 'config-open')) return EXIT.config;
  if (faults.length > 0) return EXIT.faults;
  return findings.some(({ level }) => level === 'warning') ? EXIT.failure : EXIT.ok;
}

/**
 * Looks at everything, side by side, each check with a deadline of its own. Never rejects for what is configured or what
 * a server says. @throws VerbFault when `account` names none
 */
export async function examineAll(options: DoctorOptions): Promise<readonly Finding[]> {
  const { env, programDir, only = AREAS, now = Date.now } = options;
  const wants = (...areas: readonly Area[]): boolean => areas.some((area) => only.includes(area));
  const part = (area: Area, work: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> =>
    wants(area) ? inTime(area, work()) : Promise.resolve([]);
  const read = await readAll(options);
  const machine = part('machine', () =>
    checkMachine({ programDir, env, config: read.config, node: options.node ?? process.versions.node }),
  );
  const leftovers = wants('configuration') ? checkLeftovers({ env }) : [];
  if (read.config === null) return finished([...read.findings, ...(await machine)]);
  const host = await openHost(read.config, {
    programDir,
    env,
    now: now(),
    places: options.places ?? systemPlaces(),
  });
  const pm2 = wants('processes', 'agents', 'state') ? checkProcesses(host) : null;
  const ofPm2 = (area: Area, work: (look: Awaited<NonNullable<typeof pm2>>) => Promise<readonly Finding[]>) =>
    part(area, async () => (pm2 === null ? [] : work(await pm2)));
  const mailAreas = (['access', 'mailbox', 'sending'] as const).filter((area) => wants(area));
  const groups = await Promise.all([
    machine,
    part('files', () => checkFiles(host)),
    part('disk', () => checkDisk(host)),
    ofPm2('processes', ({ findings }) => Promise.resolve(findings)),
    ofPm2('agents', (look) => checkAgents(host, look.pm2)),
    ofPm2('state', (look) => checkState(host, look.pm2)),
    mailAreas.length === 0 ? [] : orConfigFindings(() => examineMail(options, mailAreas)),
    part('model', () => checkModel({ env })),
    part('odoo', () => checkOdoo({ env, now })),
    part('sync', () => checkSyncthing({ env, now })),
  ]);
  // Last and alone: it reads without pause, and answers of servers would be late while it does.
  const vault = wants('vault') ? await checkVaultNotes(host) : [];
  return finished([...read.findings, ...leftovers, ...groups.flat(), ...vault]);
}

interface Read {
  /** Null: without it nothing else can be looked at. */
  readonly config: CommonConfig | null;
  readonly findings: readonly Finding[];
}

/** What every machine reads, and what this one does: all that is wrong with it at once. */
async function readAll({ env, asCloud, only = AREAS }: DoctorOptions): Promise<Read> {
  const sends = asCloud !== true && isConfigured(['SMTP_HOST'], env);
  const groups: readonly (readonly [Area, readonly Key[]])[] = [
    ['mailbox', [...IMAP_KEYS, 'MAIL_FROM', ...(sends ? SMTP_KEYS : [])]],
    ['odoo', ODOO_KEYS],
    ['sync', SYNC_KEYS],
  ];
  const faultsOf = (keys: readonly Key[]): Promise<readonly Finding[]> =>
    orConfigFindings(() => {
      loadConfig(keys, env);
      return Promise.resolve([]);
    });
  const common = await faultsOf([]);
  // Its file was not read, so that everything is missing.
  const closed = common.filter(({ code }) => code === 'config-open');
  if (closed.length > 0) return { config: null, findings: closed };
  const asked = groups.filter(([area]) => only.includes(area) || only.includes('configuration'));
  const more = await Promise.all(asked.map(([, keys]) => faultsOf(keys)));
  return { config: common.length === 0 ? loadConfig([], env) : null, findings: [...common, ...more.flat()] };
}

/** Each thing once, and safe for a terminal. */
function finished(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.map(shown).filter(({ code, account, words }) => {
    const key = `${code} ${account} ${words}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function summaryOf(faults: number, warnings: number): string {
  if (faults + warnings === 0) return 'Everything that was tried is as it should be.';
  const counts = [
    ...(faults === 0 ? [] : [`${faults} ${faults === 1 ? 'fault' : 'faults'}`]),
    ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`]),
  ];
  return `${counts.join(', ')}; what to do stands behind the arrows.`;
}

function areasOf(value: unknown): readonly Area[] | undefined {
  if (typeof value !== 'string') return undefined;
  const asked = value.split(',').map((one) => one.trim());
  const known = AREAS.filter((area) => asked.includes(area));
  if (asked.every((one) => AREAS.some((area) => area === one))) return known;
  throw new VerbFault('usage', `--only takes some of these, with commas: ${AREAS.join(', ')}`, EXIT.usage);
}

function wishOf(value: unknown): SmtpWish | null {
  if (value === undefined) return null;
  const match = typeof value === 'string' ? /^(\[[\da-f:]+\]|[\w.-]+):(\d{1,5})$/i.exec(value) : null;
  const port = Number(match?.[2]);
  if (!match?.[1] || port < 1 || port > 65_535) {
    throw new VerbFault(
      'usage',
      '--smtp takes a server and its port, such as smtp.example.org:465',
      EXIT.usage,
    );
  }
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}
