/** The newest records of a chain, for showing. Bounded however long the log is; proves nothing. */
import { type AuditRecord, readRecord } from '../core/audit-chain.ts';
import { readFileEnd } from './chain-tail.ts';
import { dayPath, listDayFiles } from './day-files.ts';
import { errno } from '../files/errno.ts';

/** Days looked at: one that is just beginning has little to show. */
const FILES = 5;

/** Newest first; at most `max` of those that `wanted` takes. A log that is not there is empty. */
export async function recentRecords(deps: {
  readonly dir: string;
  readonly process: string;
  readonly wanted: (record: AuditRecord) => boolean;
  readonly max: number;
}): Promise<AuditRecord[]> {
  const found: AuditRecord[] = [];
  for (const file of await ownFiles(deps.dir, deps.process)) {
    const { lines } = await readFileEnd(dayPath(deps.dir, file));
    for (const line of lines.reverse()) {
      const read = readRecord(line);
      if (read.ok && deps.wanted(read.record)) found.push(read.record);
      if (found.length === deps.max) return found;
    }
  }
  return found;
}

async function ownFiles(dir: string, process: string) {
  try {
    const { files } = await listDayFiles(dir);
    return files
      .filter((f) => f.process === process)
      .slice(-FILES)
      .reverse();
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
}
