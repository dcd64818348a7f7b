import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVault } from '../cli/create-vault.ts';
import { type MailPair, startMailPair } from './mail-pair.ts';
import { ownPm2, type Pm2 } from './pm2.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const MAILBOX = 'office@example.net';
const MAIL_FROM = `Your Office <${MAILBOX}>`;

/** Everything the demo needs, in one folder that is removed with it. */
export interface World {
  readonly dir: string;
  readonly vaultDir: string;
  readonly provider: MailPair;
  readonly pm2: Pm2;
  /** Starts the real processes, as a user would: `pm2 start ecosystem.config.js`. */
  startProcesses(): Promise<void>;
  stop(): Promise<void>;
  /** For the end of our own process, when nothing can be awaited any more. */
  stopNow(): void;
}

export async function buildWorld(): Promise<World> {
  // realpath: on some machines the temporary folder is reached through a link.
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'handover-demo-')));
  const vaultDir = join(dir, 'vault');
  const stateDir = join(dir, 'state');
  const provider = await startMailPair(randomBytes(16).toString('hex'));
  await createVault({ templateDir: join(ROOT, 'vault-template'), vaultDir, stateDir });
  const envFile = join(dir, 'env');
  await writeFile(envFile, settings({ vaultDir, stateDir, provider }), { mode: 0o600 });
  const pm2 = await ownPm2(join(dir, 'pm2'), { ENV_FILE: envFile });
  return {
    dir,
    vaultDir,
    provider,
    pm2,
    startProcesses: async () => {
      await pm2.run('start', join(ROOT, 'ecosystem.config.js'));
    },
    stop: async () => {
      await pm2.kill();
      await provider.stop();
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
    stopNow: () => {
      pm2.killNow();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function settings(at: { vaultDir: string; stateDir: string; provider: MailPair }): string {
  const { imap, smtpPort, password } = at.provider;
  const values = {
    VAULT_DIR: at.vaultDir,
    STATE_DIR: at.stateDir,
    TIMEZONE: Intl.DateTimeFormat().resolvedOptions().timeZone,
    SYNC: 'none',
    IMAP_HOST: '127.0.0.1',
    IMAP_PORT: imap.port,
    IMAP_SECURE: 'false',
    IMAP_USER: MAILBOX,
    IMAP_PASSWORD: password,
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: smtpPort,
    SMTP_SECURE: 'false',
    SMTP_USER: MAILBOX,
    SMTP_PASSWORD: password,
    MAIL_FROM,
    DRAFTER: 'template',
    DRY_RUN: 'false',
    UNDO_SECONDS: 1,
    SCAN_SECONDS: 2,
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('');
}

export interface DemoMail {
  readonly file: string;
  readonly raw: Buffer;
}

/** The mails beside this file, with the line ends of the wire. */
export async function demoMails(): Promise<readonly DemoMail[]> {
  const folder = join(ROOT, 'src', 'demo', 'mails');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.eml')).sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'latin1');
      return { file, raw: Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'latin1') };
    }),
  );
}
