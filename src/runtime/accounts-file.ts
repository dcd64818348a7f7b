/**
 * The accounts file (TOML): several mailboxes in one vault. It names secrets by variable and never holds one; it says
 * whom passwords are given to, so it is taken from nobody else and never from the vault.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { addressKey } from '../core/address-list.ts';
import { DEFAULT_ACCOUNT, isAccountName } from '../core/mail-account.ts';
import type { OAuthSettings } from '../core/oauth-settings.ts';
import { isInside } from '../files/inside.ts';
import { type AccountEntry, accountSchema } from './accounts-schema.ts';
import type { ImapServer, Login, SmtpServer } from './mail-servers.ts';
import { senderOf } from './setting-shapes.ts';

/** One account of the file. Servers are there only for a process that asked for their secrets. */
export interface FileAccount {
  readonly name: string;
  readonly entry: AccountEntry;
  readonly imap: ImapServer | null;
  readonly smtp: Omit<SmtpServer, 'sentCopy'> | null;
}

export interface AccountsFileOptions {
  /** As configured; the file may not lie in it. */
  readonly vaultDir: string | undefined;
  /** The value of a variable, from the environment or the env file. */
  readonly secret: (name: string) => string | undefined;
  /** Which servers this process speaks with: only their secrets are read. */
  readonly wants: { readonly imap: boolean; readonly smtp: boolean };
}

interface ReadAccounts {
  readonly accounts: readonly FileAccount[];
  /** Every one, by name, never with a value. */
  readonly faults: readonly string[];
}

const MAX_BYTES = 64 * 1024;
const MAX_ACCOUNTS = 20;

export function readAccountsFile(path: string, options: AccountsFileOptions): ReadAccounts {
  const read = readText(path, options.vaultDir);
  if (!read.ok) return { accounts: [], faults: [read.fault] };
  const tables = tablesOf(read.text);
  if (!tables.ok) return { accounts: [], faults: [tables.fault] };
  const faults: string[] = [];
  const accounts: FileAccount[] = [];
  for (const [name, table] of Object.entries(tables.accounts)) {
    if (!isAccountName(name)) {
      faults.push('ACCOUNTS_FILE: the name of an account has small letters, digits and hyphens, at most 32');
      continue;
    }
    const entry = accountSchema.safeParse(table);
    if (!entry.success) faults.push(...entry.error.issues.flatMap((issue) => told(name, issue)));
    else accounts.push(withSecrets(name, entry.data, options, faults));
  }
  return { accounts, faults: [...faults, ...twice(accounts)] };
}

/** Does some account of the file have this server? A file that cannot be read counts: its faults are then told. */
export function fileHasServer(path: string, server: 'imap' | 'smtp'): boolean {
  const read = readText(path, undefined);
  const tables = read.ok ? tablesOf(read.text) : null;
  if (!tables?.ok) return true;
  return Object.values(tables.accounts).some(
    (table) => typeof table === 'object' && table !== null && server in table,
  );
}

function readText(
  path: string,
  vaultDir: string | undefined,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly fault: string } {
  const no = (fault: string) => ({ ok: false as const, fault: `ACCOUNTS_FILE ${fault}` });
  try {
    const { mode, size } = statSync(path);
    if ((mode & 0o077) !== 0) return no(`can be read by other users of this machine: chmod 600 ${path}`);
    if (size > MAX_BYTES) return no(`is larger than ${MAX_BYTES} bytes`);
    if (vaultDir !== undefined && isInside(real(vaultDir), realpathSync(path))) {
      return no('lies inside VAULT_DIR: whoever syncs with you could say whom your passwords are given to');
    }
    return { ok: true, text: readFileSync(path, 'utf8') };
  } catch {
    return no(`${path} cannot be read`);
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

function tablesOf(
  text: string,
):
  | { readonly ok: true; readonly accounts: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly fault: string } {
  let root: Readonly<Record<string, unknown>>;
  try {
    root = parse(text);
  } catch (error) {
    // The library's own words quote the line, and a line may hold what somebody took for its place.
    const where = error instanceof TomlError ? ` at line ${error.line}` : '';
    return { ok: false, fault: `ACCOUNTS_FILE is no TOML${where}` };
  }
  const { accounts, ...more } = root;
  const names = Object.keys(typeof accounts === 'object' && accounts !== null ? accounts : {});
  const [stray] = Object.keys(more);
  if (stray !== undefined)
    return { ok: false, fault: `ACCOUNTS_FILE: ${safe(stray)} stands outside [accounts.<name>]` };
  if (names.length === 0) return { ok: false, fault: 'ACCOUNTS_FILE has no [accounts.<name>]' };
  if (names.length > MAX_ACCOUNTS)
    return { ok: false, fault: `ACCOUNTS_FILE has more than ${MAX_ACCOUNTS} accounts` };
  return { ok: true, accounts: accounts as Readonly<Record<string, unknown>> };
}

function told(name: string, issue: z.core.$ZodIssue): string[] {
  const at = (path: readonly PropertyKey[]) =>
    ['accounts', name, ...path.filter((part) => typeof part === 'string').map(safe)].join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      /^(password|client_secret)$/.test(key)
        ? `${at([...issue.path, key])} must not stand here: ${key}_env names a variable`
        : `${at([...issue.path, key])} is no setting`,
    );
  }
  const absent = issue.code === 'invalid_type' && issue.input === undefined;
  return [`${at(issue.path)} ${absent ? 'is missing' : issue.message}`];
}

