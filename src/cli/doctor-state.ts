import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { happeningLine, troubleWords } from '../core/alive-words.ts';
import { PROCESSES } from '../core/heartbeat.ts';
import type { TaskId } from '../core/task-id.ts';
import { openJournals } from '../journal/journals.ts';
import { MAIL_FORMAT } from '../mail/submission/sealed-mail.ts';
import { POST_FORMAT } from '../odoo/posting/sealed-post.ts';
import { readHappenings } from '../runtime/happenings.ts';
import {
  isAlive,
  ownIdentity,
  type ProcessIdentity,
  processIdentitySchema,
} from '../runtime/process-identity.ts';
import { ActiveEffects } from '../stages/active-effects.ts';
import { fine, type Finding, found } from './doctor-check.ts';
import type { Host } from './doctor-host.ts';
import type { Pm2Look } from './doctor-pm2.ts';
import { isUp } from './doctor-processes.ts';

/** What a process that died has left in STATE_DIR, and what nobody knows whether it was sent. */
export async function checkState(host: Host, pm2: Pm2Look): Promise<readonly Finding[]> {
  const { STATE_DIR: stateDir } = host.config;
  const names = [...new Set(PROCESSES.map(({ process }) => process))];
  const locks = await Promise.all(names.map((name) => lockFinding(stateDir, name, pm2)));
  const befell = await befallen(stateDir, host);
  const findings = [...locks.flat(), ...befell, ...(await doubtFindings(stateDir, host.now))];
  return findings.length > 0 ? findings : [fine('state', 'no lock is left over, nothing is in doubt')];
}

async function lockFinding(stateDir: string, name: string, pm2: Pm2Look): Promise<readonly Finding[]> {
  const holder = await holderOf(join(stateDir, `${name}.lock`));
  if (holder === null) return [];
  if (!isAlive(holder)) {
    const runs = pm2.is === 'running' && pm2.processes.some((one) => one.name === name && isUp(one));
    // It is being taken over this moment.
    return runs
      ? []
      : [found('lock-left', `${name} ended without putting its lock back (pid ${holder.pid})`)];
  }
  if (pm2.is !== 'running' || pm2.processes.some((one) => one.name === name && one.pid === holder.pid))
    return [];
  return [
    found('process-orphan', `${name} runs (pid ${holder.pid}), and not under PM2: nobody starts it again`),
  ];
}

/** The last thing that befell each process in a day, as the health monitor recorded it. */
async function befallen(stateDir: string, { now, config }: Host): Promise<readonly Finding[]> {
  const happenings = await readHappenings(stateDir, now);
  const last = new Map(happenings.map((one) => [one.process, one]));
  return [...last.values()].map((one) => {
    const line = happeningLine(one, now, config.TIMEZONE);
    const cure =
      one.done === 'restarted'
        ? `if it happens again: npx pm2 logs ${one.process} --nostream`
        : troubleWords(one);
    return found('process-befell', line, cure);
  });
}

const MAX_LOCK_BYTES = 1_000;

/** Of the highest number; null: nobody, or what no process wrote. See runtime/lock.ts. */
async function holderOf(folder: string): Promise<ProcessIdentity | null> {
  const names = await readdir(folder).catch(() => []);
  const highest = Math.max(0, ...names.filter((name) => /^\d{1,15}$/.test(name)).map(Number));
  if (highest === 0) return null;
  try {
    const text = await readFile(join(folder, String(highest)), 'utf8');
    const read = processIdentitySchema.safeParse(JSON.parse(text.slice(0, MAX_LOCK_BYTES)));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

const SHOWN = 5;

async function doubtFindings(stateDir: string, now: number): Promise<readonly Finding[]> {
  // Opening a journal makes its folder, and a doctor changes nothing.
  const isThere = await access(join(stateDir, 'journal')).then(
    () => true,
    () => false,
  );
  if (!isThere) return [];
  const options = { stateDir, self: ownIdentity(), isAlive, now: () => now };
  const journals = await openJournals(options, { mail: MAIL_FORMAT, odoo: POST_FORMAT });
  const doubt: TaskId[] = [];
  const unreadable: TaskId[] = [];
  for (const id of await new ActiveEffects(stateDir).list()) {
    const { state } = await journals.view(id);
    if (state.state === 'in_doubt') doubt.push(id);
    if (state.state === 'unreadable') unreadable.push(id);
  }
  const [one] = doubt;
  const resolve =
    one === undefined ? undefined : `look whether it left, then: handover resolve ${one} --sent, or --resend`;
  return [
    ...(doubt.length === 0
      ? []
      : [found('in-doubt', `may have been sent, and nobody knows: ${listed(doubt)}`, resolve)]),
    ...(unreadable.length === 0
      ? []
      : [found('journal-unreadable', `what was recorded about it cannot be read: ${listed(unreadable)}`)]),
  ];
}

function listed(ids: readonly TaskId[]): string {
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '';
  return `${ids.slice(0, SHOWN).join(', ')}${more}`;
}
