import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { isLoopback } from '../core/loopback.ts';
import { DEFAULT_ACCOUNT } from '../core/mail-account.ts';
import { oauthFaults, oauthSettings } from '../core/oauth-settings.ts';
import { isInside } from '../files/inside.ts';
import { type FileAccount, fileHasServer, readAccountsFile } from './accounts-file.ts';
import {
  bool,
  DEVICE_WORDS,
  int,
  isDeviceId,
  list,
  loopbackUrl,
  mailbox,
  notifyCauses,
  notifyWays,
  oauthUrl,
  odooUrl,
  port,
  POSTING_KEY_WORDS,
  quietHours,
  required,
  secure,
  timeOfDay,
  timeZone,
  token,
  topicUrl,
} from './key-shapes.ts';
import {
  ADDRESS_LIST_WORDS,
  isAddressList,
  PLAIN_TEXT_WORDS,
  TENANT,
  TENANT_WORDS,
} from './setting-shapes.ts';

/**
 * The only file that reads the environment. Each process has a schema with only the keys it needs:
 * least privilege, visible in types. All faults are told at once, by name, never with a value.
 */

/** Every key Handover knows, with its default. `.env.example` documents each; a test holds the two together. */
export const KEYS = {
  VAULT_DIR: required,
  STATE_DIR: required,
  TIMEZONE: timeZone.default('UTC'),
  SYNC: z.enum(['none', 'syncthing']).default('none'),
  SYNCTHING_URL: loopbackUrl.default('http://127.0.0.1:8384'),
  SYNCTHING_API_KEY: z.string().default(''),
  SYNCTHING_FOLDER: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must be a Syncthing folder id: letters, digits, . _ -')
    .default('handover'),
  SYNCTHING_PEER_DEVICE: z
    .string()
    .refine((id) => id === '' || isDeviceId(id), DEVICE_WORDS)
    .default(''),
  SYNCTHING_TRUSTED_DEVICES: list.refine((ids) => ids.every(isDeviceId), DEVICE_WORDS).default([]),
  TAKEOVER_MINUTES: int(1, 10_080).default(15),
  STATUS_MCP_PORT: port.default(7411),
  STATUS_MCP_TOKEN: token.default(''),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  IMAP_HOST: required,
  IMAP_PORT: port.default(993),
  IMAP_SECURE: secure.default('true'),
  IMAP_USER: required,
  IMAP_PASSWORD: required,
  IMAP_MAILBOX: z.string().default('INBOX'),
  IMAP_BACKFILL_DAYS: int(0, 3650).default(0),
  ACCOUNTS_FILE: z.string().default(''),
  IMAP_AUTH: z.enum(['password', 'oauth']).default('password'),
  IMAP_OAUTH_PROVIDER: z.enum(['google', 'microsoft', 'custom']).default('google'),
  IMAP_OAUTH_CLIENT_ID: z.string().default(''),
  IMAP_OAUTH_CLIENT_SECRET: z.string().default(''),
  IMAP_OAUTH_TENANT: z.string().regex(TENANT, TENANT_WORDS).default('common'),
  IMAP_OAUTH_AUTHORIZE_URL: oauthUrl.default(''),
  IMAP_OAUTH_TOKEN_URL: oauthUrl.default(''),
  IMAP_OAUTH_DEVICE_URL: oauthUrl.default(''),
  IMAP_OAUTH_SCOPES: list.default([]),
  THREAD_MAILS: int(0, 20).default(6),
  SMTP_HOST: required,
  SMTP_PORT: port.default(465),
  SMTP_SECURE: secure.default('true'),
  SMTP_USER: z.string().default(''),
  SMTP_PASSWORD: z.string().default(''),
  SMTP_AUTH: z.enum(['password', 'oauth']).default('password'),
  TLS_CA_FILE: z.string().default(''),
  MAIL_FROM: mailbox,
  MAIL_ALIASES: list.refine(isAddressList, ADDRESS_LIST_WORDS).default([]),
  REPLY_ALL: bool.default(true),
  SENT_COPY: z.enum(['auto', 'append', 'provider', 'off']).default('auto'),
  DRAFTER: z.enum(['template', 'anthropic', 'openai-compatible']).default('template'),
  DRAFTER_MODEL: z.string().default(''),
  DRAFTER_BASE_URL: z.string().default(''),
  DRAFTER_API_KEY: z.string().default(''),
  DRAFTER_TIMEOUT_SECONDS: int(1, 600).default(60),
  DRY_RUN: bool.default(true),
  UNDO_SECONDS: int(0, 86_400).default(10),
  QUIET_HOURS: quietHours.default(null),
  DIGEST_AT: timeOfDay.default(null),
  NOTIFY: notifyWays.default([]),
  NOTIFY_ON: notifyCauses.default(['waiting', 'failure']),
  NTFY_URL: topicUrl.default(''),
  NTFY_TOKEN: z.string().default(''),
  LOG_KEEP_DAYS: int(90, 36_500).default(90),
  FIRST_CONTACT: z.enum(['ask', 'allow', 'refuse']).default('ask'),
  MAX_SENDS_PER_HOUR: int(0, 10_000).default(30),
  APPROVAL_EXPIRES_HOURS: int(1, 8760).default(72),
  DOUBT_MINUTES: int(0, 1440).default(2),
  SCAN_SECONDS: int(1, 3600).default(30),
  ODOO_URL: odooUrl.default(''),
  ODOO_DB: z.string().default(''),
  ODOO_USERNAME: z.string().default(''),
  ODOO_API_KEY: z.string().default(''),
  ODOO_PROTOCOL: z.enum(['auto', 'json2', 'jsonrpc', 'xmlrpc']).default('auto'),
  ODOO_MODE: z.enum(['draft', 'live']).default('draft'),
  ODOO_MCP_PORT: port.default(7412),
  ODOO_MCP_TOKEN: token.default(''),
  ODOO_ALLOW_POSTING_KEY: z
    .enum(['', POSTING_KEY_WORDS], { error: `must stay empty, or say exactly: ${POSTING_KEY_WORDS}` })
    .default(''),
  ODOO_API_KEY_EXPIRES: z
    .string()
    .refine((value) => value === '' || z.iso.date().safeParse(value).success, 'must be a date: YYYY-MM-DD')
    .default(''),
  ODOO_ADMIN_USERNAME: z.string().default(''),
  ODOO_ADMIN_API_KEY: z.string().default(''),
  MAX_POSTS_PER_HOUR: int(0, 10_000).default(10),
} as const;