/** A key of the file in our own words. */
function safe(key: PropertyKey): string {
  return String(key)
    .replace(/[^\w-]/g, '?')
    .slice(0, 40);
}

function withSecrets(
  name: string,
  entry: AccountEntry,
  { wants, secret }: AccountsFileOptions,
  faults: string[],
): FileAccount {
  const at = `accounts.${name}`;
  const valueOf = (variable: string | undefined, key: string): string => {
    const value = variable === undefined ? '' : (secret(variable) ?? '');
    if (variable !== undefined && value === '') faults.push(`${variable} is missing: ${at}.${key} names it`);
    return value;
  };
  for (const server of ['imap', 'smtp'] as const) {
    if (wants[server] && entry[server] === undefined) faults.push(`${at}.${server} is missing`);
  }
  const imap = wants.imap ? entry.imap : undefined;
  const smtp = wants.smtp ? entry.smtp : undefined;
  const oauth = imap?.auth === 'oauth' || smtp?.auth === 'oauth' ? oauthOf(entry, valueOf) : null;
  const login = (server: NonNullable<typeof imap | typeof smtp>, key: string, user: string): Login =>
    server.auth === 'oauth' && oauth !== null
      ? { type: 'oauth2', user, oauth }
      : { type: 'password', user, password: valueOf(server.password_env, `${key}.password_env`) };
  const smtpUser = smtp?.user === '' && smtp.auth === 'oauth' ? (entry.imap?.user ?? '') : (smtp?.user ?? '');
  return {
    name,
    entry,
    imap: imap
      ? {
          ...place(imap),
          login: login(imap, 'imap', imap.user),
          mailbox: imap.mailbox,
          backfillDays: imap.backfill_days,
        }
      : null,
    smtp: smtp ? { ...place(smtp), login: smtpUser === '' ? null : login(smtp, 'smtp', smtpUser) } : null,
  };
}

function place({ host, port, secure }: { host: string; port: number; secure: ImapServer['secure'] }) {
  return { host, port, secure };
}

function oauthOf(
  { oauth }: AccountEntry,
  valueOf: (variable: string | undefined, key: string) => string,
): OAuthSettings | null {
  if (!oauth) return null;
  return {
    provider: oauth.provider,
    clientId: oauth.client_id,
    clientSecret: valueOf(oauth.client_secret_env, 'oauth.client_secret_env'),
    tenant: oauth.tenant,
    authorizeUrl: oauth.authorize_url,
    tokenUrl: oauth.token_url,
    deviceUrl: oauth.device_url,
    scopes: oauth.scopes,
  };
}

/** Two accounts over one mailbox make two cards of each mail; two with one sender cannot be told apart when sending. */
function twice(accounts: readonly FileAccount[]): string[] {
  const faults: string[] = [];
  const keys: readonly (readonly [string, (a: FileAccount) => string | undefined])[] = [
    ['the sender', ({ entry }) => addressKey(senderOf(entry.from).address)],
    [
      'the mailbox',
      ({ entry: { imap } }) =>
        imap && [imap.host.toLowerCase(), imap.port, imap.user, imap.mailbox].join('\0'),
    ],
  ];
  for (const [what, keyOf] of keys) {
    const seen = new Map<string, string>();
    for (const account of accounts) {
      const key = keyOf(account);
      if (key === undefined) continue;
      const other = seen.get(key);
      if (other !== undefined) faults.push(`accounts.${account.name} has ${what} of accounts.${other}`);
      else seen.set(key, account.name);
    }
  }
  const former = accounts.find(({ name }) => name === DEFAULT_ACCOUNT)?.entry.imap?.user;
  if (former !== undefined && former !== DEFAULT_ACCOUNT && accounts.some(({ name }) => name === former)) {
    faults.push(
      'an account has the user name of accounts.default for its name: notes of both could not be told apart',
    );
  }
  return faults;
}
