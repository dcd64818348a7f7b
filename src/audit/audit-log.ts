/**
 * The audit log of one process. One writer per chain: the process holds its lock in `STATE_DIR`.
 *
 * Order of an append: line written, fsync, head replaced. A crash in between leaves the head one line behind
 * (adopted at the next start) or a torn line (named at the next start). Nothing is ever cut away or repaired
 * in silence: what the log finds at its start it writes down as `audit.recovered`.
 *
 * A file that is not as we left it (shorter, gone, torn by a full disk) is found before the next line is
 * written, also while the process runs: a peer may reach `Logs/` through the vault's sync.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  type AuditEntry,
  type AuditParameters,
  type AuditTrail,
  chainStart,
  evidenceParameters,
  RECOVERED,
  renderRecord,
  sealRecord,
} from '../core/audit-chain.ts';
import { maskEntry } from '../core/audit-mask.ts';
import { syncFolder } from '../files/durable.ts';
import { AuditFault } from './audit-fault.ts';
import { readHead, writeHead } from './chain-head.ts';
import { readChainTail } from './chain-tail.ts';
import { actorOf, type DayFile, dayFile, dayPath, ensureLogFolder } from './day-files.ts';

export interface AuditLogDeps {
  /** Absolute path of `Logs/<agent>`. Its last part names the agent. */
  readonly dir: string;
  readonly process: string;
  /** `STATE_DIR/audit/<process>.head.json`. Without it a cut at the end cannot be found. */
  readonly headFile?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class AuditLog implements AuditTrail {
  readonly actor: string;
  readonly #deps: AuditLogDeps;
  #queue: Promise<void> = Promise.resolve();
  /** Hash of the last line known to be on disk; null until the first recovery of a chain without a head. */
  #last: string | null = null;
  #file: DayFile | null = null;
  #bytes = 0;
  #trusted = false;

  private constructor(deps: AuditLogDeps) {
    this.#deps = deps;
    this.actor = actorOf(deps.dir, deps.process);
  }

  /** Throws `AuditFault` when the folder, a file or the head cannot be used. */
  static async open(deps: AuditLogDeps): Promise<AuditLog> {
    const log = new AuditLog(deps);
    const head = deps.headFile === undefined ? null : await readHead(deps.headFile);
    // A head of another chain says nothing about this one.
    if (head?.actor === log.actor) log.#last = head.hash;
    await log.#inOrder(() => log.#recover());
    return log;
  }

  /** Resolves once the line is on disk. Throws `AuditFault`; the caller then does no effect. */
  append(entry: AuditEntry): Promise<void> {
    return this.#inOrder(async () => {
      if (!this.#trusted || !(await this.#isAsWeLeftIt())) await this.#recover();
      await this.#write(entry);
    });
  }

  /** Calls come from several places of one process; the chain has one order. */
  #inOrder(step: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(step);
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async #recover(): Promise<void> {
    const { dir, process } = this.#deps;
    await ensureLogFolder(dir);
    const tail = await withFault(() => readChainTail(dir, process));
    if (tail.newest && tail.openLine) {
      // The torn line stays; it only gets its end, so that the next line starts on its own.
      await withFault(() => appendBytes(dayPath(dir, tail.newest as DayFile), '\n'));
    }
    this.#file = tail.newest;
    this.#bytes = tail.newestBytes + (tail.openLine ? 1 : 0);
    this.#trusted = true;
    const found = tail.record?.hash ?? chainStart(this.actor);
    const words: Record<string, string | number> = {};
    if (tail.torn === null) words['torn_bytes'] = -1;
    else if (tail.torn.length > 0) Object.assign(words, evidenceParameters(tail.torn));
    const known = this.#last;
    if (known !== null && known !== found) {
      if (tail.record?.prev === known) words['adopted'] = found;
      else words['missing_after'] = known;
    }
    this.#last = found;
    if (Object.keys(words).length > 0) {
      await this.#write({
        action: RECOVERED,
        parameters: words satisfies AuditParameters,
        result: 'continued',
      });
    }
  }

  /** A file that grew, shrank or went since our last write is not ours alone any more. */
  async #isAsWeLeftIt(): Promise<boolean> {
    if (!this.#file) return false;
    try {
      const handle = await openNoFollow(dayPath(this.#deps.dir, this.#file), constants.O_RDONLY);
      try {
        return (await handle.stat()).size === this.#bytes;
      } finally {
        await handle.close();
      }
    } catch {
      return false;
    }
  }

  async #write(entry: AuditEntry): Promise<void> {
    const { dir, process, now, headFile } = this.#deps;
    await ensureLogFolder(dir);
    const ts = new Date(now()).toISOString();
    const today = dayFile(ts, process);
    // A clock that went back must not put a later line into an earlier file.
    const file = this.#file && this.#file.day > today.day ? this.#file : today;
    const prev = this.#last ?? chainStart(this.actor);
    const record = sealRecord({ ts, actor: this.actor, prev, ...maskEntry(entry) });
    // Until the line is known to be whole, the file is not: a failed write is looked at before the next one.
    this.#trusted = false;
    const size = await withFault(() => appendBytes(dayPath(dir, file), renderRecord(record)));
    this.#last = record.hash;
    if (file.name !== this.#file?.name) await withFault(() => syncFolder(dir));
    if (headFile !== undefined)
      await writeHead(headFile, { actor: this.actor, hash: record.hash, file: file.name });
    this.#file = file;
    this.#bytes = size;
    this.#trusted = true;
  }
}

/** Appends in one write, fsyncs, and gives the size of the file after it. */
async function appendBytes(path: string, text: string): Promise<number> {
  const handle = await openNoFollow(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
  try {
    const bytes = Buffer.from(text);
    const { bytesWritten } = await handle.write(bytes);
    if (bytesWritten !== bytes.length)
      throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

/** Never through a link: the file name is known in advance, and a peer can put a link there first. */
async function openNoFollow(path: string, flags: number): Promise<FileHandle> {
  const handle = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  const stat = await handle.stat();
  if (stat.isFile() && stat.nlink === 1) return handle;
  await handle.close();
  throw new Error('not a plain file');
}

async function withFault<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof AuditFault) throw cause;
    throw new AuditFault(
      'log-write',
      'the audit log cannot be written',
      'free disk space, or look for a link or folder in the place of a log file in Logs/',
      cause,
    );
  }
}
