import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryVerdict, SubmissionPhase } from '../../core/delivery-verdict.ts';
import { type Backoff, type EffectState, effectState, type ResolvedHow } from '../../core/effect-state.ts';
import { isTaskId, type TaskId } from '../../core/task-id.ts';
import { createDurably, syncFolder, writeDurably } from '../../files/durable.ts';
import { errno } from '../../files/errno.ts';
import type { ProcessIdentity } from '../../runtime/process-identity.ts';
import { createDurablySync } from './durable-sync.ts';
import { type Generation, readGeneration } from './generation.ts';
import {
  type FiledRecord,
  type ResultRecord,
  type SealedRecord,
  sealedRecordSchema,
} from './journal-records.ts';

export type JournalFaultCode = 'message-damaged' | 'not-recorded' | 'transmission-revoked';

export class JournalFault extends Error {
  readonly code: JournalFaultCode;
  readonly task: TaskId;

  constructor(code: JournalFaultCode, task: TaskId, options?: { readonly cause?: unknown }) {
    super(`journal of ${task}: ${code}`, options);
    this.name = 'JournalFault';
    this.code = code;
    this.task = task;
  }
}

export interface JournalOptions {
  /** STATE_DIR; the journal lies in `journal/` below it. */
  readonly stateDir: string;
  readonly self: ProcessIdentity;
  readonly isAlive: (process: ProcessIdentity) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Before the next attempt after a 4xx or a lost connection; default 15 s doubling to 15 min. */
  readonly backoff?: Omit<Backoff, 'key'> | undefined;
}

/** What is sealed: the exact bytes of the mail and what was approved about it. */
export type SealInput = Omit<SealedRecord, 'seal' | 'emlSha256' | 'sealedAt'> & {
  readonly id: TaskId;
  readonly eml: Uint8Array;
};

export type SealResult =
  /** `again`: exactly this was sealed before and still waits, so nothing was written. */
  | { readonly ok: true; readonly seal: number; readonly again: boolean }
  /** `done`, `in_doubt`, `running`, `unreadable`: it may have been sent, or nobody can tell. */
  | { readonly ok: false; readonly state: EffectState };

export interface EffectView {
  readonly state: EffectState;
  /** What is sealed in the generation that `state` speaks of. */
  readonly sealed: SealedRecord | null;
  readonly filed: FiledRecord | null;
}

/** The right to one attempt. Only its owner may let the body out, and only once. */
export interface OpenAttempt {
  readonly n: number;
  /**
   * Records, synchronously and fsynced, that the body may now leave.
   * @throws JournalFault `transmission-revoked` when the attempt was given up by a later process.
   */
  transmitting(): void;
  /** @throws JournalFault `not-recorded` (disk full …): then nobody knows, and the process should stop. */
  finish(verdict: DeliveryVerdict, phase: SubmissionPhase): Promise<void>;
}

export type BeginResult =
  | { readonly ok: true; readonly attempt: OpenAttempt }
  | { readonly ok: false; readonly state: EffectState };

const DEFAULT_BACKOFF = { firstMs: 15_000, maxMs: 900_000 };

/**
 * The journal of outside effects: append-only, one file per transition, each created exclusively and
 * fsynced before the next step. It is asked before every effect, whatever the folders of the vault say.
 * Layout and states: core/effect-state.ts. A finished task costs nothing but its own folder, which is found
 * by its id; nothing here lists the tasks.
 */
export class EffectJournal {
  readonly #options: JournalOptions;
  readonly #root: string;

  private constructor(options: JournalOptions) {
    this.#options = options;
    this.#root = join(options.stateDir, 'journal');
  }

