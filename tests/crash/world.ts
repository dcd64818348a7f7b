import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVault } from '../../src/cli/create-vault.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { startSmtp, type SmtpOptions, type TestSmtp } from '../helpers/smtp.ts';
import { messageId } from './census.ts';
import { type Supervisor, supervisor, type SupervisorOptions } from './supervisor.ts';

const USER = 'office';

/** One vault, one STATE_DIR, a mailbox, an SMTP server and the real processes between them. */
export interface World {
  readonly dir: string;
  readonly vault: string;
  readonly state: string;
  readonly dovecot: Dovecot;
  readonly smtp: TestSmtp;
  readonly processes: Supervisor;
  deliver(mail: CrashMail): Promise<void>;
  /** Ids of tasks whose effect is under way, as `STATE_DIR/active` says. */
  active(): Promise<string[]>;
  /** `keep` leaves vault, state and logs for whoever looks into a failure. */
  stop(keep: boolean): Promise<void>;
}

export interface CrashMail {
  /** `m0001`: stands in Message-ID, sender and subject. */
  readonly mark: string;
  readonly kind: 'plain' | 'attachment' | 'newsletter';
}

export async function openWorld(options: {
  readonly smtp?: SmtpOptions;
  readonly onDeath?: SupervisorOptions['onDeath'];
  /** Keys of .env beside or instead of the usual ones. */
  readonly more?: Readonly<Record<string, string>>;
}): Promise<World> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'crash-')));
  const [vault, state, logs] = ['vault', 'state', 'logs'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(logs);
  const templateDir = fileURLToPath(new URL('../../vault-template', import.meta.url));
  await createVault({ templateDir, vaultDir: vault, stateDir: state });
  const dovecot = await startDovecot();
  const smtp = await startSmtp(options.smtp);
  const envFile = join(dir, 'env');
  await writeFile(envFile, settings({ vault, state, dovecot, smtp }, options.more ?? {}), { mode: 0o600 });
  const processes = supervisor({
    env: { PATH: '/usr/bin:/bin', NODE_ENV: 'test', ENV_FILE: envFile },
    logs,
    ...(options.onDeath ? { onDeath: options.onDeath } : {}),
  });
  return {
    dir,
    vault,
    state,
    dovecot,
    smtp,
    processes,
    deliver: (mail) => dovecot.deliver(USER, rawMail(mail), `${mail.mark}@example.org`),
    active: async () => {
      const names = await readdir(join(state, 'active')).catch(() => []);
      // A kill while an entry is written leaves its temporary file.
      return names.filter((name) => !name.startsWith('.'));
    },
    stop: async (keep) => {
      await processes.stop();
      await smtp.stop();
      await dovecot.stop();
      if (keep) console.error(`kept to look into: ${dir}`);
      else await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function settings(
  at: { vault: string; state: string; dovecot: Dovecot; smtp: TestSmtp },
  more: Readonly<Record<string, string>>,
): string {
  const { user, password, host, port } = at.dovecot.user(USER);
  const values = {
    VAULT_DIR: at.vault,
    STATE_DIR: at.state,
    TIMEZONE: 'UTC',
    SYNC: 'none',
    LOG_LEVEL: 'debug',
    IMAP_HOST: host,
    IMAP_PORT: port,
    IMAP_SECURE: 'false',
    IMAP_USER: user,
    IMAP_PASSWORD: password,
    SMTP_HOST: at.smtp.host,
    SMTP_PORT: at.smtp.port,
    SMTP_SECURE: 'false',
    MAIL_FROM: 'Your Office <office@example.net>',
    DRAFTER: 'template',
    DRY_RUN: 'false',
    UNDO_SECONDS: 0,
    DOUBT_MINUTES: 0,
    MAX_SENDS_PER_HOUR: 10_000,
    SCAN_SECONDS: 1,
    ...more,
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('');
}

function rawMail({ mark, kind }: CrashMail): Buffer {
  const head = [
    `From: Customer ${mark} <${mark}@example.org>`,
    'To: Your Office <office@example.net>',
    `Subject: Question ${mark}`,
    `Message-ID: ${messageId(mark)}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
  ];
  const words = `Hello,\r\n\r\ncould you tell me whether number ${mark} is ready?\r\n\r\nKind regards\r\nCustomer\r\n`;
  const text = ['Content-Type: text/plain; charset=utf-8', '', words];
  const lines: Record<CrashMail['kind'], string[]> = {
    plain: [...head, ...text],
    newsletter: [
      ...head,
      'List-Id: <news.example.org>',
      'List-Unsubscribe: <https://example.org/leave>',
      'Precedence: bulk',
      ...text,
    ],
    attachment: [
      ...head,
      'Content-Type: multipart/mixed; boundary="part"',
      '',
      '--part',
      ...text,
      '--part',
      `Content-Type: text/csv; name="order ${mark}.csv"`,
      `Content-Disposition: attachment; filename="order ${mark}.csv"`,
      '',
      'article;pieces\r\nlamp;3',
      '--part--',
      '',
    ],
  };
  return Buffer.from(lines[kind].join('\r\n'));
}
