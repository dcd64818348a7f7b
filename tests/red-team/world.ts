import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { newBody } from '../../src/core/body.ts';
import { originalSection } from '../../src/core/neutralise.ts';
import { renderNote, type TaskNote } from '../../src/core/task-file.ts';
import { keepCommand } from '../../src/sync/setup/wanted-share.ts';
import { type Supervisor, supervisor } from '../crash/supervisor.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';
import { FOLDER, startPair, type SyncPair } from '../helpers/syncthing.ts';
import { tempDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

const KEEP = fileURLToPath(new URL('../../deployment/local/keep-version.sh', import.meta.url));
const SECRET = 'canary-7f3a91-only-outside-the-vault';
const LIMIT_MS = 180_000;

/** What the owner of the cloud's replica can do, the user's hand on the laptop, and what both can see. */
export interface RedTeam {
  readonly pair: SyncPair;
  readonly smtp: TestSmtp;
  readonly processes: Supervisor;
  /** Absolute path of a folder outside the vault; nothing in it may be read or change. */
  readonly canary: string;
  /** Writes into the cloud's replica. */
  plant(path: string, content: string | Buffer): Promise<void>;
  /** The attacker's Syncthing sends what lies there, and the laptop has what it can take. */
  send(): Promise<void>;
  cloud(path: string): string;
  laptop(path: string): string;
  /** A new task's name, its card and where it waits. */
  task(): Task;
  /** An honest draft, seen by the laptop's handler. */
  offered(over?: Record<string, unknown>): Promise<Task>;
  approve(path: string): Promise<void>;
  /** Path of a card on the laptop that has this id in its name and this in its text. */
  pendingWith(id: string, words: string): Promise<string | null>;
  /** The user deletes every card of this id on the laptop. */
  discard(id: string): Promise<void>;
  /** The card is pending on the laptop with one of our warnings on top. */
  cameBack(path: string, words: RegExp): Promise<void>;
  /** The user approved this card as it was shown: its mail may leave. */
  allow(task: Task): void;
  /** An honest card goes all the way: every process has had a whole pass since. */
  control(): Promise<void>;
  /** The page of the laptop says it. */
  told(words: RegExp): Promise<void>;
  /** The orchestrator's audit log has a change of this kind by another device. */
  recorded(kind: string, withinMs: number): Promise<boolean>;
  /** What left is what was approved, and nothing outside was read, written or touched. */
  unharmed(): Promise<void>;
  stop(): Promise<void>;
}

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly pending: string;
  card(over?: Record<string, unknown>, reply?: string): string;
}

