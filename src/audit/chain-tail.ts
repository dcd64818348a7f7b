/** Where a chain on disk ends: the last whole record, and what a crash left behind it. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type AuditRecord, MAX_LINE_BYTES, readRecord } from '../core/audit-chain.ts';
import { type DayFile, dayPath, listDayFiles } from './day-files.ts';

/** Room for the last record and a few torn lines. */
const WINDOW = 4 * MAX_LINE_BYTES;

export interface ChainTail {
  /** Newest file of the chain; null when there is none. */
  readonly newest: DayFile | null;
  readonly newestBytes: number;
  /** Last record that is whole, from whichever file. */
  readonly record: AuditRecord | null;
  /** Lines after it that are no records, without `\n`, in order. Null: more than a crash leaves. */
  readonly torn: readonly Uint8Array[] | null;
  /** Does the newest file end in the middle of a line? */
  readonly openLine: boolean;
}

export async function readChainTail(dir: string, process: string): Promise<ChainTail> {
  const { files } = await listDayFiles(dir);
  const own = files.filter((f) => f.process === process).reverse();
  let newestBytes = 0;
  let openLine = false;
  let torn: Uint8Array[] | null = [];
  for (const [index, file] of own.entries()) {
    const end = await readFileEnd(dayPath(dir, file));
    if (index === 0) ({ size: newestBytes, openLine } = end);
    const at = end.lines.findLastIndex((line) => readRecord(line).ok);
    const after = end.lines.slice(at + 1);
    if (torn) torn = at === -1 && end.cut ? null : [...after, ...torn];
    const found = at === -1 ? undefined : end.lines[at];
    const verdict = found && readRecord(found);
    if (verdict?.ok) return { newest: own[0] ?? null, newestBytes, record: verdict.record, torn, openLine };
  }
  return { newest: own[0] ?? null, newestBytes, record: null, torn, openLine };
}

interface FileEnd {
  readonly size: number;
  readonly lines: Uint8Array[];
  readonly openLine: boolean;
  /** The window did not reach the start of the file. */
  readonly cut: boolean;
}

export async function readFileEnd(path: string): Promise<FileEnd> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - WINDOW);
    const bytes = await readRange(handle, from, size - from);
    const lines: Uint8Array[] = [];
    let start = from === 0 ? 0 : bytes.indexOf(10) + 1;
    for (let at = bytes.indexOf(10, start); at !== -1; at = bytes.indexOf(10, start)) {
      lines.push(bytes.subarray(start, at));
      start = at + 1;
    }
    const openLine = start < bytes.length;
    if (openLine) lines.push(bytes.subarray(start));
    return { size, lines, openLine, cut: from > 0 };
  } finally {
    await handle.close();
  }
}

async function readRange(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
