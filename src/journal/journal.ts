import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryVerdict } from '../core/delivery-verdict.ts';
import { type Backoff, type EffectState, effectState, type ResolvedHow } from '../core/effect-state.ts';
import { isTaskId, type TaskId } from '../core/task-id.ts';
import { createDurably, syncFolder, writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import type { ProcessIdentity } from '../runtime/process-identity.ts';
import { createDurablySync } from './durable-sync.ts';
import { type Generation, readGeneration } from './generation.ts';
import {
  type JournalFormat,
  type ResultRecord,
  type ReturnRecord,
  returnedSchema,
  type SealedCommon,
} from './journal-records.ts';

export type JournalFaultCode = 'payload-damaged' | 'not-recorded' | 'transmission-revoked';

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

/** What is sealed: exactly what will happen, as bytes, and what was approved about it. */
export type SealInput<Sealed extends SealedCommon> = Omit<
  Sealed,
  'id' | 'seal' | 'emlSha256' | 'payloadSha256' | 'sealedAt'
> & {
  readonly id: TaskId;
  readonly hash: string;
  readonly payload: Uint8Array;
};

export type SealResult =
  /** `again`: exactly this was sealed before and still waits, so nothing was written. */
  | { readonly ok: true; readonly seal: number; readonly again: boolean }
  /** `done`, `in_doubt`, `running`, `unreadable`: it may have happened, or nobody can tell. */
  | { readonly ok: false; readonly state: EffectState };

export interface EffectView<Sealed, Filed> {
  readonly state: EffectState;
  /** What is sealed in the generation that `state` speaks of. */
  readonly sealed: Sealed | null;
  readonly filed: Filed | null;
  /** What was sealed in the generations that happened and came back, oldest first. */
  readonly returned: readonly Sealed[];
}

export type ReturnResult =
  | { readonly is: 'recorded' }
  /** It came back before; `notice` is the report that said so first. */
  | { readonly is: 'again'; readonly notice: string }
  /** Nothing of this kind was ever sealed under the task. */
  | { readonly is: 'not_ours' }
  /** It does not count as done (`in_doubt`, `running`, sealed anew …). */
  | { readonly is: 'not_done'; readonly state: EffectState }
  /** So many came back already that no further one reopens the task. */
  | { readonly is: 'too_often' };

/** The right to one attempt. Only its owner may let the effect out (a mail's body, the call that posts), and only once. */
export interface OpenAttempt {
  readonly n: number;
  /**
   * Records, synchronously and fsynced, that it may now happen.
   * @throws JournalFault `transmission-revoked` when the attempt was given up by a later process.
   */
  transmitting(): void;
  /** @throws JournalFault `not-recorded` (disk full …): then nobody knows, and the process should stop. */
  finish(verdict: DeliveryVerdict, phase: string): Promise<void>;
}

export type BeginResult =
  | { readonly ok: true; readonly attempt: OpenAttempt }
  | { readonly ok: false; readonly state: EffectState };

/**
 * How often one task can come back. Each time takes a new yes of the user and another sending; but who can put
 * reports into the mailbox must not be able to keep a task open for ever.
 */
const MAX_RETURNS = 5;

const DEFAULT_BACKOFF = { firstMs: 15_000, maxMs: 900_000 };

/**
 * The journal of outside effects: append-only, one file per transition, each created exclusively and
 * fsynced before the next step. It is asked before every effect, whatever the folders of the vault say.
 * Layout and states: core/effect-state.ts. A finished task costs nothing but its own folder, which is found
 * by its id; nothing here lists the tasks.
 */
export class EffectJournal<Sealed extends SealedCommon, Filed extends { readonly at: string }> {
  readonly #options: JournalOptions;
  readonly #format: JournalFormat<Sealed, Filed>;
  readonly #root: string;

  private constructor(options: JournalOptions, format: JournalFormat<Sealed, Filed>) {
    this.#options = options;
    this.#format = format;
    this.#root = join(options.stateDir, 'journal');
  }

  static async open<Sealed extends SealedCommon, Filed extends { readonly at: string }>(
    options: JournalOptions,
    format: JournalFormat<Sealed, Filed>,
  ): Promise<EffectJournal<Sealed, Filed>> {
    const journal = new EffectJournal(options, format);
    await mkdir(journal.#root, { recursive: true, mode: 0o700 });
    await syncFolder(options.stateDir);
    return journal;
  }

  /** Where the task's effect stands. O(1) in the number of tasks. */
  async view(id: TaskId): Promise<EffectView<Sealed, Filed>> {
    const { decisive, state, generations } = await this.#read(id);
    const returned = generations.flatMap((g) => (g.entries.returned && g.sealed ? [g.sealed] : []));
    return { state, sealed: decisive?.sealed ?? null, filed: decisive?.filed ?? null, returned };
  }

  /**
   * Commits to exactly these bytes. From here nothing that arrives by sync can change what happens. A task
   * that did not happen may be sealed anew (another generation); the old one is withdrawn first, through the
   * same exclusive name that an attempt would need, so that it cannot happen as well.
   */
  async seal(input: SealInput<Sealed>): Promise<SealResult> {
    const { id, payload, ...rest } = input;
    const { digest, payload: file, schema } = this.#format;
    const { decisive, state, generations } = await this.#read(id);
    if (['done', 'in_doubt', 'running', 'unreadable'].includes(state.state)) return { ok: false, state };
    const sum = sha256(payload);
    if (state.state === 'sealed' || state.state === 'retry') {
      const same = decisive?.sealed?.hash === input.hash && digestOf(decisive.sealed, digest) === sum;
      if (same) return { ok: true, seal: decisive.k, again: true };
      const withdrawn = await this.withdraw(id);
      if (withdrawn.state !== 'withdrawn') return { ok: false, state: withdrawn };
    }
    const k = Math.max(0, ...generations.filter((g) => g.sealed).map((g) => g.k)) + 1;
    const folder = await this.#generationFolder(id, k);
    // Never written in a form that could not be read back.
    const record = schema.parse({ id, ...rest, sealedAt: this.#stamp(), seal: k, [digest]: sum });
    // Replaces what a crash left before its sealed.json; the digest keeps two sealers from mixing.
    await writeDurably(join(folder, file), payload);
    const won = await createDurably(join(folder, 'sealed.json'), JSON.stringify(record));
    return won ? { ok: true, seal: k, again: false } : { ok: false, state: (await this.#read(id)).state };
  }

  /** The sealed bytes. @throws JournalFault `payload-damaged` when they are not what was sealed. */
  async payload(sealed: Sealed): Promise<Uint8Array> {
    const { id } = sealed;
    const path = join(this.#root, id, `g${sealed.seal}`, this.#format.payload);
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw new JournalFault('payload-damaged', id, { cause });
    });
    if (sha256(bytes) !== digestOf(sealed, this.#format.digest))
      throw new JournalFault('payload-damaged', id);
    return bytes;
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
   * Makes sure that what is sealed never happens, so that it can be sealed anew; a refused one as well.
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

  /**
   * Records that what was done came back: `done` becomes `failed`, and the next yes may seal anew. Only of the
   * generation whose seal `isIt` knows, and once for each: a second report changes nothing.
   */
  async recordReturned(
    id: TaskId,
    returned: Omit<ReturnRecord, 'at'>,
    isIt: (sealed: Sealed, filed: Filed | null) => boolean,
  ): Promise<ReturnResult> {
    const { decisive, state, generations } = await this.#read(id);
    if (state.state === 'unreadable') return { is: 'not_done', state };
    const named = generations.findLast((g) => g.sealed !== null && isIt(g.sealed, g.filed));
    if (!named) return { is: 'not_ours' };
    if (named.entries.returned) return { is: 'again', notice: named.entries.returned.notice };
    if (named !== decisive || state.state !== 'done') return { is: 'not_done', state };
    if (generations.filter((g) => g.entries.returned).length >= MAX_RETURNS) return { is: 'too_often' };
    const record = returnedSchema.parse({
      notice: returned.notice,
      words: returned.words.slice(0, 2000),
      recipients: returned.recipients.slice(0, 200).map((r) => r.slice(0, 1000)),
      at: this.#stamp(),
    });
    const won = await createDurably(join(named.folder, 'returned.json'), JSON.stringify(record));
    return won ? { is: 'recorded' } : this.recordReturned(id, returned, isIt);
  }

  /** Records that what follows the effect is taken care of (a mail's copy in Sent). Written once. */
  async recordFiled(id: TaskId, filed: Omit<Filed, 'at'>): Promise<void> {
    const { decisive, state } = await this.#read(id);
    if (state.state !== 'done' || !decisive) return;
    const record = this.#format.filed.parse({ ...filed, at: this.#stamp() });
    await createDurably(join(decisive.folder, 'filed.json'), JSON.stringify(record));
  }

  async #read(id: TaskId): Promise<{
    decisive: Generation<Sealed, Filed> | null;
    state: EffectState;
    generations: Generation<Sealed, Filed>[];
  }> {
    // The id becomes a path: the type is not trusted with that.
    if (!isTaskId(id)) throw new TypeError('not a task id');
    const folder = join(this.#root, id);
    const names = await readdir(folder).catch((error: unknown) => {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    });
    const generations: Generation<Sealed, Filed>[] = [];
    for (const name of names) {
      const k = /^g(\d{1,6})$/.exec(name)?.[1];
      if (k === undefined) {
        const why = `a file that does not belong here: ${JSON.stringify(name.slice(0, 80))}`;
        return { decisive: null, state: { state: 'unreadable', why }, generations: [] };
      }
      generations.push(await readGeneration(this.#format, join(folder, name), Number(k)));
    }
    generations.sort((a, b) => a.k - b.k);
    let decisive: Generation<Sealed, Filed> | null = null;
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

  #takeNumber(
    generation: Generation<Sealed, Filed>,
    n: number,
    kind: 'attempt' | 'withdrawn',
  ): Promise<boolean> {
    const record = { n, kind, at: this.#stamp(), process: this.#options.self };
    return createDurably(join(generation.folder, `attempt-${n}.json`), JSON.stringify(record));
  }

  /**
   * An attempt whose process died before transmitting is made void by the very name its sender would need.
   * So even when "died" was wrong (another pid namespace), at most one of the two can let it happen.
   */
  async #giveUpDead(generation: Generation<Sealed, Filed>): Promise<boolean> {
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

/** A record that passed its schema has it. */
function digestOf(sealed: SealedCommon, key: string): unknown {
  return Object.entries(sealed).find(([name]) => name === key)?.[1];
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
