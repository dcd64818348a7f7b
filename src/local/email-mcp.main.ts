/**
 * email-mcp: the one process that can send. An MCP server on stdin and stdout.
 *
 * DOES      Lists and reads tasks; sends what is sealed under a task id, at most once; looks for a mail in
 *           Sent, files the copy there, tells whether a thread moved on. No tool takes a recipient or a text.
 *           With ACCOUNTS_FILE each account sends by its own server, within its own hourly limit.
 * READS     The vault's open folders, `PAUSE.md`, STATE_DIR (`journal/`), the mailboxes (Sent, All Mail, INBOX).
 * WRITES    STATE_DIR (`journal/`, `sends/`, `accounts/`, `tokens/`, `dry-run/`), the Sent folder of the mailbox.
 *           Nothing in the vault.
 * SECRETS   The passwords of SMTP and IMAP, or access by OAuth (STATE_DIR/tokens).
 * TWICE     Yes: the approval handler spawns one, any MCP client may start another. The journal's exclusive
 *           names decide who sends; the hourly limit is counted in STATE_DIR for all of them together.
 * ON CRASH  The journal says whether a mail may be out (docs/states.md); its client starts a new one. When
 *           the client dies, the attempt under way is finished and recorded first.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { quietUntil } from '../core/quiet-hours.ts';
import type { TaskId } from '../core/task-id.ts';
import { JournalFault } from '../journal/journal.ts';
import { openMailJournal } from '../mail/submission/sealed-mail.ts';
import { sendSealed, type SendResult } from '../mail/submission/send-sealed.ts';
import { sendNotice, sendStateNotice } from '../mail/submission/send-notice.ts';
import { emailMcp } from '../mcp/email/email-mcp-server.ts';
import { serveStdio } from '../mcp/stdio.ts';
import { accountsOf } from '../runtime/accounts.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Config, ConfigFault, loadConfig, IMAP_KEYS, SMTP_KEYS } from '../runtime/config.ts';
import { crashAt } from '../runtime/daemon.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { readHappenings } from '../runtime/happenings.ts';
import { createLogger } from '../runtime/logger.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import { HOURLY, noticeNews } from '../stages/notice-news.ts';
import { Vault } from '../vault/vault.ts';
import { openSendingAccounts } from './sending-accounts.ts';

const PROCESS = 'email-mcp';
const KEYS = [
  ...IMAP_KEYS,
  ...SMTP_KEYS,
  'TLS_CA_FILE',
  'MAIL_FROM',
  'MAIL_ALIASES',
  'SENT_COPY',
  'DRY_RUN',
  'QUIET_HOURS',
  'DIGEST_AT',
  'NOTIFY',
  'MAX_SENDS_PER_HOUR',
] as const;
type EmailConfig = Config<(typeof KEYS)[number]>;

const config = readConfig();
const log = createLogger(PROCESS, config.LOG_LEVEL, 'stderr');
process.on('uncaughtException', fatal);
process.on('unhandledRejection', fatal);
await serve();

async function serve(): Promise<void> {
  const stateDir = config.STATE_DIR;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const now = (): number => Date.now();
  const at = crashAt();
  const vault = await Vault.open(config.VAULT_DIR);
  const journal = await openMailJournal({ stateDir, self: ownIdentity(), isAlive, now });
  const ca = config.TLS_CA_FILE === '' ? undefined : await readFile(config.TLS_CA_FILE, 'utf8');
  const mine = accountsOf(config);
  const accounts = openSendingAccounts(mine, { stateDir, clock: systemClock, ca });
  const [{ from: self }] = mine;
  const home = accounts.ofSender(self.address);
  const send = async (id: TaskId): Promise<SendResult> => {
    const { state, sealed } = await journal.view(id);
    if (!sealed) return { kind: 'settled', state };
    const account = accounts.ofSender(sealed.account);
    if (!account) {
      const words = `a mail was approved to leave from ${sealed.account}, which is no account here any more`;
      return { kind: 'no_account', words };
    }
    const { limit, smtp, name } = account;
    return sendSealed(id, {
      ...{ journal, limit, smtp, stateDir, at },
      name: accounts.several ? name : undefined,
      dryRun: config.DRY_RUN,
      paused: () => vault.paused(),
      quietUntil: () => quietUntil(now(), config.QUIET_HOURS, config.TIMEZONE),
    });
  };
  let broken = false;
  const { server, calls } = emailMcp(
    {
      ...{ vault, journal, mailboxes: accounts, timeZone: config.TIMEZONE, send },
      notice:
        config.DIGEST_AT === null || home === null
          ? null
          : {
              ...{ now, dryRun: config.DRY_RUN },
              send: (day, notice) => sendNotice(day, notice, { stateDir, self, smtp: home.smtp, now }),
            },
      stateNotice:
        !config.NOTIFY.includes('mail') || home === null
          ? null
          : {
              dryRun: config.DRY_RUN,
              // Asked once, it says what is so now.
              news: noticeNews({
                ...HOURLY,
                lastsMs: 0,
                vault,
                now,
                happenings: () => readHappenings(stateDir, now()),
              }),
              send: (notice) => sendStateNotice(notice, { stateDir, self, smtp: home.smtp, now }),
            },
    },
    (tool, error) => {
      log.error({ err: error, tool }, 'tool failed');
      // What cannot be recorded must not go on: to others this attempt looks as if it ran for ever.
      if (error instanceof JournalFault && error.code === 'not-recorded' && !broken) {
        broken = true;
        void calls.idle().then(() => process.exit(EXIT.failure));
      }
    },
  );
  log.debug('serving on stdio');
  await serveStdio(server, calls);
  await accounts.close();
  process.exit(EXIT.ok);
}

function readConfig(): EmailConfig {
  try {
    return loadConfig(KEYS);
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    process.stderr.write(`${PROCESS}: ${error.message}\n`);
    process.exit(EXIT.config);
  }
}

function fatal(error: unknown): void {
  log.fatal({ err: error }, 'cannot go on');
  process.exit(EXIT.failure);
}
