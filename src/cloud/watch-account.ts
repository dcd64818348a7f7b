/** Reads one mailbox of the user: a connection, a cursor and a ledger of its own, so that no account waits for another. */
import type { At } from '../core/crash-points.ts';
import { DEFAULT_ACCOUNT } from '../core/mail-account.ts';
import type { MailRules } from '../core/mail-rules.ts';
import type { PeopleNotes } from '../core/people/people-notes.ts';
import { CursorFile } from '../mail/inbox/cursor-file.ts';
import { ImapInbox, INBOX_DEFAULTS, type InboxSettings } from '../mail/inbox/imap-inbox.ts';
import { SeenFiles } from '../mail/inbox/seen-ledger.ts';
import { ImapSession } from '../mail/mailbox/imap-session.ts';
import { mailboxThreads } from '../mail/mailbox/thread-lookup.ts';
import { readMessage } from '../mail/message/read-message.ts';
import type { MailAuth } from '../mail/oauth/token-source.ts';
import type { Account } from '../runtime/accounts.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { ImapServer } from '../runtime/mail-servers.ts';
import { mailboxReader } from '../stages/read-mailbox.ts';
import type { SkippedDigest } from '../stages/skipped-digest.ts';
import { type FetchedMail, mailTaker, type TakenIn } from '../stages/take-in-mail.ts';
import { type Watching, watchMailbox } from '../stages/watch-mailbox.ts';
import type { Vault } from '../vault/vault.ts';
import type { MailboxState } from './mailboxes-health.ts';

const MAILS_PER_PASS = 200;
/** Mails written at once: a disk flushes several files for the price of one. */
const PARALLEL = 16;
const ALONE_ABOVE_BYTES = 256 * 1024;
const BACKOFF = { firstMs: 500, capMs: 300_000 };
const AUTH_RETRY_MS = 600_000;

export type ReadingAccount = Account & { readonly imap: ImapServer };

export interface WatchAccountDeps {
  /** Of the process: names its folder in STATE_DIR, and the log lines. */
  readonly process: string;
  readonly vault: Vault;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly at: At;
  readonly timeZone: string;
  readonly scanSeconds: number;
  readonly auth: MailAuth;
  readonly ca: string | undefined;
  /** Earlier mails of a thread; 0: the mailbox is not asked about threads. */
  readonly threadMails: number;
  readonly rules: () => Promise<MailRules>;
  readonly people: PeopleNotes;
  readonly digest: SkippedDigest;
  /** Runs the work on a large mail when no other account is at one. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onState: (state: MailboxState) => void;
}

export function watchAccount(account: ReadingAccount, deps: WatchAccountDeps): Watching {
  const { vault, stateDir, clock, at } = deps;
  const { imap } = account;
  const log = deps.log.child({ account: account.name });
  const ledger = new SeenFiles(stateDir);
  const settings = inboxSettings(imap, deps);
  // Of its own: the connection that watches the mailbox must not be switched to another folder.
  const session = new ImapSession(settings);
  const thread = mailboxThreads({
    session,
    mailbox: imap.mailbox,
    maxMails: deps.threadMails,
    now: () => clock.now(),
  });
  const takeIn = mailTaker({
    vault,
    ledger,
    read: (mail) => readMessage(mail.raw, mail.size),
    account: account.name,
    ids: account.ids,
    ownAddresses: account.addresses,
    rules: deps.rules,
    thread: deps.threadMails === 0 ? null : thread,
    people: deps.people,
    skipped: (mail) => deps.digest.add(mail),
    timeZone: deps.timeZone,
    now: () => clock.now(),
    at,
  });
  const reading = {
    cursors: new CursorFile(stateDir, deps.process, cursorKey(account)),
    flush: async () => {
      await deps.digest.flush();
      await ledger.flush();
    },
    takeIn: (mail: FetchedMail): Promise<TakenIn> =>
      mail.raw.length > ALONE_ABOVE_BYTES ? deps.alone(() => takeIn(mail)) : takeIn(mail),
    onTaken: ({ id, folder, outcome, uid }: TakenIn, ms: number) =>
      log.info(
        { task: id, from: 'mailbox', to: folder, stage: deps.process, reason: outcome, uid, ms },
        'taken in',
      ),
    now: () => clock.now(),
    at,
    backfillDays: imap.backfillDays,
    perPass: MAILS_PER_PASS,
    parallel: PARALLEL,
    aloneAboveBytes: ALONE_ABOVE_BYTES,
  };
  const watching = watchMailbox({
    open: () => ImapInbox.open(settings),
    reader: (inbox: ImapInbox) => mailboxReader(reading, inbox),
    everyMs: deps.scanSeconds * 1000,
    backoff: BACKOFF,
    authRetryMs: AUTH_RETRY_MS,
    cure: account.cure,
    onState: (state, reason) => deps.onState({ state, reason }),
    log: ({ what, ...event }) => log.info(event, what),
    clock,
    jitter: () => Math.random(),
  });
  return {
    settled: watching.settled,
    stop: async () => {
      await watching.stop();
      await session.close();
    },
  };
}

/** The one account of before has the name its cursor always had: after an upgrade no mail comes a second time. */
function cursorKey({ name, imap }: ReadingAccount): string {
  const mailbox = `${imap.login.user} ${imap.host} ${imap.mailbox}`;
  return name === DEFAULT_ACCOUNT ? mailbox : `${name} ${mailbox}`;
}

function inboxSettings(imap: ImapServer, { auth, ca }: WatchAccountDeps): InboxSettings {
  const { host, port, secure, mailbox } = imap;
  return { ...INBOX_DEFAULTS, host, port, secure, auth, mailbox, ca };
}
