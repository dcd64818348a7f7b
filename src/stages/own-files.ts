/**
 * Which files of the vault surely came from this machine. Beside a peer that can write here, a name says nothing: the bytes
 * that the user looked at may have been replaced since. As with cards (docs/adr/0009), nothing that a peer passes on is
 * evidence, only what our Syncthing itself found on our disk and did not bring there.
 */
import { createHash } from 'node:crypto';
import { ATTACHMENT_LIMITS } from '../core/outgoing-attachments.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { type FileBytes, readFileBytes } from '../vault/vault-files.ts';
import type { CardChange, ChangeLedger } from './followed-changes.ts';

/** Bytes as they were just read. */
export interface JudgedFile {
  /** From the vault's root. */
  readonly path: string;
  /** 64 hex digits. */
  readonly sha256: string;
  /** Milliseconds. */
  readonly ctimeMs: number;
}

export type FileOrigin =
  | 'own'
  /** From another device, or from before it was followed: nobody can tell. */
  | 'unsure'
  /** Ask again in a moment. */
  | 'settle_first';

export interface OwnFilesDeps {
  readonly vault: { readonly root: string };
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** A pull is told up to two seconds after it (see offered-cards.ts). */
const TOLD_AFTER_MS = 3_000;
/**
 * A file that was made on this disk longer ago than Syncthing may take to find it (it looks through everything once an hour)
 * was not made by what it tells of: a change of rights or dates, which says nothing of who wrote the bytes.
 */
const FOUND_WITHIN_MS = 70 * 60_000;
/** Hidden files; and what our own processes write every few seconds. */
const NEVER_ATTACHED = /(?:^|\/)[.~]|^(?:Logs|Updates)\//;
/** The oldest are forgotten first, and asked about. */
const REMEMBERED = 1_000;

interface Known {
  readonly sha256: string;
  readonly own: boolean;
}

/** Kept in memory: after a start of the handler, files from before are asked about once. */
export class OwnFiles {
  readonly #deps: OwnFilesDeps;
  readonly #known = new Map<string, Known>();

  constructor(deps: OwnFilesDeps) {
    this.#deps = deps;
  }

  /** A change of a file that is no note, told in order. */
  async changed({ path, action, origin, at }: CardChange & { readonly at?: number }): Promise<void> {
    const before = this.#known.get(path);
    this.#known.delete(path);
    const file = action === 'deleted' || NEVER_ATTACHED.test(path) ? null : await this.#read(path);
    if (file === null) return;
    const sha256 = digest(file.bytes);
    // Whoever brought these bytes first: touching them afterwards makes them nobody else's.
    const foreign = before?.own === false && before.sha256 === sha256;
    const told = at ?? this.#deps.clock.now();
    const own = origin === 'local' && !foreign && file.birthtimeMs >= told - FOUND_WITHIN_MS;
    this.#known.set(path, { sha256, own });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
  }

  /** Changes were lost. */
  gap(): void {
    this.#known.clear();
  }

  async judge(file: JudgedFile, ledger: ChangeLedger | null): Promise<FileOrigin> {
    if (!this.#isOwn(file)) return 'unsure';
    const now = this.#deps.clock.now();
    // A clock that was set back tells nothing of when the bytes came.
    if (ledger === null || file.ctimeMs > now) return 'unsure';
    if (now < file.ctimeMs + TOLD_AFTER_MS) return 'settle_first';
    try {
      await ledger.flush();
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'whether a file was changed cannot be known yet');
      return 'settle_first';
    }
    return ledger.continuous && this.#isOwn(file) ? 'own' : 'unsure';
  }

  #isOwn({ path, sha256 }: JudgedFile): boolean {
    const known = this.#known.get(path);
    return known?.own === true && known.sha256 === sha256;
  }

  async #read(path: string): Promise<FileBytes | null> {
    try {
      const read = await readFileBytes(this.#deps.vault.root, path, ATTACHMENT_LIMITS.fileBytes);
      return read.ok ? read : null;
    } catch (error) {
      // A file that cannot be read is not known; the changes after it still are told.
      this.#deps.log.warn({ err: error }, 'a file that was changed could not be read');
      return null;
    }
  }
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
