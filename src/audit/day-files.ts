/**
 * The files of one chain: `Logs/<agent>/YYYY-MM-DD.<process>.jsonl`.
 *
 * Days are UTC, by the `ts` of the line: the vault's time zone may change under way and has days that repeat
 * an hour; the order of file names must stay the order of the chain.
 */
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AuditFault } from './audit-fault.ts';

const DAY_FILE = /^(\d{4}-\d{2}-\d{2})\.([a-z][a-z0-9-]{0,40})\.jsonl$/;

export interface DayFile {
  readonly name: string;
  readonly day: string;
  readonly process: string;
}

export function dayFile(ts: string, process: string): DayFile {
  const day = ts.slice(0, 10);
  const file = parseDayFile(`${day}.${process}.jsonl`);
  if (!file) throw new AuditFault('log-name', `not a log name: ${process}`, 'names are a-z, 0-9 and hyphen');
  return file;
}

function parseDayFile(name: string): DayFile | null {
  const match = DAY_FILE.exec(name);
  return match?.[1] && match[2] ? { name, day: match[1], process: match[2] } : null;
}

/** Day files of a log folder, oldest first. `strays` is everything else that lies there. */
export async function listDayFiles(dir: string): Promise<{ files: DayFile[]; strays: string[] }> {
  const files: DayFile[] = [];
  const strays: string[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const file = entry.isFile() ? parseDayFile(entry.name) : null;
    if (file) files.push(file);
    else strays.push(entry.name);
  }
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { files, strays: strays.sort() };
}

/** `<agent>/<process>`; the agent is the folder's own name. */
export function actorOf(dir: string, process: string): string {
  return `${basename(dir)}/${process}`;
}

/**
 * Makes the folder if need be and refuses links: Syncthing carries them, and a peer that replaces
 * `Logs` or `Logs/<agent>` by a link would have us write anywhere.
 */
export async function ensureLogFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    for (const path of [dirname(dir), dir]) {
      if (!(await lstat(path)).isDirectory()) throw new Error(`${basename(path)} is a link or not a folder`);
    }
  } catch (cause) {
    throw new AuditFault(
      'log-folder',
      `the log folder ${basename(dir)} cannot be used`,
      'look at Logs/ in the vault: it must be a plain folder and writable',
      cause,
    );
  }
}

export function dayPath(dir: string, file: DayFile): string {
  return join(dir, file.name);
}
