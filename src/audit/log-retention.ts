/**
 * Drops the days of this machine's audit logs that are older than LOG_KEEP_DAYS, without making room for somebody who
 * would like to: what is dropped is read first, what did not fit in it is told in a line that is kept, and the hash of its
 * last line stays in STATE_DIR (`chain-base.ts`), so that what is left is still one chain.
 *
 * Order: the line, the base, then the files, oldest first. A crash after the line tells it twice; after the base, the
 * files that are left are removed the next time.
 */
import { unlink } from 'node:fs/promises';
import { type AuditTrail, endChain, newChain, stepChain } from '../core/audit-chain.ts';
import { daysToDrop } from '../core/log-retention.ts';
import { syncFolder } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { type ChainBase, readBase, writeBase } from './chain-base.ts';
import { actorOf, type DayFile, dayPath, listDayFiles } from './day-files.ts';
import { linesOf } from './log-lines.ts';
import { knownHeads } from './known-heads.ts';

export interface RetentionDeps {
  /** Absolute `Logs/<agent>` of this machine's agent. */
  readonly dir: string;
  /** `STATE_DIR/audit`. Only chains whose head lies here are ours to shorten. */
  readonly headDir: string;
  readonly keepDays: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that pass whatever is done to the clock. */
  readonly monotonic: () => number;
  readonly audit: AuditTrail;
}

export interface LogRetention {
  /**
   * Drops what is due, at most once a day; else returns at once.
   * @returns files that were removed
   * @throws AuditFault, and what the disk says
   */
  step(): Promise<number>;
}

/** A clock that is wrong when the machine starts has been put right by then; a day too far ahead would cost the log. */
const FIRST_AFTER_MS = 10 * 60_000;
const BETWEEN_MS = 24 * 3_600_000;

export function logRetention(deps: RetentionDeps): LogRetention {
  let due = deps.monotonic() + FIRST_AFTER_MS;
  return {
    step: async () => {
      if (deps.monotonic() < due) return 0;
      // Also after a failure: a disk that is full is not asked each second.
      due = deps.monotonic() + BETWEEN_MS;
      return dropOldLogs(deps);
    },
  };
}

/** @returns files that were removed */
export async function dropOldLogs(deps: Omit<RetentionDeps, 'monotonic'>): Promise<number> {
  let removed = 0;
  for (const process of (await knownHeads(deps.dir, deps.headDir)).keys()) {
    removed += await shorten(deps, process);
  }
  if (removed > 0) await syncFolder(deps.dir);
  return removed;
}

async function shorten(deps: Omit<RetentionDeps, 'monotonic'>, process: string): Promise<number> {
  const { dir, headDir } = deps;
  const actor = actorOf(dir, process);
  const base = await readBase(headDir, process, actor);
  const files = (await filesOf(dir)).filter((file) => file.process === process);
  const left = base === null ? [] : files.filter((file) => file.day <= base.through);
  const kept = files.slice(left.length);
  const days = new Set(
    daysToDrop(
      kept.map((file) => file.day),
      deps.now(),
      deps.keepDays,
    ),
  );
  const old = kept.filter((file) => days.has(file.day));
  const last = old.at(-1);
  if (last !== undefined) {
    const { hash, ...seen } = await readChain(dir, actor, base, old);
    await deps.audit.append({
      action: 'audit.dropped',
      target: actor,
      parameters: { files: old.length, from: old[0]?.day, through: last.day, last_hash: hash, ...seen },
      result: seen.findings === 0 ? 'whole' : 'not whole',
    });
    await writeBase(headDir, process, { actor, hash, through: last.day });
  }
  for (const file of [...left, ...old]) await remove(dayPath(dir, file));
  return left.length + old.length;
}

async function readChain(
  dir: string,
  actor: string,
  base: ChainBase | null,
  files: readonly DayFile[],
): Promise<{ hash: string; lines: number; findings: number }> {
  let state = newChain(actor, base?.hash);
  let findings = 0;
  for (const file of files) {
    let line = 0;
    for await (const { bytes } of linesOf(dayPath(dir, file))) {
      const step = stepChain(state, bytes, ++line);
      state = step.state;
      findings += step.findings.length;
    }
  }
  return { hash: state.last, lines: state.lines, findings: findings + endChain(state).length };
}

async function filesOf(dir: string): Promise<readonly DayFile[]> {
  try {
    return (await listDayFiles(dir)).files;
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error;
  }
}
