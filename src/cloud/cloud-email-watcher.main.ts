/**
 * cloud-email-watcher: makes a note of every mail that comes.
 *
 * DOES      Keeps each mailbox open (IDLE, and a scan every SCAN_SECONDS). Each mail becomes one note: a card
 *           in `Needs_Action/email`, `Skipped` with a reason for mail that no person waits behind,
 *           `Quarantine` for mail that cannot be read. Opens mailboxes read-only: no flag changes. One that cannot
 *           be opened pauses alone.
 * READS     The mailbox IMAP_MAILBOX, or those of ACCOUNTS_FILE; with two machines the Syncthing of this one.
 * WRITES    `Needs_Action/email/`, `Skipped/`, `Quarantine/`, `Attachments/`, `Conflicts/` (a second copy of
 *           its own), `Updates/cloud-agent/`, STATE_DIR (`cloud-email-watcher/`, `seen/`).
 * SECRETS   The IMAP passwords, or access by OAuth (STATE_DIR/tokens); Syncthing's API key. It submits no mail and holds no code that could.
 * TWICE     No: a lock in STATE_DIR. Two on two machines over one vault make no second note.
 * ON CRASH  Fetches again what lies behind the cursor; the ledger and the notes' names say what is done.
 */
import { readFile } from 'node:fs/promises';
import { formatAddress } from '../core/address-list.ts';
import { accountAuth } from '../mail/oauth/account-auth.ts';
import { peopleStore } from '../mail/people/people-store.ts';
import { contactsReader } from '../mail/people/read-contacts.ts';
import { accountsOf } from '../runtime/accounts.ts';
import { type Config, SYNC_KEYS, IMAP_KEYS } from '../runtime/config.ts';
import { runDaemon } from '../runtime/daemon.ts';
import { openSkippedDigest } from '../stages/skipped-digest.ts';
import { openSync } from '../sync/open-sync.ts';
import { watchShare } from '../sync/watch-share.ts';
import { houseRules } from './house-rules.ts';
import { mailboxesHealth, type MailboxState } from './mailboxes-health.ts';
import { type ReadingAccount, watchAccount } from './watch-account.ts';

const PROCESS = 'cloud-email-watcher';
/** A mail server that does not answer must not keep PM2 waiting: the heartbeat says what is wrong. */
const READY_AFTER_MS = 10_000;
/** The draft-replier takes a new note within milliseconds; what it takes need not travel twice. */
const LINGER_MS = 100;

const KEYS = [
  ...IMAP_KEYS,
  'IMAP_BACKFILL_DAYS',
  'THREAD_MAILS',
  'TLS_CA_FILE',
  'MAIL_FROM',
  'MAIL_ALIASES',
  ...SYNC_KEYS,
] as const;
type WatcherConfig = Config<(typeof KEYS)[number]>;

runDaemon({
  process: PROCESS,
  agent: 'cloud-agent',
  keys: KEYS,
  start: async ({ config, vault, stateDir, clock, log, health, at }) => {
    const sync = openSync(config, { vault, clock, log, lingerMs: LINGER_MS });
    const share = watchShare({
      sync,
      role: 'cloud',
      root: vault.root,
      clock,
      note: (about, words) => health.note(about, words),
    });
    const ca = config.TLS_CA_FILE === '' ? undefined : await readFile(config.TLS_CA_FILE, 'utf8');
    const accounts = readingAccounts(config);
    const authOf = accountAuth(accounts, { stateDir, clock, at });
    const states = new Map<string, MailboxState>(
      accounts.map(({ name }) => [name, { state: 'ok', reason: undefined }]),
    );
    const alone = oneAtATime();
    const house = houseRules(vault, (words) => health.note('mail rules', words));
    const people = peopleStore({
      stateDir,
      own: ownAddresses(accounts),
      contacts: contactsReader(vault, () => clock.now()),
      ownText: () => house.text(),
      now: () => clock.now(),
    });
    const digest = await openSkippedDigest({
      ...{ stateDir, vault, timeZone: config.TIMEZONE },
      now: () => clock.now(),
    });
    const watching = accounts.map((account) =>
      watchAccount(account, {
        ...{ process: PROCESS, vault, stateDir, clock, log, at, ca, alone, people, digest },
        rules: () => house.rules(),
        threadMails: config.THREAD_MAILS,
        timeZone: config.TIMEZONE,
        scanSeconds: config.SCAN_SECONDS,
        auth: authOf(account.name, account.imap.login),
        onState: (state) => {
          states.set(account.name, state);
          const all = mailboxesHealth(states);
          health.set(all.state, all.reason);
        },
      }),
    );
    const started = new AbortController();
    const settled = Promise.all(watching.map((one) => one.settled));
    await Promise.race([settled, clock.sleep(READY_AFTER_MS, started.signal)]);
    started.abort();
    return {
      stop: async () => {
        await Promise.all(watching.map((one) => one.stop()));
        await share.stop();
        await sync?.stop();
      },
    };
  },
});

/** The configuration has seen to it that each has a mailbox. */
function readingAccounts(config: WatcherConfig): readonly ReadingAccount[] {
  return accountsOf(config).flatMap((account) => (account.imap ? [{ ...account, imap: account.imap }] : []));
}

/** As headers spell them. */
function ownAddresses(accounts: readonly ReadingAccount[]): readonly string[] {
  return [
    ...accounts.map(({ from }) => formatAddress(from)),
    ...accounts.flatMap(({ addresses }) => addresses),
  ];
}

/** Several mailboxes with large mails at once would take as many times the memory. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const run = last.then(work);
    last = run.catch(() => undefined);
    return run;
  };
}