export type Key = keyof typeof KEYS;
type Values<K extends Key> = { readonly [P in K]: z.output<(typeof KEYS)[P]> };

export const COMMON_KEYS = [
  'VAULT_DIR',
  'STATE_DIR',
  'TIMEZONE',
  'SYNC',
  'LOG_LEVEL',
  'SCAN_SECONDS',
] as const;
/** What it takes to speak with the Syncthing of this machine; see sync/open-sync.ts. */
export const SYNC_KEYS = [
  'SYNCTHING_URL',
  'SYNCTHING_API_KEY',
  'SYNCTHING_FOLDER',
  'SYNCTHING_PEER_DEVICE',
  'SYNCTHING_TRUSTED_DEVICES',
] as const;
/** What it takes to speak with Odoo; the edge is off while `ODOO_URL` is empty. */
export const ODOO_KEYS = [
  'ODOO_URL',
  'ODOO_DB',
  'ODOO_USERNAME',
  'ODOO_API_KEY',
  'ODOO_PROTOCOL',
  'TLS_CA_FILE',
] as const;
/** What it takes to log in to the mailboxes; see runtime/accounts.ts. */
export const IMAP_KEYS = [
  'ACCOUNTS_FILE',
  'IMAP_HOST',
  'IMAP_PORT',
  'IMAP_SECURE',
  'IMAP_USER',
  'IMAP_PASSWORD',
  'IMAP_AUTH',
  'IMAP_OAUTH_PROVIDER',
  'IMAP_OAUTH_CLIENT_ID',
  'IMAP_OAUTH_CLIENT_SECRET',
  'IMAP_OAUTH_TENANT',
  'IMAP_OAUTH_AUTHORIZE_URL',
  'IMAP_OAUTH_TOKEN_URL',
  'IMAP_OAUTH_DEVICE_URL',
  'IMAP_OAUTH_SCOPES',
  'IMAP_MAILBOX',
] as const;
/** What it takes to submit mail: on the laptop alone. */
export const SMTP_KEYS = [
  'SMTP_HOST',
  'SMTP_PORT',
  'SMTP_SECURE',
  'SMTP_USER',
  'SMTP_PASSWORD',
  'SMTP_AUTH',
] as const;
type OAuthKey = Extract<Key, `IMAP_OAUTH_${string}`>;
const OAUTH_KEYS = Object.keys(KEYS).filter((key) => key.startsWith('IMAP_OAUTH_'));
export type CommonConfig = Values<(typeof COMMON_KEYS)[number]>;
export type Config<K extends Key> = Values<K | (typeof COMMON_KEYS)[number]> & FromAccountsFile;

