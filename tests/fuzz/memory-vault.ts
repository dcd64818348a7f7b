import { noteName } from '../../src/core/filename.ts';
import type { NoteRef } from '../../src/vault/vault.ts';
import type { TakeInDeps } from '../../src/stages/take-in-mail.ts';

/** A vault in memory: a hundred thousand notes on a disk would measure the disk. Names are held to what disks allow. */
export class MemoryVault {
  /** Path -> text. */
  readonly notes = new Map<string, string>();
  readonly seen = new Map<string, { readonly fingerprint: string }>();

  readonly vault = {
    create: (ref: NoteRef, text: string) => {
      const path = pathOf(ref);
      if (this.notes.has(path)) return Promise.resolve('exists' as const);
      this.notes.set(path, text);
      return Promise.resolve('created' as const);
    },
    find: (name: string, folders: readonly string[]) => {
      const folder = folders.find((one) => this.notes.has(`${one}/${name}`));
      return Promise.resolve(folder === undefined ? null : ({ folder, name } as NoteRef));
    },
    saveAttachment: (id: string, filename: string) =>
      Promise.resolve(noteName(`${id} ${filename}`.slice(0, 80), 'em-0000000000000000' as never)),
    setAside: () => Promise.reject(new Error('nobody else is here')),
  } as unknown as TakeInDeps['vault'];

  readonly ledger = {
    look: (id: string) => this.seen.get(id) ?? null,
    write: (id: string, entry: { readonly fingerprint: string }) => void this.seen.set(id, entry),
  } as unknown as TakeInDeps['ledger'];

  clear(): void {
    this.notes.clear();
    this.seen.clear();
  }
}

function pathOf({ folder, name }: NoteRef): string {
  if (!/^[^/\\\0\n]+$/.test(name) || Buffer.byteLength(name) > 255) throw new Error(`no disk takes ${name}`);
  return `${folder}/${name}`;
}