export async function openRedTeam(): Promise<RedTeam> {
  const dir = await tempDir('red-');
  const pair = await startPair();
  const { cloud, laptop } = pair;
  await laptop.client.patchFolder(FOLDER, {
    versioning: { type: 'external', params: { command: keepCommand(KEEP, 30) } },
  });
  const canary = join(laptop.vault, '../outside');
  await mkdir(canary);
  await writeFile(join(canary, 'secret.md'), `---\nid: em-00000000000000ff\n---\n\n## Reply\n\n${SECRET}\n`);
  const before = await fingerprint(canary);
  const smtp = await startSmtp();
  const dovecot = await startDovecot();
  const [state, logs] = [join(dir.path, 'state'), join(dir.path, 'logs')];
  await mkdir(logs);
  const envFile = join(dir.path, 'env');
  const syncthing = { url: laptop.url, key: laptop.apiKey, peer: cloud.id };
  await writeFile(envFile, settings({ vault: laptop.vault, state, dovecot, smtp, syncthing }), {
    mode: 0o600,
  });
  const processes = supervisor({ env: { PATH: '/usr/bin:/bin', NODE_ENV: 'test', ENV_FILE: envFile }, logs });
  await processes.start('approval-handler');
  await processes.start('orchestrator');

  const approved: string[] = [];
  let tasks = 0;
  const read = (path: string) => readFile(join(laptop.vault, path), 'utf8').catch(() => '');
  const send = async () => {
    await cloud.client.scan(FOLDER, []);
    await pair.idle();
  };
  const plant = async (path: string, content: string | Buffer) => {
    await mkdir(join(cloud.vault, path, '..'), { recursive: true });
    await writeFile(join(cloud.vault, path), content);
  };
  const task = (): Task => {
    const n = ++tasks;
    const id = `em-${String(n).padStart(16, '0')}`;
    const name = `Customer ${n} Question ${id}.md`;
    return {
      id,
      name,
      pending: `Pending_Approval/email/${name}`,
      card: (over, reply) => card(id, n, over, reply),
    };
  };
  const offered = async (over: Record<string, unknown> = {}) => {
    const one = task();
    await plant(one.pending, one.card(over));
    await cloud.client.scan(FOLDER, [one.pending]);
    await until(
      `${one.name} is seen, logs in ${logs}`,
      async () =>
        (await readFile(join(state, 'offers', `${one.id}.json`), 'utf8').catch(() => '')).includes(
          '"followed":true',
        ),
      LIMIT_MS,
    );
    return one;
  };
  const approve = async (path: string) => {
    const at = join(laptop.vault, path);
    await until(`${path} is there`, () => exists(at), LIMIT_MS);
    await rename(at, join(laptop.vault, 'Approved', path.split('/').at(-1) ?? ''));
  };
  const sentTo = () => smtp.mails.map((mail) => mail.envelope.to.join(' '));
  const told = async (words: RegExp) => {
    await until(
      `the dashboard says ${words.source}, logs in ${logs}`,
      async () => words.test(await read('Dashboard.md')),
      LIMIT_MS,
    );
  };
  return {
    pair,
    smtp,
    processes,
    canary,
    plant,
    send,
    cloud: (path) => join(cloud.vault, path),
    laptop: (path) => join(laptop.vault, path),
    task,
    offered,
    approve,
    pendingWith: async (id, words) => {
      for (const name of await readdir(join(laptop.vault, 'Pending_Approval/email'))) {
        const path = `Pending_Approval/email/${name}`;
        if (name.includes(id) && (await read(path)).includes(words)) return path;
      }
      return null;
    },
    discard: async (id) => {
      for (const name of await readdir(join(laptop.vault, 'Pending_Approval/email'))) {
        if (name.includes(id)) await remove(join(laptop.vault, 'Pending_Approval/email', name));
      }
    },
    cameBack: async (path, words) => {
      await until(
        `${path} came back, logs in ${logs}`,
        async () => {
          const text = await read(path);
          return /> \[!(warning|question)\|handover\]/.test(text) && words.test(text);
        },
        LIMIT_MS,
      );
    },
    control: async () => {
      const one = await offered();
      const address = addressOf(one);
      approved.push(address);
      await approve(one.pending);
      await until(`the control mail leaves, logs in ${logs}`, () => sentTo().includes(address), LIMIT_MS);
    },
    told,
    recorded: async (kind, withinMs) => {
      const logFolder = join(laptop.vault, 'Logs/local-agent');
      for (const end = Date.now() + withinMs; Date.now() < end; ) {
        await sleep(200);
        const names = (await readdir(logFolder)).filter((name) => name.includes('orchestrator'));
        const texts = await Promise.all(names.map((name) => read(`Logs/local-agent/${name}`)));
        if (texts.some((log) => log.includes(`"kind":"${kind}"`))) return true;
      }
      return false;
    },
    allow: (one) => {
      approved.push(addressOf(one));
    },
    unharmed: async () => {
      // Another card may still be checked while the control goes out.
      await until('what was approved has left', () => smtp.mails.length >= approved.length, LIMIT_MS);
      expectEqual('what left', sentTo().sort(), approved.toSorted());
      expectEqual('the folder outside', await fingerprint(canary), before);
      for (const root of [laptop.vault, state, logs]) await expectNoEcho(root);
    },
    stop: async () => {
      await processes.stop();
      await pair.stop();
      await smtp.stop();
      await dovecot.stop();
      await dir.remove();
    },
  };
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function addressOf(task: Task): string {
  return `customer${Number(task.id.slice(3))}@example.org`;
}

function expectEqual(what: string, is: readonly unknown[], shall: readonly unknown[]): void {
  const [a, b] = [JSON.stringify(is), JSON.stringify(shall)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

/** Names, inodes, sizes, modification and change times, contents. */
async function fingerprint(folder: string): Promise<unknown[]> {
  const out: unknown[] = [];
  for (const name of ['.', ...(await readdir(folder))].sort()) {
    const { ino, size, mtimeMs, ctimeMs, nlink } = await lstat(join(folder, name));
    out.push([name, ino, size, mtimeMs, ctimeMs, nlink]);
  }
  return [...out, await readFile(join(folder, 'secret.md'), 'utf8')];
}

/** Does anything below hold what stands only outside? Links are not followed. */
async function expectNoEcho(root: string): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path).catch(() => Buffer.alloc(0));
    if (text.includes(SECRET)) throw new Error(`${path} holds what stands outside the vault`);
  }
}

function card(id: string, n: number, over: Record<string, unknown> = {}, reply?: string): string {
  const data = {
    id,
    kind: 'email_reply',
    title: `Question ${n}`,
    rev: 2,
    from: `Customer ${n} <customer${n}@example.org>`,
    received: '2026-11-20T08:01:02',
    message_id: `<question${n}@example.org>`,
    drafted_by: 'cloud-agent',
    drafted_at: new Date().toISOString(),
    reply_to: [`Customer ${n} <customer${n}@example.org>`],
    reply_cc: [],
    reply_subject: `Re: Question ${n}`,
    ...over,
  } as TaskNote['data'];
  const { section } = originalSection({
    from: `Customer ${n}`,
    when: '',
    text: `Question ${n}?`,
    maxBytes: 9_999,
  });
  return renderNote({
    data,
    body: newBody({
      verdict: {
        kind: 'todo',
        title: `Reply to Customer ${n}`,
        lines: ['Move it to `Approved` to send it.'],
      },
      reply: reply ?? `Hello Customer ${n},\n\nyes.\n\nKind regards\nYour Office`,
      feedback: '',
      original: section,
    }),
  });
}

function settings(at: {
  vault: string;
  state: string;
  dovecot: Dovecot;
  smtp: TestSmtp;
  syncthing: { url: string; key: string; peer: string };
}): string {
  const { user, password, host, port } = at.dovecot.user('office');
  const values = {
    VAULT_DIR: at.vault,
    STATE_DIR: at.state,
    TIMEZONE: 'UTC',
    SYNC: 'syncthing',
    SYNCTHING_URL: at.syncthing.url,
    SYNCTHING_API_KEY: at.syncthing.key,
    SYNCTHING_FOLDER: FOLDER,
    SYNCTHING_PEER_DEVICE: at.syncthing.peer,
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
    TAKEOVER_MINUTES: 10_080,
    SCAN_SECONDS: 1,
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('');
}

/** The user takes something away on the laptop. */
export function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}
