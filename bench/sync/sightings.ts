import { type FSWatcher, lstatSync, watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** When files come to and leave folders, by the kernel's word (inotify), not by looking now and then. */
export interface Sightings {
  /** The moment (`performance.now()`) at which the name first appeared; waits for it. */
  seen(folder: string, name: string): Promise<number>;
  /** The moment since which it is gone, after it had been there; waits for it. */
  gone(folder: string, name: string): Promise<number>;
  /** How many different names have appeared in the folder, and when the last one did. */
  count(folder: string): { readonly names: number; readonly lastAt: number };
  close(): void;
}

interface Moments {
  readonly seen: Map<string, number>;
  readonly gone: Map<string, number>;
  lastAt: number;
}

const LIMIT_MS = 180_000;
/** Syncthing updates a file by unlink and rename, at most 5 ms apart: who is back after this was never gone. */
const BLINK_MS = 50;

export async function watchSightings(vault: string, folders: readonly string[]): Promise<Sightings> {
  const watchers: FSWatcher[] = [];
  const all = new Map<string, Moments>();
  const waiting = new Map<string, (at: number) => void>();
  for (const folder of folders) {
    const moments: Moments = { seen: new Map(), gone: new Map(), lastAt: 0 };
    all.set(folder, moments);
    await mkdir(join(vault, folder), { recursive: true });
    const isThere = (name: string): boolean =>
      lstatSync(join(vault, folder, name), { throwIfNoEntry: false }) !== undefined;
    const left = (name: string, at: number): void => {
      if (isThere(name) || moments.gone.has(name)) return;
      moments.gone.set(name, at);
      waiting.get(`gone ${folder}/${name}`)?.(at);
    };
    const watcher = watch(join(vault, folder), (_event, name) => {
      const at = performance.now();
      // What Syncthing and we are still writing begins with a dot.
      if (name === null || name.startsWith('.')) return;
      if (!isThere(name)) {
        if (moments.seen.has(name)) setTimeout(() => left(name, at), BLINK_MS);
      } else if (!moments.seen.has(name)) {
        moments.seen.set(name, at);
        moments.lastAt = at;
        waiting.get(`seen ${folder}/${name}`)?.(at);
      }
    });
    watchers.push(watcher);
  }
  const of = (folder: string): Moments => {
    const moments = all.get(folder);
    if (!moments) throw new Error(`${folder} is not watched`);
    return moments;
  };
  const moment = (what: 'seen' | 'gone', folder: string, name: string): Promise<number> => {
    const at = of(folder)[what].get(name);
    if (at !== undefined) return Promise.resolve(at);
    const key = `${what} ${folder}/${name}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${key}: not within ${LIMIT_MS} ms`)), LIMIT_MS);
      waiting.set(key, (seenAt) => {
        clearTimeout(timer);
        waiting.delete(key);
        resolve(seenAt);
      });
    });
  };
  return {
    seen: (folder, name) => moment('seen', folder, name),
    gone: (folder, name) => moment('gone', folder, name),
    count: (folder) => ({ names: of(folder).seen.size, lastAt: of(folder).lastAt }),
    close: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}
