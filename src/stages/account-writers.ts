/** Which of the user's accounts a note is answered from. Pure. */
import { formatAddress } from '../core/address-list.ts';
import {
  accountNamed,
  accountOf,
  DEFAULT_ACCOUNT,
  isAccountName,
  type MailAccount,
} from '../core/mail-account.ts';
import { type TaskNote, text } from '../core/task-file.ts';
import type { Writer } from './draft-request.ts';

export interface AccountWriter {
  /** Whose signature it gets. */
  readonly account: string;
  readonly me: Writer;
  /** What the card's property `account` becomes; null: it stays as it is. */
  readonly stamp: string | null;
  /** The sender as the card shows it; undefined where there is only one. */
  readonly from: string | undefined;
  readonly warnings: readonly string[];
}

/** The same for every note: there is one account. */
export function onlyWriter(me: Writer): (note: TaskNote) => AccountWriter {
  return () => ({ account: DEFAULT_ACCOUNT, me, stamp: null, from: undefined, warnings: [] });
}

/**
 * A note that names no account is answered from the first of `accounts`, and says so from then on. One that names an
 * account that is not known here keeps its word: the laptop decides whether it may be sent.
 */
export function accountWriters(
  accounts: readonly [MailAccount, ...MailAccount[]],
): (note: TaskNote) => AccountWriter {
  const [home] = accounts;
  if (accounts.length === 1 && home.name === DEFAULT_ACCOUNT) return onlyWriter(writer(home));
  return (note) => {
    const named = isAccountName(text(note, 'account') ?? '');
    const account = accountNamed(accounts, accountOf(note));
    const { from, name } = account ?? home;
    return {
      account: name,
      me: writer(account ?? home),
      stamp: named ? null : name,
      from: accounts.length === 1 ? undefined : formatAddress(from),
      warnings:
        named && account === null
          ? [
              `Draft: the account ${accountOf(note)} is not known where this was drafted; it was written as ${name}.`,
            ]
          : [],
    };
  };
}

function writer({ from, addresses, replyAll }: MailAccount): Writer {
  return { name: from.name, addresses, replyAll };
}
