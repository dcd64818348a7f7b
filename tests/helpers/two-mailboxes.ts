import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createVault } from '../../src/cli/create-vault.ts';
import { doneFolder } from '../../src/core/states.ts';
import { parseNote, type TaskNote } from '../../src/core/task-file.ts';
import type { Dovecot } from './dovecot.ts';
import { type OwnProcess, ready, startMain } from './own-process.ts';
import { startSmtp, type TestSmtp } from './smtp.ts';
import { testDir } from './testdir.ts';
import { until } from './until.ts';

/**
 * One vault with two accounts, `work` and `club`: two users of one Dovecot, two SMTP servers, and the real processes
 * from their sources.
 */
export interface TwoMailboxes {
  readonly vault: string;
  readonly state: string;
  readonly smtp: { readonly work: TestSmtp; readonly club: TestSmtp };
  /** User names at the Dovecot. */
  readonly users: { readonly work: string; readonly club: string };
  /** `start` resolves when it is ready. */
  spawn(main: Main, more: Readonly<Record<string, string>>): OwnProcess;
  start(main: Main, more?: Readonly<Record<string, string>>): Promise<OwnProcess>;
  deliver(account: Name, subject: string, headers?: Readonly<Record<string, string>>): Promise<void>;
  /** Cards that wait for the user, by the mail's subject. */
  card(subject: string): Promise<{ readonly name: string; readonly note: TaskNote; readonly text: string }>;
  approve(name: string): Promise<void>;
  /** Every note of the vault's task folders about a mail of this subject. */
  notes(subject: string): Promise<string[]>;
  done(name: string): Promise<string>;
  page(path: string): Promise<string>;
}

export type Name = 'work' | 'club';
export type Main = keyof typeof MAINS;

const MAINS = {
  watcher: 'src/cloud/cloud-email-watcher.main.ts',
  replier: 'src/cloud/draft-replier.main.ts',
  handler: 'src/local/approval-handler.main.ts',
  orchestrator: 'src/local/orchestrator.main.ts',
} as const;

const ADDRESS = { work: 'mia@firm.example', club: 'mia@club.example' } as const;
const TASK_FOLDERS = [
  'Needs_Action/email',
  'In_Progress/cloud-agent',
  'In_Progress/local-agent',
  'Pending_Approval/email',
  'Approved',
  'Rejected',
  'Skipped',
  'Quarantine',
  'Conflicts',
];
let serial = 0;

export async function twoMailboxes(
  dovecot: Dovecot,
  options: {
    /** Lines of the file for one account, in the place of what stands there. */
    readonly change?: (accounts: string) => string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<TwoMailboxes> {
  const dir = await testDir();
  const [vault, state] = [join(dir, 'vault'), join(dir, 'state')];
  const templateDir = fileURLToPath(new URL('../../vault-template', import.meta.url));
  await createVault({ templateDir, vaultDir: vault, stateDir: state });
  await writeFile(join(vault, 'Company_Handbook.md'), HANDBOOK);
  const smtp = {
    work: await startSmtp({ auth: { user: 'firm', password: 'of-the-firm' } }),
    club: await startSmtp({ auth: { user: 'club', password: 'of-the-club' } }),
  };
  onTestFinished(async () => {
    await smtp.work.stop();
    await smtp.club.stop();
  });
  const mine = `${process.pid}x${(serial += 1)}`;
  const users = { work: `work${mine}`, club: `club${mine}` };
  const accounts = `${account('work', users.work, dovecot, smtp.work, 'firm')}${account('club', users.club, dovecot, smtp.club, 'club')}`;
  await writeFile(join(dir, 'accounts.toml'), options.change?.(accounts) ?? accounts, { mode: 0o600 });
  await writeFile(join(dir, 'env'), '', { mode: 0o600 });
  const env = {
    PATH: process.env['PATH'] ?? '',
    ENV_FILE: join(dir, 'env'),
    ...{ VAULT_DIR: vault, STATE_DIR: state, TIMEZONE: 'UTC', ACCOUNTS_FILE: 'accounts.toml' },
    ...{ WORK_IMAP_PASSWORD: dovecot.password, CLUB_IMAP_PASSWORD: dovecot.password },
    ...{ WORK_SMTP_PASSWORD: 'of-the-firm', CLUB_SMTP_PASSWORD: 'of-the-club' },
    ...{ DRY_RUN: 'false', UNDO_SECONDS: '0', SCAN_SECONDS: '1', ...options.env },
  };
  const all = async (folder: string) =>
    (await readdir(join(vault, folder)).catch(() => [])).filter((name) => name.endsWith('.md'));
  const spawn = (main: Main, more: Readonly<Record<string, string>>): OwnProcess =>
    startMain(MAINS[main], { ...env, ...more });
  return {
    ...{ vault, state, smtp, users },
    spawn,
    start: async (main, more = {}) => {
      const child = spawn(main, more);
      await ready(child);
      return child;
    },
    deliver: (name, subject, headers = {}) =>
      dovecot.deliver(users[name], letter({ To: `Mia <${ADDRESS[name]}>`, Subject: subject, ...headers })),
    card: (subject) =>
      until(`a card about ${subject}`, async () => {
        const folder = 'Pending_Approval/email';
        const name = (await all(folder)).find((one) => one.includes(subject));
        const text = name && (await readFile(join(vault, folder, name), 'utf8').catch(() => null));
        const read = text ? parseNote(text) : null;
        return name !== undefined && text && read?.ok ? { name, note: read.note, text } : null;
      }),
    approve: (name) => rename(join(vault, 'Pending_Approval/email', name), join(vault, 'Approved', name)),
    notes: async (subject) => {
      const found = await Promise.all(
        [...TASK_FOLDERS, doneFolder(new Date().toISOString())].map(async (folder) =>
          (await all(folder)).filter((name) => name.includes(subject)).map((name) => `${folder}/${name}`),
        ),
      );
      return found.flat();
    },
    done: (name) => {
      const path = join(vault, doneFolder(new Date().toISOString()), name);
      return until(`${name} in Done`, () => readFile(path, 'utf8').catch(() => null));
    },
    page: (path) => readFile(join(vault, path), 'utf8').catch(() => ''),
  };
}

function account(name: Name, user: string, dovecot: Dovecot, smtp: TestSmtp, login: string): string {
  return `
[accounts.${name}]
from = "Mia of ${name} <${ADDRESS[name]}>"
[accounts.${name}.imap]
host = "${dovecot.host}"
port = ${dovecot.imapPort}
secure = false
user = "${user}"
password_env = "${name.toUpperCase()}_IMAP_PASSWORD"
[accounts.${name}.smtp]
host = "${smtp.host}"
port = ${smtp.port}
secure = false
user = "${login}"
password_env = "${name.toUpperCase()}_SMTP_PASSWORD"
`;
}

const HANDBOOK = `# Handbook

## Signature

Kind regards
{{my_name}}

## Signature club

With a song
{{my_name}}
`;

function letter(headers: Readonly<Record<string, string>>): string {
  const all = {
    From: 'Ada Berg <ada@customer.example>',
    Date: new Date().toUTCString().replace('GMT', '+0000'),
    'Message-ID': `<${process.pid}.${(serial += 1)}@customer.example>`,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [...lines, '', 'Hello,', '', 'can you tell me when it is ready?', '', 'Ada', ''].join('\r\n');
}
