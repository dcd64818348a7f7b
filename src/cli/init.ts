import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Command } from 'commander';
import {
  type Environment,
  IMAP_KEYS,
  type Key,
  KEYS,
  loadConfig,
  ODOO_KEYS,
  SMTP_KEYS,
  SYNC_KEYS,
} from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import type { Finding } from './doctor-check.ts';
import type { MachineRole } from './env-file.ts';
import { makeVault, plannedEnv, readEnvText, readExample, writeEnv, writeIgnores } from './init-files.ts';
import { nextSteps } from './next-steps.ts';
import { type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';
import { type Checks, CHECKS, EDGES, environmentOf, obstacles } from './wizard-checks.ts';
import { asMeant, askRole, interview, show, type Wizard } from './wizard.ts';
import { type Setting, SETTINGS } from './wizard-settings.ts';

/**
 * `handover init`: `.env`, vault, STATE_DIR and ignore list. On a terminal it asks and tries each connection; a script
 * says everything by flags. May be run again: what is there is offered, and changed only where the answer differs.
 */
export function initVerb(context: VerbContext, checks: Checks = CHECKS): Command {
  const summary = 'set this machine up: asks, tries each connection, then writes .env, vault and STATE_DIR';
  const command = verb(context, { name: 'init', summary }, (_args, options) =>
    init(context, options, checks),
  );
  command.option('--role <both|cloud|laptop>', 'what this machine is');
  for (const { flag, about } of SETTINGS) command.option(flag, about);
  return command
    .option('--status-mcp', 'make a token, so that status-mcp runs')
    .option('--folders-only', 'no notes: for a machine that gets them from another one by sync')
    .option('--no-check', 'try no connection')
    .option('--no-next', 'say nothing of what comes next: for a script that does it')
    .option('--yes', 'ask nothing: flags, and what .env says already');
}

type Options = Readonly<Record<string, unknown>>;

async function init(context: VerbContext, options: Options, checks: Checks): Promise<Outcome> {
  const role = roleSaid(options['role']);
  const given = await flagValues(context, options);
  const { ask, askSecret } = context;
  const asks =
    ask !== undefined && askSecret !== undefined && options['yes'] !== true && options['json'] !== true;
  if (role === null && !asks) return bare(context, options, given);
  const text = await readEnvText(context);
  const values = { ...known(parseEnv(text ?? '')), ...given };
  const before = { ...values };
  const tried = options['check'] === false ? null : checks;
  if (asks) {
    const wizard = wizardOf(context, { ask, askSecret, values, given, checks: tried });
    const settled = role ?? (await askRole(wizard, roleOf(before)));
    await interview(wizard, settled);
    const plan = await planOf(context, { role: settled, values, text, options });
    if (plan.after === text) context.say('.env says all of this already.');
    else context.say(`.env gets: ${plan.changed.join(', ')}`);
    if (!/^(y(es)?)?$/i.test((await ask('Write it, and make the folders? [Y/n]: ')).trim())) {
      throw new VerbFault('stopped', 'stopped; nothing was written');
    }
    return write(context, plan, []);
  }
  const plan = await planOf(context, { role: role ?? 'both', values, text, options });
  return write(context, plan, await findingsOf(context, plan, tried));
}

function wizardOf(
  context: VerbContext,
  parts: Pick<Wizard, 'ask' | 'askSecret' | 'values' | 'checks'> & { readonly given: object },
): Wizard {
  const { say, doing, paint, cwd } = context;
  return { ...parts, say, doing, paint, cwd, given: new Set(Object.keys(parts.given)) };
}

function roleSaid(value: unknown): MachineRole | null {
  if (value === undefined) return null;
  if (value === 'both' || value === 'cloud' || value === 'laptop') return value;
  throw new VerbFault('which', '--role is both, cloud or laptop', EXIT.usage);
}

/** What a configuration that is there was made for. */
function roleOf(values: Environment): MachineRole {
  if (values['SYNC'] !== 'syncthing') return 'both';
  return (values['SMTP_HOST'] ?? '') === '' ? 'cloud' : 'laptop';
}

function known(values: NodeJS.Dict<string>): Record<string, string> {
  const ours = Object.entries(values).filter(([key, value]) => Object.hasOwn(KEYS, key) && value !== '');
  return Object.fromEntries(ours.map(([key, value]) => [key, value ?? '']));
}

/** Of a password; nobody types a longer one. */
const SECRET_BYTES = 8192;

async function flagValues(context: VerbContext, options: Options): Promise<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const setting of SETTINGS) {
    const said = options[attributeOf(setting)];
    if (typeof said !== 'string') continue;
    given[setting.key] =
      setting.secret === true
        ? await secretIn(resolve(context.cwd, said), setting)
        : asMeant(context, setting.key, said);
  }
  return given;
}

