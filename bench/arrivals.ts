import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** When files appear in folders, by the kernel's word (inotify), not by looking now and then. */
export interface Arrivals {
  /** Resolves with name and moment (`performance.now()`) of the next note that was not there before. */
  next(folder: string, limitMs?: number): Promise<{ name: string; at: number }>;
  /** How many notes have come into the folder since the start, and when the last one came. */
  count(folder: string): { notes: number; lastAt: number };
  close(): void;
}

interface Seen {
  readonly names: Set<string>;
  lastAt: number;
  waiting: ((note: { name: string; at: number }) => void) | null;
}

export async function watchArrivals(vault: string, folders: readonly string[]): Promise<Arrivals> {
  const seen = new Map<string, Seen>();
  const watchers: FSWatcher[] = [];
  for (const folder of folders) {
    const state: Seen = { names: new Set(), lastAt: 0, waiting: null };
    seen.set(folder, state);
    const here = new Set(await readdir(join(vault, folder)));
    const watcher = watch(join(vault, folder), (_event, name) => {
      const at = performance.now();
      // Staging files begin with a dot; a name is counted once, also when it leaves again.
      if (name === null || name.startsWith('.') || !name.endsWith('.md')) return;
      if (here.has(name) || state.names.has(name)) return;
      state.names.add(name);
      state.lastAt = at;
      state.waiting?.({ name, at });
      state.waiting = null;
    });
    watchers.push(watcher);
  }
  const of = (folder: string): Seen => {
    const state = seen.get(folder);
    if (!state) throw new Error(`${folder} is not watched`);
    return state;
  };
  return {
    next: (folder, limitMs = 30_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no note came into ${folder}`)), limitMs);
        of(folder).waiting = (note) => {
          clearTimeout(timer);
          resolve(note);
        };
      }),
    count: (folder) => ({ notes: of(folder).names.size, lastAt: of(folder).lastAt }),
    close: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}
