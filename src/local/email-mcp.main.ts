/**
 * email-mcp: the one process that can send. An MCP server on stdin and stdout.
 *
 * DOES      Lists and reads tasks; sends what is sealed under a task id, at most once; looks for a mail in
 *           Sent, files the copy there, tells whether a thread moved on. No tool takes a recipient or a text.
 * READS     The vault's open folders, `PAUSE.md`, STATE_DIR (`journal/`), the mailbox (Sent, All Mail, INBOX).
 * WRITES    STATE_DIR (`journal/`, `sends/`, `dry-run/`), the mailbox's Sent folder. Nothing in the vault.
 * SECRETS   SMTP_PASSWORD, IMAP_PASSWORD.
 * TWICE     Yes: the approval handler spawns one, any MCP client may start another. The journal's exclusive
 *           names decide who sends; the hourly limit is counted in STATE_DIR for all of them together.
 * ON CRASH  The journal says whether a mail may be out (docs/states.md); its client starts a new one. When
 *           the client dies, the attempt under way is finished and recorded first.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { parseAddressList } from '../core/address-list.ts';
import { JournalFault } from '../journal/journal.ts';
import { openMailJournal } from '../mail/submission/sealed-mail.ts';
import { EffectLimit } from '../journal/effect-limit.ts';
import { sendSealed } from '../mail/submission/send-sealed.ts';
import { filesItself, SentFolder } from '../mail/submission/sent-folder.ts';
import { ImapSession } from '../mail/mailbox/imap-session.ts';
import { emailMcp } from '../mcp/email/email-mcp-server.ts';
import { serveStdio } from '../mcp/stdio.ts';
import { type Config, ConfigFault, loadConfig } from '../runtime/config.ts';
import { crashAt } from '../runtime/daemon.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { createLogger } from '../runtime/logger.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import { Vault } from '../vault/vault.ts';

const PROCESS = 'email-mcp';
const KEYS = [
  'IMAP_HOST',
  'IMAP_PORT',
  'IMAP_SECURE',
  'IMAP_USER',
  'IMAP_PASSWORD',
  'IMAP_MAILBOX',
  'SMTP_HOST',
  'SMTP_PORT',
  'SMTP_SECURE',
  'SMTP_USER',
  'SMTP_PASSWORD',
  'TLS_CA_FILE',
  'MAIL_FROM',
  'MAIL_ALIASES',
  'SENT_COPY',
  'DRY_RUN',
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
  const limit = new EffectLimit({ stateDir, of: 'sends', perHour: config.MAX_SENDS_PER_HOUR, now });
  const ca = config.TLS_CA_FILE === '' ? undefined : await readFile(config.TLS_CA_FILE, 'utf8');
  const session = new ImapSession({
    host: config.IMAP_HOST,
    port: config.IMAP_PORT,
    secure: config.IMAP_SECURE,
    auth: { type: 'password', user: config.IMAP_USER, password: config.IMAP_PASSWORD },
    ca,
  });
  const filing = filingOf(config);
  let broken = false;
  const { server, calls } = emailMcp(
    {
      vault,
      journal,
      filing,
      timeZone: config.TIMEZONE,
      sent: new SentFolder({
        session,
        filing: filing === 'provider' ? 'provider' : 'append',
        mailbox: config.IMAP_MAILBOX,
        ownAddresses: ownAddresses(config),
      }),
      send: (id) =>
        sendSealed(id, {
          journal,
          limit,
          stateDir,
          at,
          dryRun: config.DRY_RUN,
          paused: () => vault.paused(),
          smtp: {
            host: config.SMTP_HOST,
            port: config.SMTP_PORT,
            secure: config.SMTP_SECURE,
            auth: smtpAuth(config),
            ca,
          },
        }),
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
  await session.close();
  process.exit(EXIT.ok);
}

function filingOf({ SENT_COPY, SMTP_HOST }: EmailConfig): 'append' | 'provider' | 'off' {
  if (SENT_COPY !== 'auto') return SENT_COPY;
  return filesItself(SMTP_HOST) ? 'provider' : 'append';
}

function smtpAuth({ SMTP_USER, SMTP_PASSWORD }: EmailConfig) {
  return SMTP_USER === '' ? null : { type: 'password' as const, user: SMTP_USER, password: SMTP_PASSWORD };
}

function ownAddresses({ MAIL_FROM, MAIL_ALIASES, IMAP_USER }: EmailConfig): string[] {
  return [MAIL_FROM, ...MAIL_ALIASES, IMAP_USER].flatMap((entry) => {
    const parsed = parseAddressList(entry);
    return parsed.ok ? parsed.addresses.map((a) => a.address) : [];
  });
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