/** As commander names it: `--imap-host <server>` is `imapHost`. */
function attributeOf({ flag }: Setting): string {
  const [long = ''] = flag.split(' ');
  return long.slice(2).replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

async function secretIn(path: string, { flag }: Setting): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null || text.length > SECRET_BYTES) {
    throw new VerbFault('no-secret', `${flag}: ${path} cannot be read, or is no password`, EXIT.usage);
  }
  return text.replace(/\r?\n$/, '');
}

/** As it always was: a copy of the example to be filled in by hand, and the folders. */
async function bare(
  context: VerbContext,
  options: Options,
  given: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const { VAULT_DIR, STATE_DIR, ...rest } = given;
  if (Object.keys(rest).length > 0) {
    throw new VerbFault('which', 'say --role both, cloud or laptop as well', EXIT.usage);
  }
  const text = await readEnvText(context);
  const example = await readExample(context);
  const values = { ...(VAULT_DIR && { VAULT_DIR }), ...(STATE_DIR && { STATE_DIR }) };
  const env =
    text !== null
      ? 'kept'
      : example === null
        ? 'no-example'
        : await writeEnv(context, null, await plannedEnv(context, { role: 'both', values, text: example }));
  // Both given: the rest of the configuration may still be empty.
  const config = VAULT_DIR !== undefined && STATE_DIR !== undefined ? null : context.config();
  const made = await makeVault(context, {
    vaultDir: VAULT_DIR ?? config?.VAULT_DIR ?? '',
    stateDir: STATE_DIR ?? config?.STATE_DIR ?? '',
    foldersOnly: options['foldersOnly'] === true,
  });
  return {
    exit: EXIT.ok,
    json: { ...made, env },
    text: [...madeLines(made), `.env    ${BARE_WORDS[env]}`].join('\n'),
  };
}

const BARE_WORDS = {
  written: 'written, readable by you alone: fill in your mailbox',
  changed: 'changed',
  kept: 'left as it was',
  'no-example': 'not written: .env.example is missing',
} as const;

interface Plan {
  readonly role: MachineRole;
  readonly values: Readonly<Record<string, string>>;
  readonly text: string | null;
  readonly after: string;
  readonly changed: readonly string[];
  readonly foldersOnly: boolean;
  readonly tellsNext: boolean;
}

async function planOf(
  context: VerbContext,
  asked: {
    readonly role: MachineRole;
    readonly values: Readonly<Record<string, string>>;
    readonly text: string | null;
    readonly options: Options;
  },
): Promise<Plan> {
  const { role, text, options } = asked;
  const before = known(parseEnv(text ?? ''));
  const values = { ...asked.values, ...settled(asked.values, before, role, options['statusMcp'] === true) };
  const sends = (values['SMTP_HOST'] ?? '') !== '' && (before['SMTP_HOST'] ?? '') === '';
  if (role === 'cloud' && sends) {
    throw new VerbFault('never', 'no key that sends belongs on the cloud: leave out --smtp-…', EXIT.usage);
  }
  // Every fault at once, by name, before anything is tried.
  loadConfig(keysOf(role), environmentOf(values));
  const changed = Object.keys(values).filter((key) => (before[key] ?? '') !== values[key]);
  const wanted = Object.fromEntries(changed.map((key) => [key, values[key] ?? '']));
  const after = await plannedEnv(context, { role, values: wanted, text });
  // The cloud gets its notes from the laptop; newer ones of the template would win.
  const foldersOnly = options['foldersOnly'] === true || role === 'cloud';
  const tellsNext = options['next'] !== false;
  return { role, values, text, after, changed: changed.sort(), foldersOnly, tellsNext };
}

