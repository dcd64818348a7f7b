/** One mailbox of the user, and what mail goes out from it. Secrets are not part of it. */
import type { Address } from './mail.ts';
import { type TaskNote, text } from './task-file.ts';

/** The account of the environment, where no accounts file names another. */
export const DEFAULT_ACCOUNT = 'default';

export interface MailAccount {
  /** `[a-z0-9-]{1,32}`; the property `account` of its notes. */
  readonly name: string;
  readonly from: Address;
  /** Every address the user receives mail at, `from` first; those of the other accounts are the user's too. */
  readonly addresses: readonly string[];
  readonly replyAll: boolean;
  readonly maxSendsPerHour: number;
}

const NAME = /^[a-z0-9-]{1,32}$/;

export function isAccountName(value: string): boolean {
  return NAME.test(value);
}

/**
 * The account a note names. Notes of before there were several hold the user name of the mailbox, mostly an
 * address, and a note made by hand holds nothing: both are the default account's.
 */
export function accountOf(note: TaskNote): string {
  const named = text(note, 'account') ?? '';
  return isAccountName(named) ? named : DEFAULT_ACCOUNT;
}

/**
 * The account under a name that a note gave, or null: then nothing is sent for it.
 * @param formerNames other names of the default account: the user name of its mailbox, where that is no address.
 */
export function accountNamed<A extends MailAccount>(
  accounts: readonly A[],
  name: string,
  formerNames: readonly string[] = [],
): A | null {
  const named = accounts.find((account) => account.name === name);
  if (named) return named;
  const former = formerNames.includes(name);
  return (former ? accounts.find((account) => account.name === DEFAULT_ACCOUNT) : undefined) ?? null;
}
