/**
 * The product's `Vault` on a simulated disk. What `Vault` builds from its own public steps (a free name,
 * quarantine, setting aside) is the product's code; the steps themselves stop at the gate of their process,
 * so that everybody else can act in between.
 */
import { strayReason } from '../../src/core/filename.ts';
import { type NoteRef, type NoteStat, type ReadResult, Vault } from '../../src/vault/vault.ts';
import type { DiskFile } from './file-info.ts';
import type { Life } from './process.ts';

export interface Machine {
  readonly disk: () => Map<string, DiskFile>;
  /** By this machine's clock, in milliseconds. */
  readonly now: () => number;
  /** Something on the disk was changed by a program of this machine. */
  readonly touched: (paths: readonly string[]) => void;
  /** A new text came to be, made from those the writer had read. */
  readonly wrote: (path: string, text: string, from: readonly string[]) => void;
}

const changeTimes = new WeakMap<DiskFile, number>();
let tick = 0;

/** Strictly growing within one process of the test, so that two writes of one millisecond differ. */
function changeTime(file: DiskFile, now: number): number {
  const known = changeTimes.get(file);
  if (known !== undefined) return known;
  tick = (tick + 1) % 1_000_000;
  const at = now + tick / 1_000_000;
  changeTimes.set(file, at);
  return at;
}

function statOf(machine: Machine, path: string): NoteStat | null {
  const file = machine.disk().get(path);
  if (!file) return null;
  return { mtimeMs: file.mtime, ctimeMs: changeTime(file, machine.now()), size: file.text.length };
}

/** A rename is a new entry with the old content and modification time. */
export function moveFile(machine: Machine, from: string, to: string): boolean {
  const disk = machine.disk();
  const file = disk.get(from);
  if (!file || disk.has(to)) return false;
  disk.delete(from);
  const moved = { ...file };
  changeTime(moved, machine.now());
  disk.set(to, moved);
  machine.touched([to, from]);
  return true;
}

export function writeFile(machine: Machine, path: string, text: string, from: readonly string[]): void {
  const file = { text, mtime: machine.now() };
  changeTime(file, machine.now());
  machine.disk().set(path, file);
  machine.wrote(path, text, from);
  machine.touched([path]);
}

export function namesIn(disk: ReadonlyMap<string, DiskFile>, folder: string): string[] {
  const prefix = `${folder}/`;
  const names: string[] = [];
  for (const path of disk.keys()) {
    if (path.startsWith(prefix) && !path.includes('/', prefix.length)) names.push(path.slice(prefix.length));
  }
  return names.sort();
}

/** One process's view of its machine's vault. */
export function simVault(machine: Machine, life: Life): Vault {
  /** What this process read last, by path: whoever writes a note made it from that. */
  const read = new Map<string, string>();
  const pathOf = (ref: NoteRef): string => `${ref.folder}/${ref.name}`;
  const step = async <T>(work: () => T): Promise<T> => {
    await life.gate();
    return work();
  };
  const own = {
    root: '/simulated',
    list: (folder: string) =>
      step(() => namesIn(machine.disk(), folder).filter((name) => strayReason(name) === null)),
    listStrays: (folder: string) =>
      step(() => {
        const strays = namesIn(machine.disk(), folder).flatMap((name) => {
          const why = strayReason(name);
          return why === null || why === 'hidden' ? [] : [{ name, why }];
        });
        if (folder !== 'Done') return strays;
        const months = [...machine.disk().keys()].flatMap((path) => /^Done\/([^/]+)\//.exec(path)?.[1] ?? []);
        return [...strays, ...[...new Set(months)].map((name) => ({ name, why: 'not-a-file' as const }))];
      }),
    read: (ref: NoteRef) => own.readOther(pathOf(ref)),
    readOther: (path: string) =>
      step((): ReadResult => {
        const text = machine.disk().get(path)?.text;
        const stat = statOf(machine, path);
        if (text === undefined || stat === null) return { ok: false, why: 'gone' };
        read.set(path, text);
        return { ok: true, text, stat };
      }),
    stat: (ref: NoteRef) => step(() => statOf(machine, pathOf(ref))),
    exists: (ref: NoteRef) => step(() => machine.disk().has(pathOf(ref))),
    create: (ref: NoteRef, text: string) =>
      step(() => {
        if (machine.disk().has(pathOf(ref))) return 'exists' as const;
        writeFile(machine, pathOf(ref), text, []);
        return 'created' as const;
      }),
    update: (ref: NoteRef, text: string) =>
      step(() => {
        const from = read.get(pathOf(ref));
        writeFile(machine, pathOf(ref), text, from === undefined ? [] : [from]);
        read.set(pathOf(ref), text);
      }),
    move: (ref: NoteRef, to: string, name = ref.name) =>
      step(() => {
        const target = `${to}/${name}`;
        if (!machine.disk().has(pathOf(ref))) return 'lost' as const;
        if (!moveFile(machine, pathOf(ref), target)) return 'exists' as const;
        const known = read.get(pathOf(ref));
        if (known !== undefined) read.set(target, known);
        return 'moved' as const;
      }),
    paused: () => step(() => machine.disk().has('PAUSE.md')),
    observe: () => undefined,
  };
  return Object.assign(Object.create(Vault.prototype) as Vault, own);
}