function keysOf(role: MachineRole): readonly Key[] {
  const mail = [...IMAP_KEYS, 'MAIL_FROM', 'TLS_CA_FILE'] as const;
  const drafts = ['DRAFTER', 'DRAFTER_MODEL', 'DRAFTER_BASE_URL', 'DRAFTER_API_KEY'] as const;
  const sends = role === 'cloud' ? [] : SMTP_KEYS;
  return [...mail, ...drafts, ...sends, ...ODOO_KEYS, 'ODOO_ALLOW_POSTING_KEY', ...SYNC_KEYS];
}

/** What follows from the answers. Tokens are for programs of this machine alone; nobody types them. */
function settled(
  values: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>>,
  role: MachineRole,
  statusMcp: boolean,
): Record<string, string> {
  const missing = (key: Key): boolean => (values[key] ?? '') === '';
  const token = (key: Key, wanted: boolean): Record<string, string> =>
    wanted && missing(key) ? { [key]: randomBytes(24).toString('base64url') } : {};
  const newBooks = !missing('ODOO_URL') && (before['ODOO_URL'] ?? '') === '';
  const posts = role === 'laptop' || (role === 'both' && !missing('ODOO_ALLOW_POSTING_KEY'));
  return {
    SYNC: role === 'both' ? 'none' : 'syncthing',
    ...(newBooks ? { ODOO_MODE: posts ? 'live' : 'draft' } : {}),
    ...token('ODOO_MCP_TOKEN', role !== 'laptop' && !missing('ODOO_URL')),
    ...token('STATUS_MCP_TOKEN', statusMcp),
  };
}

/** For a script: everything is tried at once, and one fault is enough to write nothing. */
async function findingsOf(
  context: VerbContext,
  plan: Plan,
  checks: Checks | null,
): Promise<readonly Finding[]> {
  if (checks === null) return [];
  context.doing('trying the connections');
  const edges = EDGES.filter((edge) => edge !== 'syncthing' || plan.role !== 'both');
  const wanted = edges.filter((edge) => edge !== 'smtp' || plan.role !== 'cloud');
  const findings = (await Promise.all(wanted.map((edge) => checks[edge](plan.values)))).flat();
  const faults = obstacles(findings);
  if (faults.length === 0) return findings;
  const words = faults.map((one) => `${one.check}: ${one.words}${one.cure === '' ? '' : ` (${one.cure})`}`);
  throw new VerbFault('does-not-work', `nothing was written:\n  ${words.join('\n  ')}`);
}

async function write(context: VerbContext, plan: Plan, findings: readonly Finding[]): Promise<Outcome> {
  const { role, values } = plan;
  const made = await makeVault(context, {
    vaultDir: values['VAULT_DIR'] ?? '',
    stateDir: values['STATE_DIR'] ?? '',
    foldersOnly: plan.foldersOnly,
  });
  const ignores = role === 'both' ? null : await writeIgnores(made.vaultDir, role);
  // Last: while it is not there, no process starts on a half-made machine.
  const env = await writeEnv(context, plan.text, plan.after);
  const next = nextSteps(role, values);
  const toldFindings: string[] = [];
  show({ say: (line) => toldFindings.push(line), paint: context.paint }, findings);
  return {
    exit: EXIT.ok,
    json: { ...made, env, role, changed: env === 'kept' ? [] : plan.changed, ignores, findings, next },
    text: [
      ...toldFindings,
      ...madeLines(made),
      ...(ignores === null
        ? []
        : [`ignore  .stignore ${ignores === 'written' ? 'written' : 'left as it was'}`]),
      `.env    ${env === 'kept' ? 'left as it was' : `${env}, readable by you alone: ${plan.changed.join(', ')}`}`,
      ...(plan.tellsNext ? ['', 'Next:', ...next.map((line) => `  ${line}`)] : []),
    ].join('\n'),
  };
}

function madeLines(made: Awaited<ReturnType<typeof makeVault>>): string[] {
  const counts = `${made.created.length} files made, ${made.kept.length} left as they were`;
  return [`vault   ${made.vaultDir} (${counts})`, `state   ${made.stateDir}`];
}
