import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTransport } from 'nodemailer';
import { dovecotConfig, dovecotOAuthConfig } from './dovecot-config.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { tempDir } from './testdir.ts';
import { until } from './until.ts';

const DOVECOT = '/usr/sbin/dovecot';
const run = promisify(execFile);

export interface MailAccount {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** A Dovecot of one's own on 127.0.0.1. Every user name exists, each with an INBOX, Sent and Drafts. */
export interface Dovecot {
  readonly host: '127.0.0.1';
  readonly imapPort: number;
  readonly lmtpPort: number;
  readonly password: string;
  user(name: string): MailAccount;
  /** Hands the exact bytes to LMTP and resolves when they are in INBOX. `from` '' is the null sender. */
  deliver(user: string, raw: string | Buffer, from?: string): Promise<void>;
  /** What a restore from backup does: the same mails under other UIDs. */
  setUidValidity(user: string, value: number, mailbox?: string): Promise<void>;
  doveadm(...args: string[]): Promise<string>;
  /** SIGKILL to every process of this instance: sockets close without a word. */
  kill9(): Promise<void>;
  /** The same ports and mailboxes again, after `kill9` or while running. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  log(): Promise<string>;
}

export async function startDovecot({
  introspectionUrl,
}: {
  introspectionUrl?: string;
} = {}): Promise<Dovecot> {
  const dir = await tempDir('dc-');
  const [imapPort, lmtpPort] = [await freePort(), await freePort()];
  const who = runsAs();
  const conf = join(dir.path, 'dovecot.conf');
  const password = 'secret';
  await mkdir(join(dir.path, 'mail'));
  await writeFile(
    conf,
    dovecotConfig({ root: dir.path, ...who, imapPort, lmtpPort, password, introspectionUrl }),
  );
  if (introspectionUrl !== undefined) {
    await writeFile(join(dir.path, 'oauth2.conf.ext'), dovecotOAuthConfig(introspectionUrl));
  }
  if (who.ids) for (const path of [dir.path, join(dir.path, 'mail')]) await chown(path, ...who.ids);

  const killAtExit = (): void => kill(master);
  let master = await launch(conf, imapPort, dir.path);
  process.once('exit', killAtExit);
  const doveadm = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('/usr/bin/doveadm', ['-c', conf, ...args]);
    return stdout;
  };
  const kill9 = async (): Promise<void> => {
    const gone = master.exitCode !== null || master.signalCode !== null ? undefined : once(master, 'exit');
    kill(master);
    await gone;
  };
  return {
    host: '127.0.0.1',
    imapPort,
    lmtpPort,
    password,
    user: (name) => ({ host: '127.0.0.1', port: imapPort, user: name, password }),
    deliver: (user, raw, from = 'sender@example.org') => deliver(lmtpPort, user, raw, from),
    setUidValidity: async (user, value, mailbox = 'INBOX') => {
      await doveadm('mailbox', 'update', '-u', user, '--uid-validity', String(value), mailbox);
    },
    doveadm,
    kill9,
    restart: async () => {
      await kill9();
      master = await launch(conf, imapPort, dir.path);
    },
    stop: async () => {
      process.off('exit', killAtExit);
      await kill9();
      await dir.remove();
    },
    log: () => readFile(join(dir.path, 'dovecot.log'), 'utf8'),
  };
}

/** Dovecot's workers must not run as root (no greeting otherwise), so a root caller lends it `nobody`. */
function runsAs(): { user: string; group: string; ids?: [number, number] } {
  const me = userInfo();
  if (me.uid !== 0) {
    return { user: me.username, group: execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim() };
  }
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { user: 'nobody', group: 'nogroup', ids: [id('-u'), id('-g')] };
}

async function launch(conf: string, imapPort: number, root: string): Promise<ChildProcess> {
  // Not inheriting stdio: a worker of Dovecot would keep the test runner's pipe open after the end.
  const master = spawn(DOVECOT, ['-F', '-c', conf], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  const failed = once(master, 'error').then(([error]) => {
    throw new Error(`${DOVECOT} does not start; apt-get install dovecot-imapd dovecot-lmtpd`, {
      cause: error,
    });
  });
  const ready = until(`Dovecot greets on ${imapPort}, log in ${root}`, () => greets(imapPort), 20_000);
  await Promise.race([ready, failed]);
  return master;
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', () => done(true));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}

/** The whole process group: the workers outlive their master otherwise. */
function kill(master: ChildProcess): void {
  if (master.pid === undefined) return;
  try {
    process.kill(-master.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function deliver(port: number, user: string, raw: string | Buffer, from: string): Promise<void> {
  const lmtp = createTransport({ host: '127.0.0.1', port, lmtp: true, ignoreTLS: true });
  try {
    await lmtp.sendMail({ raw, envelope: { from, to: [user] } });
  } finally {
    lmtp.close();
  }
}
