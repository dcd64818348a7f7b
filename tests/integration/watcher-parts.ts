import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { At, CrashPoint } from '../../src/core/crash-points.ts';
import type { TaskFolder } from '../../src/core/states.ts';
import { parseNote, type TaskNote } from '../../src/core/task-file.ts';
import { CursorFile } from '../../src/mail/inbox/cursor-file.ts';
import { ImapInbox, INBOX_DEFAULTS, type InboxSettings } from '../../src/mail/inbox/imap-inbox.ts';
import { SeenFiles } from '../../src/mail/inbox/seen-ledger.ts';
import { readMessage } from '../../src/mail/message/read-message.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { mailboxReader, type ReadMailboxDeps } from '../../src/stages/read-mailbox.ts';
import { mailTaker, type TakenIn } from '../../src/stages/take-in-mail.ts';
import { type Watching, watchMailbox } from '../../src/stages/watch-mailbox.ts';
import { Vault } from '../../src/vault/vault.ts';
import type { Dovecot } from '../helpers/dovecot.ts';
import { testDir } from '../helpers/testdir.ts';

/** A process that died at a crash point: everything after it did not happen. */
class Killed extends Error {
  readonly code = 'EKILLED';
}

export interface WatcherOptions {
  readonly port?: number;
  /** Asked at every login, so that a test can put it right. */
  readonly login?: { readonly password: string };
  readonly backfillDays?: number;
  readonly inbox?: Partial<InboxSettings>;
  readonly everyMs?: number;
  readonly authRetryMs?: number;
  readonly perPass?: number;
  readonly parallel?: number;
  readonly stateDir?: string;
  /** Throws `Killed` at its n-th passing, and from then on at every point. */
  readonly killAt?: readonly [CrashPoint, number];
}

export interface TestWatcher extends Watching {
  readonly states: string[];
  readonly taken: TakenIn[];
}

export interface TestVault {
  readonly vault: Vault;
  readonly stateDir: string;
  notes(folder: TaskFolder): Promise<{ name: string; note: TaskNote; text: string }[]>;
  subjects(folder: TaskFolder): Promise<string[]>;
  /** The parts as cloud-email-watcher puts them together, in this process and with short times. */
  watch(dovecot: Dovecot, user: string, options?: WatcherOptions): TestWatcher;
}

export async function testVault(): Promise<TestVault> {
  const dir = await testDir({ 'vault/.keep': '' });
  const vault = await Vault.open(join(dir, 'vault'));
  await vault.ensureFolders();
  const notes = async (folder: TaskFolder) => {
    const found: { name: string; note: TaskNote; text: string }[] = [];
    for (const name of await vault.list(folder)) {
      const read = await vault.read({ folder, name });
      const parsed = read.ok ? parseNote(read.text) : null;
      if (!read.ok || !parsed?.ok) throw new Error(`not a note: ${name}`);
      found.push({ name, note: parsed.note, text: read.text });
    }
    return found;
  };
  return {
    vault,
    stateDir: join(dir, 'state'),
    notes,
    subjects: async (folder) => (await notes(folder)).map(({ note }) => String(note.data['subject'])).sort(),
    watch: (dovecot, user, options = {}) => start(vault, join(dir, 'state'), dovecot, user, options),
  };
}

function start(
  vault: Vault,
  defaultStateDir: string,
  dovecot: Dovecot,
  user: string,
  options: WatcherOptions,
): TestWatcher {
  const stateDir = options.stateDir ?? defaultStateDir;
  const at = killer(options.killAt);
  const taken: TakenIn[] = [];
  const states: string[] = [];
  const ledger = new SeenFiles(stateDir);
  const takeIn = mailTaker({
    vault,
    ledger,
    read: (mail) => readMessage(mail.raw, mail.size),
    account: user,
    ownAddresses: [`${user}@example.org`],
    timeZone: 'Europe/Berlin',
    now: () => Date.now(),
    at,
  });
  const reading: ReadMailboxDeps = {
    cursors: new CursorFile(stateDir, 'cloud-email-watcher', `${user} INBOX`),
    flush: () => ledger.flush(),
    takeIn,
    onTaken: (one) => taken.push(one),
    now: () => Date.now(),
    at,
    backfillDays: options.backfillDays ?? 0,
    perPass: options.perPass ?? 200,
    parallel: options.parallel ?? 16,
    aloneAboveBytes: 256 * 1024,
  };
  const settings: Omit<InboxSettings, 'auth'> & Partial<InboxSettings> = {
    ...INBOX_DEFAULTS,
    host: dovecot.host,
    port: options.port ?? dovecot.imapPort,
    secure: 'false',
    mailbox: 'INBOX',
    connectMs: 5_000,
    ...options.inbox,
  };
  const watching = watchMailbox({
    open: () => {
      const { password = dovecot.password } = options.login ?? {};
      return ImapInbox.open({ auth: { type: 'password', user, password }, ...settings });
    },
    reader: (inbox: ImapInbox) => mailboxReader(reading, inbox),
    everyMs: options.everyMs ?? 60_000,
    backoff: { firstMs: 20, capMs: 100 },
    authRetryMs: options.authRetryMs ?? 50,
    onState: (state, reason) => states.push(reason === undefined ? state : `${state}: ${reason}`),
    log: () => undefined,
    clock: systemClock,
    jitter: () => 0.5,
  });
  onTestFinished(() => watching.stop());
  return { ...watching, states, taken };
}

function killer(killAt: readonly [CrashPoint, number] | undefined): At {
  let passed = 0;
  return (point) => {
    if (!killAt) return;
    if (point === killAt[0]) passed += 1;
    if (passed >= killAt[1]) throw new Killed(point);
  };
}

/** A TCP proxy that can stop forwarding without closing anything: what a dead NAT entry looks like. */
export async function freezingProxy(
  port: number,
): Promise<{ port: number; freeze(): void; connections(): number; heard(): string }> {
  const sockets = new Set<Socket>();
  let frozen: Set<Socket> = new Set();
  let connections = 0;
  let heard = '';
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (from === upstream) heard = (heard + chunk.toString('latin1')).slice(-100);
        if (!frozen.has(from)) to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      frozen = new Set(sockets);
    },
    connections: () => connections,
    heard: () => heard,
  };
}

let count = 0;

export function letter(
  subject: string,
  headers: Readonly<Record<string, string>> = {},
  body = 'Can you help?',
): string {
  const all = {
    From: 'Ada <ada@example.com>',
    To: 'me@example.org',
    Subject: subject,
    Date: 'Fri, 20 Nov 2026 08:00:00 +0000',
    'Message-ID': `<${++count}.${process.pid}@example.com>`,
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== '');
  return `${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}\r\n`;
}
