/** Every audit line about one task, from all processes of one agent, oldest first. Reads the whole log. */
import type { AuditRecord } from '../core/audit-chain.ts';
import { readRecord } from '../core/audit-chain.ts';
import { errno } from '../files/errno.ts';
import { dayPath, listDayFiles } from './day-files.ts';
import { linesOf } from './log-lines.ts';

/** A task has a dozen lines; a forged log may have a million that name it. */
const MAX_RECORDS = 1000;

export async function taskRecords(dir: string, task: string): Promise<AuditRecord[]> {
  const found: AuditRecord[] = [];
  for (const file of await dayFiles(dir)) {
    for await (const { bytes } of linesOf(dayPath(dir, file))) {
      // Parsing is the cost here; a line that does not hold the id is skipped unread.
      if (!Buffer.from(bytes).includes(task)) continue;
      const read = readRecord(bytes);
      if (read.ok && read.record.task === task) found.push(read.record);
      if (found.length === MAX_RECORDS) return found;
    }
  }
  return found.sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
}

async function dayFiles(dir: string) {
  try {
    return (await listDayFiles(dir)).files;
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
}