interface FromAccountsFile {
  /** With `ACCOUNTS_FILE` among the keys; null when it is not set. See runtime/accounts.ts. */
  readonly fileAccounts?: readonly FileAccount[] | null;
}

/** What the accounts file says instead. They are '' then. */
const OF_ONE_ACCOUNT: readonly Key[] = ['IMAP_HOST', 'IMAP_USER', 'IMAP_PASSWORD', 'SMTP_HOST', 'MAIL_FROM'];

export class ConfigFault extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`configuration:\n${faults.map((f) => `  ${f}`).join('\n')}`);
    this.name = 'ConfigFault';
    this.faults = faults;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the keys from the file `ENV_FILE` names (default `.env`) and the environment, which wins.
 * An empty value counts as absent.
 * @throws ConfigFault with every fault.
 */
export function loadConfig<K extends Key>(keys: readonly K[], env: Environment = process.env): Config<K> {
  const file = readEnvFile(env['ENV_FILE']);
  const faults: string[] = [...file.faults];
  const asked = new Set<Key>([...COMMON_KEYS, ...keys]);
  const valueOf = (name: string): string | undefined => env[name] ?? file.values[name];
  const needless = needlessKeys(asked, valueOf);
  const out: Record<string, unknown> = {};
  for (const key of asked) {
    const value = valueOf(key);
    const absent = value === undefined || value === '';
    const result = KEYS[key].safeParse(absent ? undefined : value);
    if (result.success) out[key] = result.data;
    else if (absent && needless.includes(key)) out[key] = '';
    else faults.push(`${key} ${absent ? 'is missing' : reason(result.error)}`);
  }
  faults.push(...crossFaults(out));
  if (asked.has('ACCOUNTS_FILE')) out['fileAccounts'] = accountsAsked(asked, file.folder, valueOf, faults);
  if (faults.length > 0) throw new ConfigFault(faults);
  return out as Config<K>;
}

type ValueOf = (name: string) => string | undefined;

/** Keys that may stay empty although they have no default. */
function needlessKeys(asked: ReadonlySet<Key>, valueOf: ValueOf): readonly Key[] {
  if (asked.has('ACCOUNTS_FILE') && (valueOf('ACCOUNTS_FILE') ?? '') !== '') return OF_ONE_ACCOUNT;
  return asked.has('IMAP_AUTH') && valueOf('IMAP_AUTH') === 'oauth' ? ['IMAP_PASSWORD'] : [];
}

/** The file, with the secrets of the servers that this process speaks with and no others. */
function accountsAsked(
  asked: ReadonlySet<Key>,
  folder: string,
  valueOf: ValueOf,
  faults: string[],
): readonly FileAccount[] | null {
  const named = valueOf('ACCOUNTS_FILE') ?? '';
  if (named === '') return null;
  const read = readAccountsFile(resolve(folder, named), {
    vaultDir: valueOf('VAULT_DIR'),
    secret: valueOf,
    wants: { imap: asked.has('IMAP_PASSWORD'), smtp: asked.has('SMTP_PASSWORD') },
  });
  faults.push(...read.faults);
  const beside = (['IMAP_HOST', 'SMTP_HOST', 'MAIL_FROM'] as const).find(
    (key) => (valueOf(key) ?? '') !== '',
  );
  const isThere = read.accounts.length === 0 || read.accounts.some(({ name }) => name === DEFAULT_ACCOUNT);
  if (beside !== undefined && !isThere) {
    faults.push(
      `${beside} is set beside ACCOUNTS_FILE: write that mailbox there, as accounts.${DEFAULT_ACCOUNT}`,
    );
  }
  return read.accounts;
}

