import { readFile } from 'node:fs/promises';
import { accountAuth } from '../mail/oauth/account-auth.ts';
import type { MailAuth } from '../mail/oauth/token-source.ts';
import { type Account, accountsOf } from '../runtime/accounts.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Environment, IMAP_KEYS, isConfigured, loadConfig, SMTP_KEYS } from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import type { Login } from '../runtime/mail-servers.ts';
import type { Role } from './doctor-check.ts';
import { VerbFault } from './verb.ts';

const READING_KEYS = [...IMAP_KEYS, 'MAIL_FROM', 'TLS_CA_FILE'] as const;

/** The accounts of this machine, with the keys that lie on it. */
export interface Mail {
  readonly stateDir: string;
  readonly accounts: readonly Account[];
  readonly role: Role;
  readonly authOf: (account: string, login: Login) => MailAuth;
  readonly ca: string | undefined;
}

/**
 * @param asCloud as if this machine had no key for sending, whatever is configured
 * @param env in place of the environment of this process
 * @throws ConfigFault, VerbFault
 */
export async function openMail(asCloud: boolean, env?: Environment): Promise<Mail> {
  const sends = !asCloud && isConfigured(['SMTP_HOST'], env);
  const config = sends ? loadConfig([...READING_KEYS, ...SMTP_KEYS], env) : loadConfig(READING_KEYS, env);
  const accounts = accountsOf(config);
  const { TLS_CA_FILE: caFile, STATE_DIR: stateDir } = config;
  const ca = caFile === '' ? undefined : await readFile(caFile, 'utf8').catch(() => null);
  if (ca === null) throw new VerbFault('no-ca', `TLS_CA_FILE ${caFile} cannot be read`, EXIT.config);
  return {
    stateDir,
    accounts,
    role: sends ? 'laptop' : 'cloud',
    authOf: accountAuth(accounts, { stateDir, clock: systemClock }),
    ca,
  };
}

/** The accounts that are meant: the one that is named, else all. @throws VerbFault */
export function chosen({ accounts }: Mail, name: string | undefined): readonly Account[] {
  if (name === undefined) return accounts;
  const found = accounts.filter((account) => account.name === name);
  if (found.length > 0) return found;
  const names = accounts.map((account) => account.name).join(', ');
  throw new VerbFault('no-account', `there is no account of this name; there is: ${names}`, EXIT.usage);
}
