/** Every audit line about one task, from all processes of one agent. */
import { lstat } from 'node:fs/promises';
import type { AuditRecord } from '../core/audit-chain.ts';
import { readRecord } from '../core/audit-chain.ts';
import { errno } from '../files/errno.ts';
import { type DayFile, dayPath, listDayFiles } from './day-files.ts';
import { linesOf } from './log-lines.ts';

export interface TaskRecords {
  /** Oldest first. */
  readonly records: readonly AuditRecord[];
  /** False when a limit came before the end of the log. */
  readonly complete: boolean;
}

/** A task has a dozen lines; a forged log may have a million that name it. */
const MAX_RECORDS = 1000;

/**
 * Reads the log's day files, all of them or those from the day `since` (`YYYY-MM-DD`, UTC) on, newest day
 * first, until the next one would be more than `maxBytes`. A log that is not there is empty.
 */
export async function taskRecords(
  dir: string,
  task: string,
  limits: { readonly since?: string; readonly maxBytes?: number } = {},
): Promise<TaskRecords> {
  const found: AuditRecord[] = [];
  let left = limits.maxBytes ?? Number.POSITIVE_INFINITY;
  for (const file of await dayFiles(dir, limits.since ?? '')) {
    const path = dayPath(dir, file);
    left -= (await lstat(path)).size;
    if (left < 0) return { records: inOrder(found), complete: false };
    for await (const { bytes } of linesOf(path)) {
      // Parsing is the cost here; a line that does not hold the id is skipped unread.
      if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(task)) continue;
      const read = readRecord(bytes);
      if (read.ok && read.record.task === task) found.push(read.record);
      if (found.length === MAX_RECORDS) return { records: inOrder(found), complete: false };
    }
  }
  return { records: inOrder(found), complete: true };
}

function inOrder(found: AuditRecord[]): AuditRecord[] {
  return found.sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
}

async function dayFiles(dir: string, since: string): Promise<DayFile[]> {
  try {
    const { files } = await listDayFiles(dir);
    return files.filter((file) => file.day >= since).reverse();
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
}
