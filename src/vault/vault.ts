import { lstatSync } from 'node:fs';
import { lstat, mkdir, readdir, realpath, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { attachmentName, nameWithSuffix, type StrayReason, strayReason } from '../core/filename.ts';
import { LIMITS } from '../core/front-matter.ts';
import type { OTHER_FOLDERS, TaskFolder } from '../core/states.ts';
import { createDurably, syncFolder, writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { guardFolders } from './guard.ts';
import { assertComponent, openRegular, realFolder, VaultFault } from './safe-path.ts';
import { type FolderWatch, watchFolders } from './watch.ts';

export { VaultFault } from './safe-path.ts';

export interface NoteRef {
  readonly folder: TaskFolder;
  readonly name: string;
}

export interface NoteStat {
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly size: number;
}

interface Unread<Why extends string = 'gone' | 'not-a-file' | 'too-large'> {
  readonly ok: false;
  readonly why: Why;
}

export type ReadResult =
  | { readonly ok: true; readonly text: string; readonly stat: NoteStat }
  | Unread<'gone' | 'not-a-file' | 'too-large' | 'not-utf8'>;

export type ReadBytes = { readonly ok: true; readonly bytes: Uint8Array; readonly stat: NoteStat } | Unread;

export type MoveResult = 'moved' | 'lost' | 'exists';

export interface Stray {
  readonly name: string;
  readonly why: StrayReason;
}

/** Told of what this process does to files that sync, so that the peer need not wait for its file watcher. */
export interface VaultObserver {
  /** Files that were just written, moved from or moved to; paths relative to the root. Returns at once. */
  changed(paths: readonly string[]): void;
  /**
   * Resolves when earlier changes of this file were handed to the sync, or that took too long. A file that is
   * changed and moved in one step stays visible in both folders of the peer for up to a minute (measured).
   */
  published(path: string): Promise<void>;
}

/** Notes that a user should be able to read and another user of the machine should not. */
const NOTE_MODE = 0o600;

/**
 * The only code that touches vault files. One instance per process; it holds no state but the resolved
 * root and who is told of changes, so that every call sees the disk as it is now.
 */
export class Vault {
  readonly root: string;
  #observer: VaultObserver | null = null;

  private constructor(root: string) {
    this.root = root;
  }

  /** @throws VaultFault `no-vault` when the folder is missing: a vault is never invented (unmounted disk). */
  static async open(path: string): Promise<Vault> {
    try {
      const root = await realpath(path);
      if ((await lstat(root)).isDirectory()) return new Vault(root);
    } catch (error) {
      throw new VaultFault('no-vault', path, { cause: error });
    }
    throw new VaultFault('no-vault', path);
  }

  /** From now on `observer` is told of every change this instance makes. */
  observe(observer: VaultObserver): void {
    this.#observer = observer;
  }

  #changed(...paths: string[]): void {
    this.#observer?.changed(paths);
  }

  /** Creates what is missing of the state folders and their guards; a link in the place of one is a fault. */
  async ensureFolders(): Promise<void> {
    await guardFolders(this.root);
  }

  async #ensure(folder: string): Promise<string> {
    const there = realFolder(this.root, folder);
    if (there !== null) return there;
    let path = '';
    for (const part of folder.split('/')) {
      path = path === '' ? part : `${path}/${part}`;
      await mkdir(join(this.root, path)).catch((error: unknown) => {
        if (errno(error) !== 'EEXIST') throw error;
      });
      realFolder(this.root, path);
    }
    return this.#existing(folder);
  }

  #existing(folder: string): string {
    const path = realFolder(this.root, folder);
    if (path === null) throw new VaultFault('not-a-folder', folder);
    return path;
  }

  async #entries(folder: string): Promise<{ name: string; file: boolean }[]> {
    const path = realFolder(this.root, folder);
    if (path === null) return [];
    const entries = await readdir(path, { withFileTypes: true });
    return entries.map((e) => ({ name: e.name, file: e.isFile() }));
  }

  /** Names of the task files in a folder, sorted. Links, folders, temporary and odd names are left out. */
  async list(folder: TaskFolder): Promise<string[]> {
    return this.#markdownFiles(folder);
  }

  async #markdownFiles(folder: string): Promise<string[]> {
    const entries = await this.#entries(folder);
    return entries
      .filter((e) => e.file && strayReason(e.name) === null)
      .map((e) => e.name)
      .sort();
  }

  /** Names of the Markdown files in a folder that is no state, sorted. */
  async listOther(folder: 'Templates' | 'Contacts'): Promise<string[]> {
    return this.#markdownFiles(folder);
  }

  /** What `list` left out and why. Hidden files and our own staging files are nobody's business. */
  async listStrays(folder: TaskFolder): Promise<Stray[]> {
    const strays: Stray[] = [];
    for (const entry of await this.#entries(folder)) {
      const why = entry.file ? strayReason(entry.name) : 'not-a-file';
      if (why !== null && why !== 'hidden') strays.push({ name: entry.name, why });
    }
    return strays;
  }

  async read(ref: NoteRef): Promise<ReadResult> {
    return this.readOther(`${ref.folder}/${ref.name}`, LIMITS.noteBytes);
  }

  /** Reads any regular file of the vault, at most `maxBytes`. */
  async readOther(path: string, maxBytes: number): Promise<ReadResult> {
    const read = await this.#readBytes(path, maxBytes);
    if (!read.ok) return read;
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(read.bytes);
      return { ok: true, text, stat: read.stat };
    } catch (error) {
      if (error instanceof TypeError) return { ok: false, why: 'not-utf8' };
      throw error;
    }
  }

  async #readBytes(path: string, maxBytes: number): Promise<ReadBytes> {
    const { folder, name } = splitPath(path);
    const at = this.#folderOrNull(folder);
    if (at === null) return { ok: false, why: 'gone' };
    const handle = await openRegular(join(at, name));
    if (typeof handle === 'string') return { ok: false, why: handle };
    try {
      const { size, ctimeMs, mtimeMs } = await handle.stat();
      if (size > maxBytes) return { ok: false, why: 'too-large' };
      return { ok: true, bytes: await handle.readFile(), stat: { ctimeMs, mtimeMs, size } };
    } finally {
      await handle.close();
    }
  }

  #folderOrNull(folder: string): string | null {
    return folder === '' ? this.root : realFolder(this.root, folder);
  }

  exists(ref: NoteRef): Promise<boolean> {
    return this.stat(ref).then((stat) => stat !== null);
  }

  /** Of a regular file; null for everything else. */
  stat(ref: NoteRef): Promise<NoteStat | null> {
    return Promise.resolve().then(() => this.#statNow(ref));
  }

  #statNow(ref: NoteRef): NoteStat | null {
    const at = this.#folderOrNull(ref.folder);
    if (at === null) return null;
    try {
      const stat = lstatSync(join(at, ref.name), { throwIfNoEntry: false });
      return stat?.isFile() ? { ctimeMs: stat.ctimeMs, mtimeMs: stat.mtimeMs, size: stat.size } : null;
    } catch (error) {
      if (errno(error) === 'ENAMETOOLONG') return null;
      throw error;
    }
  }

  /** The first of `folders` that holds a task file of exactly this name. */
  async find(name: string, folders: readonly TaskFolder[]): Promise<NoteRef | null> {
    for (const folder of folders) {
      if (await this.exists({ folder, name })) return { folder, name };
    }
    return null;
  }

  async create(ref: NoteRef, text: string): Promise<'created' | 'exists'> {
    assertComponent(ref.name);
    const folder = await this.#ensure(ref.folder);
    if (!(await createDurably(join(folder, ref.name), text, NOTE_MODE))) return 'exists';
    this.#changed(pathOf(ref));
    return 'created';
  }

  /** Replaces a note the caller owns. One writer per path: a write that meets an incoming one can be lost. */
  async update(ref: NoteRef, text: string): Promise<void> {
    assertComponent(ref.name);
    await writeDurably(join(this.#existing(ref.folder), ref.name), text, NOTE_MODE);
    this.#changed(pathOf(ref));
  }

  /**
   * Moves a note; into `In_Progress/<agent>` this is the claim. The kernel picks one winner of racing
   * renames; `lost` is ENOENT, which is normal and also means "look again", since Syncthing updates a file
   * by unlink and rename. A taken destination is never overwritten (`exists`).
   */
  async move(ref: NoteRef, to: TaskFolder, name = ref.name): Promise<MoveResult> {
    assertComponent(ref.name);
    assertComponent(name);
    await this.#observer?.published(pathOf(ref));
    const from = this.#folderOrNull(ref.folder);
    if (from === null || this.#statNow(ref) === null) return 'lost';
    const into = await this.#ensure(to);
    if (lstatSync(join(into, name), { throwIfNoEntry: false })) return 'exists';
    try {
      await rename(join(from, ref.name), join(into, name));
    } catch (error) {
      if (errno(error) === 'ENOENT') return 'lost';
      throw error;
    }
    this.#changed(`${to}/${name}`, pathOf(ref));
    await Promise.all([syncFolder(into), syncFolder(from)]);
    return 'moved';
  }

  /** Moves a note aside, unchanged, with the reason in `<name> (why).md` beside it. */
  async quarantine(ref: NoteRef, reason: string): Promise<MoveResult> {
    const result = await this.moveToFreeName(ref, 'Quarantine');
    if (result.name === null) return result.outcome;
    const why = nameWithSuffix(result.name, ' (why)');
    const from = ref.folder.replace('/', ' / ');
    await this.create(
      { folder: 'Quarantine', name: why },
      `This note was taken out of \`${from}\` because it could not be handled:\n\n> ${reason.replace(/\s+/g, ' ')}\n\nIt is unchanged. Mend it and move it back, or delete both notes.\n`,
    );
    return result.outcome;
  }

  /** Moves a note under its own name, or `<name> (2).md` … when that is taken; `name` is null when it was lost. */
  async moveToFreeName(ref: NoteRef, to: TaskFolder): Promise<{ outcome: MoveResult; name: string | null }> {
    for (let copy = 1; copy <= 100; copy++) {
      const name = copy === 1 ? ref.name : nameWithSuffix(ref.name, ` (${copy})`);
      const outcome = await this.move(ref, to, name);
      if (outcome !== 'exists') return { outcome, name: outcome === 'moved' ? name : null };
    }
    return { outcome: 'exists', name: null };
  }

  /** Withdraws a version that lost a conflict, or a copy, to `Conflicts/`; every version is kept. */
  async setAside(ref: NoteRef): Promise<MoveResult> {
    return (await this.moveToFreeName(ref, 'Conflicts')).outcome;
  }

  /** Does a `PAUSE.md` lie in the root or in `Approved/`? */
  async paused(): Promise<boolean> {
    return (await this.pauseNotes()).length > 0;
  }

  /**
   * Paths of the notes that pause. Anything of that name counts, a link too, and in any case: a phone's keyboard begins
   * with a capital letter.
   */
  async pauseNotes(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const prefix of ['', 'Approved/']) {
      try {
        const names = await readdir(join(this.root, prefix));
        found.push(...names.filter((name) => /^pause\.md$/i.test(name)).map((name) => `${prefix}${name}`));
      } catch (error) {
        // What cannot be looked at may be there: only a clear "no such folder" lets an effect go on.
        if (errno(error) !== 'ENOENT') found.push(`${prefix}PAUSE.md`);
      }
    }
    return found;
  }

  /** Replaces a file that is no task: `Dashboard.md`, `Updates/<agent>/<process>.json`. */
  async writeOther(path: string, text: string): Promise<void> {
    if (!/^(Dashboard\.md|Updates\/(cloud|local)-agent\/[\w.-]+)$/.test(path)) {
      throw new VaultFault('outside', path);
    }
    const { folder, name } = splitPath(path);
    const at = folder === '' ? this.root : await this.#ensure(folder);
    await writeDurably(join(at, name), text, NOTE_MODE);
    this.#changed(path);
  }

  /** The absolute path of `Logs/<agent>`, for the audit log's one writer. */
  async logFolder(agent: 'cloud-agent' | 'local-agent'): Promise<string> {
    return this.#ensure(`Logs/${agent}`);
  }

  /**
   * Saves an attachment as `Attachments/<task id> <name>` and returns that file's name for a link. Saving
   * the same one again, after a crash, changes nothing.
   */
  async saveAttachment(taskId: string, filename: string, bytes: Uint8Array): Promise<string> {
    const name = `${taskId} ${attachmentName(filename)}`;
    assertComponent(name);
    const there = await createDurably(join(await this.#ensure('Attachments'), name), bytes, NOTE_MODE);
    if (there) this.#changed(`Attachments/${name}`);
    return name;
  }

  /** The bytes of a file in `Attachments/`; a link, a folder or what is larger is not read. */
  async readAttachment(name: string, maxBytes: number): Promise<ReadBytes> {
    return this.#readBytes(`Attachments/${name}`, maxBytes);
  }

  /** Removes our own staging files that a crash left, older than `olderThanMs`. */
  async sweepStaging(
    folder: TaskFolder | (typeof OTHER_FOLDERS)[number],
    now: number,
    olderThanMs: number,
  ): Promise<number> {
    let removed = 0;
    for (const { name, file } of await this.#entries(folder)) {
      if (!file || !name.startsWith('.handover-')) continue;
      const path = join(this.#existing(folder), name);
      const stat = await lstat(path).catch(() => null);
      if (stat && now - stat.mtimeMs > olderThanMs) {
        await unlink(path).catch(() => undefined);
        removed++;
      }
    }
    return removed;
  }

  /** Calls `onHint` after anything happened in one of the folders. A hint only: the scan is the truth. */
  async watch(folders: readonly TaskFolder[], onHint: () => void): Promise<FolderWatch> {
    const paths: string[] = [];
    for (const folder of folders) paths.push(await this.#ensure(folder));
    return watchFolders(paths, onHint);
  }
}

function pathOf(ref: NoteRef): string {
  return `${ref.folder}/${ref.name}`;
}

function splitPath(path: string): { folder: string; name: string } {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  assertComponent(name);
  return { folder: slash < 0 ? '' : path.slice(0, slash), name };
}