/** Is every key of an edge present? An edge that is not configured is off. */
export function isConfigured(keys: readonly Key[], env: Environment = process.env): boolean {
  const file = readEnvFile(env['ENV_FILE']);
  const valueOf: ValueOf = (name) => env[name] ?? file.values[name];
  const named = valueOf('ACCOUNTS_FILE') ?? '';
  return keys.every((key) => {
    if ((valueOf(key) ?? '') !== '') return true;
    if (named === '' || (key !== 'IMAP_HOST' && key !== 'SMTP_HOST')) return false;
    return fileHasServer(resolve(file.folder, named), key === 'IMAP_HOST' ? 'imap' : 'smtp');
  });
}

function reason(error: z.ZodError): string {
  const issue = error.issues[0];
  // Zod quotes what it received in some messages; a value is never shown.
  if (issue?.code === 'invalid_value')
    return issue.message.startsWith('must')
      ? issue.message
      : `must be one of: ${issue.values.map(String).join(', ')}`;
  return issue?.message ?? 'is malformed';
}

function crossFaults(config: Record<string, unknown>): string[] {
  const faults: string[] = [];
  const { VAULT_DIR: vault, STATE_DIR: state } = config;
  if (typeof vault === 'string' && typeof state === 'string') {
    if (isInside(resolve(vault), resolve(state))) {
      faults.push('STATE_DIR lies inside VAULT_DIR: journal and secrets must not travel with the vault');
    }
  }
  for (const edge of ['IMAP', 'SMTP']) {
    const host = config[`${edge}_HOST`];
    if (config[`${edge}_SECURE`] === 'false' && typeof host === 'string' && !isLoopback(host)) {
      faults.push(`${edge}_SECURE ${PLAIN_TEXT_WORDS}`);
    }
  }
  if (config['IMAP_AUTH'] === 'oauth' || config['SMTP_AUTH'] === 'oauth')
    faults.push(...oauthKeyFaults(config));
  if (typeof config['ODOO_URL'] === 'string' && config['ODOO_URL'] !== '') {
    for (const key of ['ODOO_DB', 'ODOO_USERNAME', 'ODOO_API_KEY']) {
      if (config[key] === '') faults.push(`${key} is missing: ODOO_URL is set`);
    }
  }
  return faults;
}

/** Only in a process that gets them all, and where the accounts file does not say it instead. */
function oauthKeyFaults(config: Record<string, unknown>): readonly string[] {
  const complete = OAUTH_KEYS.every((key) => config[key] !== undefined);
  return complete && !config['ACCOUNTS_FILE'] ? oauthFaults(oauthSettings(config as Values<OAuthKey>)) : [];
}

/** `folder`: what a relative path in it is meant from. */
function readEnvFile(named: string | undefined): { values: Environment; faults: string[]; folder: string } {
  const path = named ?? '.env';
  const folder = dirname(resolve(path));
  let content: string;
  try {
    const mode = statSync(path).mode & 0o077;
    if (mode !== 0) {
      return {
        values: {},
        folder,
        faults: [`ENV_FILE can be read by other users of this machine: chmod 600 ${path}`],
      };
    }
    content = readFileSync(path, 'utf8');
  } catch {
    return { values: {}, folder, faults: named === undefined ? [] : [`ENV_FILE ${path} cannot be read`] };
  }
  return { values: parseEnv(content), folder, faults: [] };
}

/** Fault injection for tests: `<crash point>[@<nth time>]`. Not part of the configuration of a host. */
export function crashRequest(env: Environment = process.env): { point: string; nth: number } | null {
  const wish = env['HANDOVER_CRASH_AT'];
  if (wish === undefined || wish === '') return null;
  const [point = '', nth = '1'] = wish.split('@');
  return { point, nth: Number(nth) };
}

/** What a spawned server of ours reads the same configuration from. */
export function childEnvironment(env: Environment = process.env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((e): e is [string, string] => e[1] !== undefined));
}
