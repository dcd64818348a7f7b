import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVault } from '../cli/create-vault.ts';
import { freePort } from './free-port.ts';
import { type MailPair, startMailPair } from './mail-pair.ts';
import { type OdooServer, startOdooServer } from './odoo-server/server.ts';
import { ownPm2, type Pm2 } from './pm2.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const MAILBOX = 'office@example.net';
const MAIL_FROM = `Your Office <${MAILBOX}>`;
/** Long enough for second thoughts, short enough for a demo. */
export const HANDS_ON_UNDO_SECONDS = 5;
/** Whom the demo's books know. */
export const CUSTOMER = 'Example Bakery';

/** Everything the demo needs, in one folder that is removed with it. */
export interface World {
  readonly dir: string;
  readonly vaultDir: string;
  readonly provider: MailPair;
  /** A small Odoo of its own. */
  readonly books: OdooServer;
  readonly pm2: Pm2;
  /** Starts the real processes, as a user would: `pm2 start ecosystem.config.js`. */
  startProcesses(): Promise<void>;
  stop(): Promise<void>;
  /** For the end of our own process, when nothing can be awaited any more. */
  stopNow(): void;
}

export async function buildWorld({ handsOn }: { readonly handsOn: boolean }): Promise<World> {
  // realpath: on some machines the temporary folder is reached through a link.
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'handover-demo-')));
  const vaultDir = join(dir, 'vault');
  const stateDir = join(dir, 'state');
  const provider = await startMailPair(randomBytes(16).toString('hex'));
  const books = await startOdooServer();
  books.store.create('res.partner', {
    name: CUSTOMER,
    email: 'office@bakery.example.org',
    is_company: true,
    active: true,
  });
  await createVault({ templateDir: join(ROOT, 'vault-template'), vaultDir, stateDir });
  const envFile = join(dir, 'env');
  const undoSeconds = handsOn ? HANDS_ON_UNDO_SECONDS : 1;
  // The demo may run beside an installation that has the usual port.
  const at = { vaultDir, stateDir, provider, books, undoSeconds, mcpPort: await freePort() };
  await writeFile(envFile, settings(at), { mode: 0o600 });
  const pm2 = await ownPm2(join(dir, 'pm2'), { ENV_FILE: envFile });
  return {
    dir,
    vaultDir,
    provider,
    books,
    pm2,
    startProcesses: async () => {
      await pm2.run('start', join(ROOT, 'ecosystem.config.js'));
    },
    stop: async () => {
      await pm2.kill();
      await provider.stop();
      await books.stop();
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
    stopNow: () => {
      pm2.killNow();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function settings(at: {
  readonly vaultDir: string;
  readonly stateDir: string;
  readonly provider: MailPair;
  readonly books: OdooServer;
  readonly undoSeconds: number;
  readonly mcpPort: number;
}): string {
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
    UNDO_SECONDS: at.undoSeconds,
    SCAN_SECONDS: 2,
    ODOO_URL: at.books.url,
    ODOO_DB: at.books.db,
    ODOO_USERNAME: at.books.users.billing.login,
    ODOO_API_KEY: at.books.users.billing.apiKey,
    ODOO_MODE: 'live',
    // Everything on one machine: one key drafts and posts, which has to be said.
    ODOO_ALLOW_POSTING_KEY: 'the cloud key may post',
    ODOO_MCP_PORT: at.mcpPort,
    ODOO_MCP_TOKEN: randomBytes(16).toString('hex'),
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
