/**
 * Reads every chain of a log folder from its first line to its last and says what does not fit: a changed
 * byte, a line or file that is missing, added or in another order and, where the head is known, a cut at the
 * end or at the beginning that was not made by log-retention.ts. Reads only; memory stays at one line however long the log is.
 */
import { lstat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ChainFinding,
  chainStart,
  endChain,
  newChain,
  readRecord,
  stepChain,
} from '../core/audit-chain.ts';
import { errno } from '../files/errno.ts';
import { readBase } from './chain-base.ts';
import type { ChainHead } from './chain-head.ts';
import { actorOf, type DayFile, dayPath, listDayFiles } from './day-files.ts';
import { knownHeads } from './known-heads.ts';
import { linesOf } from './log-lines.ts';

export interface AuditFinding {
  readonly actor: string;
  /** Null when a whole chain is meant. */
  readonly file: string | null;
  readonly line: number | null;
  readonly kind:
    | ChainFinding['kind']
    | 'cut-end'
    | 'beyond-head'
    | 'torn-end'
    | 'missing-chain'
    | 'dropped-day'
    | 'stray-file';
  readonly message: string;
}

export interface ChainReport {
  readonly actor: string;
  readonly files: number;
  readonly lines: number;
  /** Were its end held against the head in STATE_DIR, and its beginning against what was dropped? */
  readonly headKnown: boolean;
  /** Newest day (`YYYY-MM-DD`, UTC) that was dropped because of its age. */
  readonly droppedThrough: string | null;
  readonly findings: readonly AuditFinding[];
}

/** Findings of one process are cut here: a rewritten log would fill the screen. */
const MAX_FINDINGS = 50;

/** What a process at work can leave for a moment. */
const MOVING: ReadonlySet<AuditFinding['kind']> = new Set(['beyond-head', 'torn-end', 'dropped-day']);

/** A process that is writing may be one line ahead of its head for a moment: look again before telling. */
const BETWEEN_LOOKS_MS = 100;

/**
 * @param dir absolute `Logs/<agent>`; missing is an empty log.
 * @param headDir `STATE_DIR/audit`; without it ends are not checked (the other machine's log).
 */
export async function verifyAudit(deps: {
  readonly dir: string;
  readonly headDir?: string | undefined;
}): Promise<{ readonly chains: readonly ChainReport[]; readonly findings: readonly AuditFinding[] }> {
  const { files, strays } = await plainFolder(deps.dir);
  const heads = await headsOf(deps);
  const processes = new Set([...files.map((f) => f.process), ...heads.keys()]);
  const chains: ChainReport[] = [];
  for (const process of [...processes].sort()) chains.push(await settledChain(deps, process));
  const stray = strays
    .filter((name) => !name.startsWith('.'))
    .map((name): AuditFinding => {
      const message = 'is no log file of a process';
      return { actor: actorOf(deps.dir, '*'), file: name, line: null, kind: 'stray-file', message };
    });
  return { chains, findings: [...chains.flatMap((c) => c.findings), ...stray] };
}

async function settledChain(deps: { dir: string; headDir?: string | undefined }, process: string) {
  let seen: string | undefined;
  for (;;) {
    // The head first: whatever it names was on disk before it was written.
    const head = (await headsOf(deps)).get(process) ?? null;
    const report = await verifyChain(deps, process, head);
    const moving = report.findings.some((f) => MOVING.has(f.kind));
    // A process that is writing moves on; a crash or a tampered log stays as it is.
    const state = `${head?.hash ?? ''} ${report.lines}`;
    if (!moving || state === seen) return report;
    seen = state;
    await sleep(BETWEEN_LOOKS_MS);
  }
}

async function verifyChain(
  { dir, headDir }: { dir: string; headDir?: string | undefined },
  process: string,
  head: ChainHead | null,
): Promise<ChainReport> {
  const actor = actorOf(dir, process);
  const base = head === null || headDir === undefined ? null : await readBase(headDir, process, actor);
  const all = (await plainFolder(dir)).files.filter((f) => f.process === process);
  const files = all.filter((file) => base === null || file.day > base.through);
  const findings: AuditFinding[] = [];
  const tell = (finding: Omit<AuditFinding, 'actor'>): void => {
    if (findings.length < MAX_FINDINGS) findings.push({ actor, ...finding });
  };
  for (const { name } of all.slice(0, all.length - files.length)) {
    tell({ file: name, line: null, kind: 'dropped-day', message: DROPPED_WORDS });
  }
  let state = newChain(actor, base?.hash ?? (head === null ? await firstLink(dir, files) : undefined));
  let headSeen = head === null || head.hash === chainStart(actor);
  let torn: { file: DayFile; line: number } | null = null;
  for (const file of files) {
    let line = 0;
    for await (const { bytes, whole } of linesOf(dayPath(dir, file))) {
      line++;
      const step = stepChain(state, bytes, line);
      state = step.state;
      headSeen ||= state.last === head?.hash;
      for (const found of step.findings) tell({ file: file.name, ...found });
      torn = whole ? null : { file, line };
    }
    // Of every file: the next start gives a torn line its end before it writes on, so none stays open.
    if (torn?.file === file) tell({ file: file.name, line, kind: 'torn-end', message: TORN_WORDS });
  }
  const newest = files.at(-1)?.name ?? null;
  for (const found of endChain(state)) {
    if (found.line !== torn?.line) tell({ file: newest, ...found });
  }
  if (head && files.length === 0) {
    tell({ file: head.file, line: null, kind: 'missing-chain', message: 'the whole log is gone' });
  } else if (head && !headSeen) {
    tell({ file: head.file, line: null, kind: 'cut-end', message: 'the last line that was written is gone' });
  } else if (head && state.last !== head.hash) {
    tell({ file: newest, line: null, kind: 'beyond-head', message: BEYOND_WORDS });
  }
  return {
    ...{ actor, files: files.length, lines: state.lines, headKnown: head !== null },
    ...{ droppedThrough: base?.through ?? null, findings },
  };
}

/**
 * What the first line of another machine's log follows. That machine drops its old days, and the record of it is there:
 * here nothing can be said about the beginning.
 */
async function firstLink(dir: string, files: readonly DayFile[]): Promise<string | undefined> {
  for (const file of files) {
    for await (const { bytes } of linesOf(dayPath(dir, file))) {
      const read = readRecord(bytes);
      if (read.ok) return read.record.prev;
    }
  }
  return undefined;
}

function headsOf({ dir, headDir }: { dir: string; headDir?: string | undefined }) {
  return headDir === undefined ? Promise.resolve(new Map<string, ChainHead>()) : knownHeads(dir, headDir);
}

const DROPPED_WORDS =
  'is a day that was dropped, or came back after it; it is no part of the log and goes with the next clean-up';
const TORN_WORDS =
  'ends in the middle of a line: a crash while it was written (named at the next start), or bytes were cut off';
const BEYOND_WORDS =
  'lines stand after the last one the process knows of: a crash between two writes (told at the next start), or added lines';

async function plainFolder(dir: string): ReturnType<typeof listDayFiles> {
  try {
    if (!(await lstat(dir)).isDirectory()) return { files: [], strays: ['(the folder is a link)'] };
    return await listDayFiles(dir);
  } catch (error) {
    if (errno(error) === 'ENOENT') return { files: [], strays: [] };
    throw error;
  }
}
