/**
 * cloud-email-watcher: makes a note of every mail that comes.
 *
 * DOES      Keeps the mailbox open (IDLE, and a scan every SCAN_SECONDS). Each mail becomes one note: a card
 *           in `Needs_Action/email`, `Skipped` with a reason for mail that no person waits behind,
 *           `Quarantine` for mail that cannot be read. Opens the mailbox read-only: no flag changes.
 * READS     The mailbox IMAP_MAILBOX; with two machines the Syncthing of this one.
 * WRITES    `Needs_Action/email/`, `Skipped/`, `Quarantine/`, `Attachments/`, `Conflicts/` (a second copy of
 *           its own), `Updates/cloud-agent/`, STATE_DIR (`cloud-email-watcher/`, `seen/`).
 * SECRETS   The IMAP password, Syncthing's API key. It submits no mail and holds no code that could.
 * TWICE     No: a lock in STATE_DIR. Two on two machines over one vault make no second note.
 * ON CRASH  Fetches again what lies behind the cursor; the ledger and the notes' names say what is done.
 */
import { readFile } from 'node:fs/promises';
import { parseAddressList } from '../core/address-list.ts';
import { CursorFile } from '../mail/inbox/cursor-file.ts';
import { ImapInbox, INBOX_DEFAULTS, type InboxSettings } from '../mail/inbox/imap-inbox.ts';
import { SeenFiles } from '../mail/inbox/seen-ledger.ts';
import { readMessage } from '../mail/message/read-message.ts';
import { type Config, SYNC_KEYS } from '../runtime/config.ts';
import { runDaemon } from '../runtime/daemon.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { mailboxReader } from '../stages/read-mailbox.ts';
import { mailTaker } from '../stages/take-in-mail.ts';
import { watchMailbox } from '../stages/watch-mailbox.ts';
import { openSync } from '../sync/open-sync.ts';
import { watchShare } from '../sync/watch-share.ts';

const PROCESS = 'cloud-email-watcher';
const MAILS_PER_PASS = 200;
/** Mails written at once: a disk flushes several files for the price of one. */
const PARALLEL = 16;
const ALONE_ABOVE_BYTES = 256 * 1024;
const BACKOFF = { firstMs: 500, capMs: 300_000 };
const AUTH_RETRY_MS = 600_000;
/** A mail server that does not answer must not keep PM2 waiting: the heartbeat says what is wrong. */
const READY_AFTER_MS = 10_000;
/** The draft-replier takes a new note within milliseconds; what it takes need not travel twice. */
const LINGER_MS = 100;

const KEYS = [
  'IMAP_HOST',
  'IMAP_PORT',
  'IMAP_SECURE',
  'IMAP_USER',
  'IMAP_PASSWORD',
  'IMAP_MAILBOX',
  'IMAP_BACKFILL_DAYS',
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
    const settings = await inboxSettings(config);
    const sync = openSync(config, { vault, clock, log, lingerMs: LINGER_MS });
    const share = watchShare({
      sync,
      role: 'cloud',
      root: vault.root,
      clock,
      note: (about, words) => health.note(about, words),
    });
    const account = `${config.IMAP_USER} ${config.IMAP_HOST} ${config.IMAP_MAILBOX}`;
    const ledger = new SeenFiles(stateDir);
    const takeIn = mailTaker({
      vault,
      ledger,
      read: (mail) => readMessage(mail.raw, mail.size),
      account: config.IMAP_USER,
      ownAddresses: ownAddresses(config),
      timeZone: config.TIMEZONE,
      now: () => clock.now(),
      at,
    });
    const reading = {
      cursors: new CursorFile(stateDir, PROCESS, account),
      flush: () => ledger.flush(),
      takeIn,
      onTaken: ({ id, folder, outcome, uid }: Awaited<ReturnType<typeof takeIn>>, ms: number) =>
        log.info(
          { task: id, from: 'mailbox', to: folder, stage: PROCESS, reason: outcome, uid, ms },
          'taken in',
        ),
      now: () => clock.now(),
      at,
      backfillDays: config.IMAP_BACKFILL_DAYS,
      perPass: MAILS_PER_PASS,
      parallel: PARALLEL,
      aloneAboveBytes: ALONE_ABOVE_BYTES,
    };
    const watching = watchMailbox({
      open: () => ImapInbox.open(settings),
      reader: (inbox: ImapInbox) => mailboxReader(reading, inbox),
      everyMs: config.SCAN_SECONDS * 1000,
      backoff: BACKOFF,
      authRetryMs: AUTH_RETRY_MS,
      onState: (state, reason) => health.set(state, reason),
      log: ({ what, ...event }) => log.info(event, what),
      clock,
      jitter: () => Math.random(),
    });
    const started = new AbortController();
    await Promise.race([watching.settled, clock.sleep(READY_AFTER_MS, started.signal)]);
    started.abort();
    return {
      stop: async () => {
        await watching.stop();
        await share.stop();
        await sync?.stop();
      },
    };
  },
});

async function inboxSettings(config: WatcherConfig): Promise<InboxSettings> {
  return {
    ...INBOX_DEFAULTS,
    host: config.IMAP_HOST,
    port: config.IMAP_PORT,
    secure: config.IMAP_SECURE,
    auth: { type: 'password', user: config.IMAP_USER, password: config.IMAP_PASSWORD },
    mailbox: config.IMAP_MAILBOX,
    ca: config.TLS_CA_FILE === '' ? undefined : await readFile(config.TLS_CA_FILE, 'utf8'),
  };
}

/** Without them the user's own mail would come back to them as a task. */
function ownAddresses(config: WatcherConfig): string[] {
  const own = parseAddressList([config.MAIL_FROM, ...config.MAIL_ALIASES]);
  if (own.ok) return own.addresses.map((a) => a.address);
  process.stderr.write(
    `${PROCESS}: configuration:\n  MAIL_FROM or MAIL_ALIASES is no list of mail addresses\n`,
  );
  process.exit(EXIT.config);
}
