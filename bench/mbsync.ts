import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { MailAccount } from '../tests/helpers/dovecot.ts';

const MBSYNC = '/usr/bin/mbsync';
const run = promisify(execFile);

/** Is mbsync there? As root it is installed when it is not. */
export function ensureMbsync(): boolean {
  if (existsSync(MBSYNC)) return true;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  const apt = (...args: string[]) =>
    execFileSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'isync');
  } catch {
    return false;
  }
  return existsSync(MBSYNC);
}

/** Pulls INBOX into an empty Maildir, as mbsync does by default (with fsync). Returns how many mails lie there. */
export async function mbsyncInto(folder: string, account: MailAccount): Promise<number> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'mbsyncrc');
  await writeFile(config, configuration(folder, account), { mode: 0o600 });
  await run(MBSYNC, ['-q', '-c', config, 'all']);
  const box = join(folder, 'INBOX');
  return (await readdir(join(box, 'new'))).length + (await readdir(join(box, 'cur'))).length;
}

function configuration(folder: string, { host, port, user, password }: MailAccount): string {
  return `IMAPAccount bench
Host ${host}
Port ${port}
User ${user}
Pass ${password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account bench

MaildirStore near
Path ${folder}/
Inbox ${folder}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState ${folder}/state-
`;
}
