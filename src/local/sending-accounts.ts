/** The accounts that mail leaves from: each its own submission server, hourly limit, connection and Sent folder. */
import { join } from 'node:path';
import { addressKey } from '../core/address-list.ts';
import { accountNamed, DEFAULT_ACCOUNT } from '../core/mail-account.ts';
import { EffectLimit } from '../journal/effect-limit.ts';
import { ImapSession } from '../mail/mailbox/imap-session.ts';
import { accountAuth } from '../mail/oauth/account-auth.ts';
import type { SmtpAccount } from '../mail/submission/submit-as.ts';
import { filesItself, SentFolder, settlingMs } from '../mail/submission/sent-folder.ts';
import type { AccountMailbox, AccountMailboxes } from '../mcp/email/email-deps.ts';
import type { Account } from '../runtime/accounts.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ImapServer, SmtpServer } from '../runtime/mail-servers.ts';

export interface SendingAccount extends AccountMailbox {
  readonly name: string;
  readonly smtp: SmtpAccount;
  readonly limit: EffectLimit;
}

export interface SendingAccounts extends AccountMailboxes {
  ofSender(address: string): SendingAccount | null;
  readonly several: boolean;
  close(): Promise<void>;
}

export interface SendingDeps {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly ca: string | undefined;
}

interface Complete extends Account {
  readonly imap: ImapServer;
  readonly smtp: SmtpServer;
}

export function openSendingAccounts(accounts: readonly Account[], deps: SendingDeps): SendingAccounts {
  // The configuration has seen to it that each has both.
  const complete = accounts.flatMap((account): Complete[] => {
    const { imap, smtp } = account;
    return imap && smtp ? [{ ...account, imap, smtp }] : [];
  });
  const authOf = accountAuth(complete, deps);
  const opened = complete.map((account) => ({ account, ...open(account, deps, authOf) }));
  const [only, ...others] = opened;
  return {
    several: others.length > 0,
    // What the one account sealed leaves by it, also when its sender was changed since.
    ofSender: (address) => {
      const key = addressKey(address);
      const found = opened.find(({ account }) => addressKey(account.from.address) === key);
      return found?.sending ?? (others.length === 0 ? (only?.sending ?? null) : null);
    },
    ofAccount: (name) => {
      const known = opened.map(({ account }) => account);
      const account = accountNamed(known, name, known[0]?.formerNames);
      return opened.find((one) => one.account === account)?.sending ?? null;
    },
    close: async () => {
      await Promise.all(opened.map(({ session }) => session.close()));
    },
  };
}

function open(
  { name, imap, smtp, addresses, maxSendsPerHour }: Complete,
  { stateDir, clock, ca }: SendingDeps,
  authOf: ReturnType<typeof accountAuth>,
): { readonly session: ImapSession; readonly sending: SendingAccount } {
  const { host, port, secure } = imap;
  const session = new ImapSession({ host, port, secure, auth: authOf(name, imap.login), ca });
  const filing = filingOf(smtp);
  const sent = new SentFolder({
    session,
    filing: filing === 'provider' ? 'provider' : 'append',
    mailbox: imap.mailbox,
    ownAddresses: [...addresses, imap.login.user],
    settleMs: settlingMs(smtp.host),
  });
  const limit = new EffectLimit({
    // Counted where it always was, for the one account of before.
    stateDir: name === DEFAULT_ACCOUNT ? stateDir : join(stateDir, 'accounts', name),
    of: 'sends',
    perHour: maxSendsPerHour,
    now: () => clock.now(),
  });
  const auth = smtp.login && authOf(name, smtp.login);
  const server = { host: smtp.host, port: smtp.port, secure: smtp.secure, auth, ca };
  return { session, sending: { name, sent, filing, limit, smtp: server } };
}

function filingOf({ sentCopy, host }: SmtpServer): AccountMailbox['filing'] {
  if (sentCopy !== 'auto') return sentCopy;
  return filesItself(host) ? 'provider' : 'append';
}