  static async open(options: JournalOptions): Promise<EffectJournal> {
    const journal = new EffectJournal(options);
    await mkdir(journal.#root, { recursive: true, mode: 0o700 });
    await syncFolder(options.stateDir);
    return journal;
  }

  /** Where the task's effect stands. O(1) in the number of tasks. */
  async view(id: TaskId): Promise<EffectView> {
    const { decisive, state } = await this.#read(id);
    return { state, sealed: decisive?.sealed ?? null, filed: decisive?.filed ?? null };
  }

  /**
   * Commits to exactly these bytes. From here nothing that arrives by sync can change what is sent. A task
   * that was not sent may be sealed anew (another generation); the old one is withdrawn first, through the
   * same exclusive name that an attempt would need, so that it cannot be sent as well.
   */
  async seal(input: SealInput): Promise<SealResult> {
    const { id, eml, ...rest } = input;
    const { decisive, state, generations } = await this.#read(id);
    if (['done', 'in_doubt', 'running', 'unreadable'].includes(state.state)) return { ok: false, state };
    const emlSha256 = sha256(eml);
    if (state.state === 'sealed' || state.state === 'retry') {
      const same = decisive?.sealed?.hash === input.hash && decisive.sealed.emlSha256 === emlSha256;
      if (same) return { ok: true, seal: decisive.k, again: true };
      const withdrawn = await this.withdraw(id);
      if (withdrawn.state !== 'withdrawn') return { ok: false, state: withdrawn };
    }
    const k = Math.max(0, ...generations.filter((g) => g.sealed).map((g) => g.k)) + 1;
    const folder = await this.#generationFolder(id, k);
    // Never written in a form that could not be read back.
    const record = sealedRecordSchema.parse({ id, ...rest, sealedAt: this.#stamp(), seal: k, emlSha256 });
    // Replaces what a crash left before its sealed.json; the digest keeps two sealers from mixing.
    await writeDurably(join(folder, 'message.eml'), eml);
    const won = await createDurably(join(folder, 'sealed.json'), JSON.stringify(record));
    return won ? { ok: true, seal: k, again: false } : { ok: false, state: (await this.#read(id)).state };
  }

  /** The sealed bytes. @throws JournalFault `message-damaged` when they are not what was sealed. */
  async message(sealed: SealedRecord): Promise<Uint8Array> {
    const { id } = sealed;
    const path = join(this.#root, id, `g${sealed.seal}`, 'message.eml');
    const eml = await readFile(path).catch((cause: unknown) => {
      throw new JournalFault('message-damaged', id, { cause });
    });
    if (sha256(eml) !== sealed.emlSha256) throw new JournalFault('message-damaged', id);
    return eml;
  }

  /** Takes the next attempt at the generation `seal`, if the state allows one now. Of several callers one gets it. */
  async beginAttempt(id: TaskId, seal: number): Promise<BeginResult> {
    const { decisive, state } = await this.#read(id);
    if (state.state !== 'sealed' && state.state !== 'retry') return { ok: false, state };
    if (state.state === 'retry' && state.after > this.#options.now()) return { ok: false, state };
    if (decisive?.k !== seal || !decisive.sealed) return { ok: false, state };
    const n = decisive.entries.attempts.length + 1;
    if (!(await this.#giveUpDead(decisive)) || !(await this.#takeNumber(decisive, n, 'attempt'))) {
      return { ok: false, state: (await this.#read(id)).state };
    }
    return { ok: true, attempt: this.#attempt(id, decisive.folder, n) };
  }

  /**
   * Makes sure that what is sealed is never sent, so that it can be sealed anew; a refused one as well.
   * Gives the state afterwards: anything but `withdrawn` (or `none`) says it was too late for that.
   */
  async withdraw(id: TaskId): Promise<EffectState> {
    const { decisive, state } = await this.#read(id);
    if (['sealed', 'retry', 'failed'].includes(state.state) && decisive) {
      const n = decisive.entries.attempts.length + 1;
      if (await this.#giveUpDead(decisive)) await this.#takeNumber(decisive, n, 'withdrawn');
    }
    return (await this.#read(id)).state;
  }

  /** Settles a doubt; only a task in doubt has one. Gives the state afterwards. */
  async resolve(id: TaskId, how: ResolvedHow, evidence: string): Promise<EffectState> {
    const { decisive, state } = await this.#read(id);
    if (state.state !== 'in_doubt' || !decisive) return state;
    const record = { how, at: this.#stamp(), evidence: evidence.slice(0, 2000) };
    await createDurably(join(decisive.folder, `resolution-${state.attempt}.json`), JSON.stringify(record));
    return (await this.#read(id)).state;
  }

  /** Records that the copy in Sent is taken care of. */
  async recordFiled(id: TaskId, how: FiledRecord['how']): Promise<void> {
    const { decisive, state } = await this.#read(id);
    if (state.state !== 'done' || !decisive) return;
    await createDurably(join(decisive.folder, 'filed.json'), JSON.stringify({ how, at: this.#stamp() }));
  }

  async #read(
    id: TaskId,
  ): Promise<{ decisive: Generation | null; state: EffectState; generations: Generation[] }> {
    // The id becomes a path: the type is not trusted with that.
    if (!isTaskId(id)) throw new TypeError('not a task id');
    const folder = join(this.#root, id);
    const names = await readdir(folder).catch((error: unknown) => {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    });
    const generations: Generation[] = [];
    for (const name of names) {
      const k = /^g(\d{1,6})$/.exec(name)?.[1];
      if (k === undefined) {
        const why = `a file that does not belong here: ${JSON.stringify(name.slice(0, 80))}`;
        return { decisive: null, state: { state: 'unreadable', why }, generations: [] };
      }
      generations.push(await readGeneration(join(folder, name), Number(k)));
    }
    generations.sort((a, b) => a.k - b.k);
    let decisive: Generation | null = null;
    let state: EffectState = { state: 'none' };
    const backoff = { ...(this.#options.backoff ?? DEFAULT_BACKOFF), key: id };
    for (const generation of generations) {
      const next = effectState(generation.entries, this.#options.isAlive, backoff);
      // What a crash before the seal left commits to nothing.
      if (next.state === 'none') continue;
      decisive = generation;
      state = next;
      // An older generation that may have sent counts, whatever was sealed after it.
      if (['done', 'in_doubt', 'running', 'unreadable'].includes(next.state)) break;
    }
    return { decisive, state, generations };
  }

  async #generationFolder(id: TaskId, k: number): Promise<string> {
    const task = join(this.#root, id);
    const folder = join(task, `g${k}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(this.#root);
    await syncFolder(task);
    return folder;
  }

  #takeNumber(generation: Generation, n: number, kind: 'attempt' | 'withdrawn'): Promise<boolean> {
    const record = { n, kind, at: this.#stamp(), process: this.#options.self };
    return createDurably(join(generation.folder, `attempt-${n}.json`), JSON.stringify(record));
  }

  /**
   * An attempt whose process died before transmitting is made void by the very name its sender would need.
   * So even when "died" was wrong (another pid namespace), at most one of the two can let a body out.
   */
  async #giveUpDead(generation: Generation): Promise<boolean> {
    const last = generation.entries.attempts.at(-1);
    if (!last || last.kind === 'withdrawn' || last.result || last.resolution || last.transmitting === 'void')
      return true;
    if (last.transmitting === 'sender') return false;
    const record = { by: 'void', at: this.#stamp() };
    return createDurably(join(generation.folder, `attempt-${last.n}.transmitting`), JSON.stringify(record));
  }

  #attempt(id: TaskId, folder: string, n: number): OpenAttempt {
    const path = join(folder, `attempt-${n}`);
    return {
      n,
      transmitting: () => {
        const record = JSON.stringify({ by: 'sender', at: this.#stamp() });
        if (!createDurablySync(`${path}.transmitting`, record))
          throw new JournalFault('transmission-revoked', id);
      },
      finish: async (verdict, phase) => {
        const record: ResultRecord = { ...forRecord(verdict), at: this.#stamp(), phase };
        try {
          await createDurably(`${path}.result.json`, JSON.stringify(record));
        } catch (cause) {
          throw new JournalFault('not-recorded', id, { cause });
        }
      },
    };
  }

  #stamp(): string {
    return new Date(this.#options.now()).toISOString();
  }
}

/** Bounded, so that what is written can be read back. */
function forRecord(verdict: DeliveryVerdict): DeliveryVerdict {
  const cut = { ...verdict, words: verdict.words.slice(0, 2000) };
  if (cut.verdict !== 'sent_partly') return cut;
  const refused = cut.refused.slice(0, 200).map((r) => ({
    address: r.address.slice(0, 1000),
    code: r.code,
    words: r.words.slice(0, 2000),
  }));
  return { ...cut, refused };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
