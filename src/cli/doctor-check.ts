/** What every check of `handover doctor` gets and gives. One check, one file. */
import type { MailAuth } from '../mail/oauth/token-source.ts';
import type { Account } from '../runtime/accounts.ts';
import type { ImapServer, Login } from '../runtime/mail-servers.ts';

/** Whether this machine is meant to send. */
export type Role = 'cloud' | 'laptop';

export interface Patient {
  readonly account: Account;
  readonly imap: ImapServer;
  readonly role: Role;
  readonly authOf: (login: Login) => MailAuth;
  /** PEM of an authority to trust besides the system's. */
  readonly ca: string | undefined;
  /** Where the cloud's key is tried, in place of the servers that are guessed. */
  readonly smtpWish: { readonly host: string; readonly port: number } | null;
}

export interface Finding {
  /** `warning`: works, and should not, or could not be proved. */
  readonly level: 'ok' | 'warning' | 'fault';
  readonly check: 'access' | 'mailbox' | 'sending';
  readonly account: string;
  readonly words: string;
  /** What to do; '' when nothing. */
  readonly cure: string;
}

export type Check = (patient: Patient) => Promise<Finding>;

/** What a check says of its account. */
export function finding(
  { account }: Patient,
  check: Finding['check'],
  level: Finding['level'],
  words: string,
  cure = '',
): Finding {
  return { level, check, account: account.name, words, cure };
}
