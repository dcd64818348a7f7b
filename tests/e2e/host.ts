import { execFile } from 'node:child_process';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createVault } from '../../src/cli/create-vault.ts';
import { type SeenNote, seeNotes } from '../../src/demo/vault-view.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { startPm2, type TestPm2 } from '../helpers/pm2.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';
import { tempDir } from '../helpers/testdir.ts';
import { ROOT } from './root.ts';

export const SMTP_PASSWORD = 'smtp-only-9f3c77';

/** One machine that is cloud and laptop in one: Dovecot, SMTP, a vault, and the processes under PM2. */
export interface Host {
  readonly dovecot: Dovecot;
  readonly smtp: TestSmtp;
  readonly pm2: TestPm2;
  readonly vaultDir: string;
  readonly stateDir: string;
  readonly envFile: string;
  /** `pm2 start ecosystem.config.js`. */
  startAll(): Promise<void>;
  notes(): Promise<readonly SeenNote[]>;
  /** What the user does in Obsidian. */
  /** As a careful user does before they approve: `[day and time]` becomes a day and a time. */
  fillBlanks: (note: SeenNote) => Promise<void>;
  move(note: SeenNote, folder: string): Promise<void>;
  stop(): Promise<void>;
}

/** @param shell what the user's shell has besides. */
export async function startHost(
  settings: Readonly<Record<string, string>> = {},
  shell: Readonly<Record<string, string>> = {},
): Promise<Host> {
  // dist/ is what PM2 runs; a stale one would test yesterday's program.
  await promisify(execFile)(process.execPath, [join(ROOT, 'deployment/ensure.mjs'), 'check']);
  const dir = await tempDir('e2e-');
  const dovecot = await startDovecot();
  const smtp = await startSmtp({ auth: { user: 'office', password: SMTP_PASSWORD } });
  const [vaultDir, stateDir, envFile] = ['vault', 'state', 'env'].map((name) => join(dir.path, name)) as [
    string,
    string,
    string,
  ];
  await createVault({ templateDir: join(ROOT, 'vault-template'), vaultDir, stateDir });
  const values = {
    VAULT_DIR: vaultDir,
    STATE_DIR: stateDir,
    TIMEZONE: 'Europe/Berlin',
    SYNC: 'none',
    IMAP_HOST: dovecot.host,
    IMAP_PORT: String(dovecot.imapPort),
    IMAP_SECURE: 'false',
    IMAP_USER: 'office',
    IMAP_PASSWORD: dovecot.password,
    SMTP_HOST: smtp.host,
    SMTP_PORT: String(smtp.port),
    SMTP_SECURE: 'false',
    SMTP_USER: 'office',
    SMTP_PASSWORD,
    MAIL_FROM: 'The Office <office@example.net>',
    DRY_RUN: 'false',
    UNDO_SECONDS: '0',
    MAX_SENDS_PER_HOUR: '1000',
    SCAN_SECONDS: '2',
    ...settings,
  };
  const lines = Object.entries(values).map(([key, value]) => `${key}="${value}"\n`);
  await writeFile(envFile, lines.join(''), { mode: 0o600 });
  const pm2 = await startPm2({
    ENV_FILE: envFile,
    // As if the user had their keys in the shell: none of it may reach PM2's dump.
    SMTP_PASSWORD: 'shell-smtp-51d0',
    ANTHROPIC_API_KEY: 'shell-model-51d0',
    MY_TOKEN: 'shell-token-51d0',
    ...shell,
  });
  return {
    dovecot,
    smtp,
    pm2,
    vaultDir,
    stateDir,
    envFile,
    startAll: async () => {
      await pm2.run('start', join(ROOT, 'ecosystem.config.js'));
    },
    notes: () => seeNotes(vaultDir),
    fillBlanks: async (note) => {
      const path = join(vaultDir, note.folder, note.name);
      const text = await readFile(path, 'utf8');
      const [properties = '', ...rest] = text.split(/(?<=\n---\n)/);
      const filled = rest.join('').replace(/(?<=^- )\[[^\]\n]+\]$/gm, 'Monday at ten');
      if (filled !== rest.join('')) await writeFile(path, properties + filled);
    },
    move: (note, folder) => rename(join(vaultDir, note.folder, note.name), join(vaultDir, folder, note.name)),
    stop: async () => {
      await pm2.stop();
      await smtp.stop();
      await dovecot.stop();
      await dir.remove();
    },
  };
}

const MAILS = join(ROOT, 'tests/fixtures/mail');

export interface FixtureMail {
  /** `plain-question`, without the ending. */
  readonly name: string;
  readonly raw: Buffer;
}

export async function fixtureMails(): Promise<readonly FixtureMail[]> {
  const files = (await readdir(MAILS)).filter((file) => file.endsWith('.eml')).sort();
  return Promise.all(
    files.map(async (file) => ({ name: file.slice(0, -4), raw: await readFile(join(MAILS, file)) })),
  );
}
