import { execFile } from 'node:child_process';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Dovecot } from '../tests/helpers/dovecot.ts';
import { until } from '../tests/helpers/until.ts';
import { type Host, makeHost, ROOT } from './host.ts';
import { benchMail } from './mails.ts';
import { mbsyncInto } from './mbsync.ts';

/** Mails per second, one entry per round; each from the start of a process to its last mail. */
export interface BacklogRates {
  readonly ours: number[];
  readonly bare: number[];
  /** Empty where there is no mbsync. */
  readonly mbsync: number[];
}

const WHERE_MAILS_GO = ['Needs_Action/email', 'Skipped', 'Quarantine'];
const LIMIT_MS = 900_000;
const run = promisify(execFile);

export async function fillMailbox(dovecot: Dovecot, user: string, mails: number): Promise<void> {
  const numbers = Array.from({ length: mails }, (_, i) => i + 1).values();
  const deliver = async () => {
    for (const n of numbers) await dovecot.deliver(user, benchMail(n, `${user}@example.com`).raw);
  };
  await Promise.all(Array.from({ length: 4 }, deliver));
}

/**
 * The same mailbox taken by three programs, turn by turn, each started anew and from nothing. The watcher
 * of the last round goes on running in `host`.
 */
export async function measureBacklog(world: {
  readonly dovecot: Dovecot;
  readonly smtpPort: number;
  readonly folder: string;
  readonly user: string;
  readonly mails: number;
  readonly rounds: number;
  readonly withMbsync: boolean;
}): Promise<{ rates: BacklogRates; host: Host }> {
  const { dovecot, folder, user, mails, rounds } = world;
  const account = dovecot.user(user);
  const rates: BacklogRates = { ours: [], bare: [], mbsync: [] };
  let host: Host | null = null;
  for (let round = 1; round <= rounds; round += 1) {
    rates.bare.push(await rate(mails, () => bareFetch(account.port, user, account.password)));
    if (world.withMbsync)
      rates.mbsync.push(await rate(mails, () => mbsyncInto(join(folder, 'mbsync'), account)));
    await host?.stopAll();
    const fresh = await makeHost({
      folder: join(folder, `backlog-${round}`),
      imap: account,
      smtpPort: world.smtpPort,
      // A first start that takes what is there is an outage without the waiting.
      backfillDays: 3650,
    });
    host = fresh;
    rates.ours.push(await rate(mails, () => takeAll(fresh, mails)));
  }
  if (!host) throw new Error('no round was run');
  return { rates, host };
}

async function rate(mails: number, take: () => Promise<number>): Promise<number> {
  const started = performance.now();
  const taken = await take();
  if (taken !== mails) throw new Error(`${taken} of ${mails} mails were taken`);
  return (mails * 1000) / (performance.now() - started);
}

async function bareFetch(port: number, user: string, password: string): Promise<number> {
  const script = join(ROOT, 'bench/bare-fetch.mjs');
  const { stdout } = await run(process.execPath, [script, String(port), user, password], { cwd: ROOT });
  return Number(stdout);
}

async function takeAll(host: Host, mails: number): Promise<number> {
  await host.start('cloud-email-watcher');
  return until(
    `${mails} mails in the vault`,
    async () => {
      const taken = await notesIn(host.vault, WHERE_MAILS_GO);
      return taken >= mails && taken;
    },
    LIMIT_MS,
  );
}

/** Every note drafted, approved and sent, by the processes of `host`; notes per second of each step. */
export async function drain(
  host: Host,
  mails: number,
  sent: () => number,
): Promise<{ drafted: number; sent: number }> {
  const offered = 'Pending_Approval/email';
  await host.start('orchestrator');
  const drafted = await rate(mails, async () => {
    await host.start('draft-replier');
    return until(
      'all notes offered',
      async () => (await notesIn(host.vault, [offered])) >= mails && mails,
      LIMIT_MS,
    );
  });
  const handler = await host.start('approval-handler');
  await handler.ready;
  const sending = await rate(mails, async () => {
    for (const name of await readdir(join(host.vault, offered))) {
      await rename(join(host.vault, offered, name), join(host.vault, 'Approved', name));
    }
    return until('all replies sent', () => sent() >= mails && mails, LIMIT_MS);
  });
  await until(
    'all notes in Done',
    async () => (await notesIn(host.vault, ['Approved', 'In_Progress/local-agent'])) === 0,
    LIMIT_MS,
  );
  return { drafted, sent: sending };
}

async function notesIn(vault: string, folders: readonly string[]): Promise<number> {
  const lists = await Promise.all(folders.map((folder) => readdir(join(vault, folder))));
  // A quarantined note has a second one beside it that says why.
  return lists.flat().filter((name) => /^[^.].*\.md$/.test(name) && !name.endsWith(' (why).md')).length;
}
