import { noteName } from '../../src/core/filename.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import type { TakeInDeps } from '../../src/stages/take-in-mail.ts';
import type { NoteRef } from '../../src/vault/vault.ts';

interface Kept {
  readonly text: string;
  /** Grows with every change, as a file's ctime does. */
  readonly changed: number;
}

/** A vault in memory: a hundred thousand notes on a disk would measure the disk. Names are held to what disks allow. */
export class MemoryVault {
  readonly #notes = new Map<string, Kept>();
  readonly #threads = new Map<string, string>();
  #changes = 0;
  readonly seen = new Map<string, { readonly fingerprint: string }>();

  readonly vault: TakeInDeps['vault'] = {
    create: (ref, text) => {
      const path = pathOf(ref);
      if (this.#notes.has(path)) return Promise.resolve('exists');
      this.#put(path, text);
      return Promise.resolve('created');
    },
    find: (name, folders) => {
      const folder = folders.find((one) => this.#notes.has(`${one}/${name}`));
      return Promise.resolve(folder === undefined ? null : { folder, name });
    },
    list: (folder) => Promise.resolve(this.#in(folder)),
    read: (ref) => {
      const kept = this.#notes.get(pathOf(ref));
      if (!kept) return Promise.resolve({ ok: false, why: 'gone' });
      return Promise.resolve({ ok: true, text: kept.text, stat: statOf(kept) });
    },
    stat: (ref) => {
      const kept = this.#notes.get(pathOf(ref));
      return Promise.resolve(kept ? statOf(kept) : null);
    },
    update: (ref, text) => {
      if (!this.#notes.has(pathOf(ref))) throw new Error(`no note ${pathOf(ref)}`);
      this.#put(pathOf(ref), text);
      return Promise.resolve();
    },
    move: (ref, folder) => {
      const [from, to] = [pathOf(ref), pathOf({ folder, name: ref.name })];
      const kept = this.#notes.get(from);
      if (!kept) return Promise.resolve('lost');
      if (this.#notes.has(to)) return Promise.resolve('exists');
      this.#notes.delete(from);
      this.#put(to, kept.text);
      return Promise.resolve('moved');
    },
    saveAttachment: (id, filename) =>
      Promise.resolve(noteName(`${id} ${filename}`.slice(0, 80), 'em-0000000000000000' as TaskId)),
    setAside: () => Promise.reject(new Error('nobody else is here')),
  };

  readonly ledger: TakeInDeps['ledger'] = {
    look: (id) => this.seen.get(id) ?? null,
    write: (id, entry) => void this.seen.set(id, entry),
    lastOfThread: (key) => this.#threads.get(key) ?? null,
    setLastOfThread: (key, name, replace) => {
      if (replace || !this.#threads.has(key)) this.#threads.set(key, name);
    },
  };

  /** Paths of the notes of a task. */
  placesOf(id: string): string[] {
    return [...this.#notes.keys()].filter((path) => path.includes(id));
  }

  textAt(path: string): string {
    return this.#notes.get(path)?.text ?? '';
  }

  clear(): void {
    this.#notes.clear();
    this.#threads.clear();
    this.seen.clear();
  }

  #put(path: string, text: string): void {
    this.#changes += 1;
    this.#notes.set(path, { text, changed: this.#changes });
  }

  #in(folder: string): string[] {
    const prefix = `${folder}/`;
    return [...this.#notes.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length));
  }
}

const statOf = ({ text, changed }: Kept) => ({ mtimeMs: changed, ctimeMs: changed, size: text.length });

function pathOf({ folder, name }: NoteRef): string {
  if (!/^[^/\\\0\n]+$/.test(name) || Buffer.byteLength(name) > 255) throw new Error(`no disk takes ${name}`);
  return `${folder}/${name}`;
}
