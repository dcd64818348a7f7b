import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { secretName, secretWords } from '../core/secret-names.ts';

/** Often enough to be told while one still remembers; a look at the names of a small vault takes milliseconds. */
const EVERY_MS = 10_000;
/** Finished notes are many and are ours: folders of these names are looked through now and then. */
const LARGE = new Set(['Done', 'Skipped', 'Rejected', 'Logs', 'Attachments']);
const EVERYWHERE_MS = 3_600_000;
/** Syncthing's own and other programs' folders; none of them travels. */
const NOT_OURS = new Set(['.stfolder', '.stversions', '.git', 'node_modules']);
const MAX_DEPTH = 16;
const MAX_FOUND = 100;

/**
 * Looks now and then for files whose names are those of secrets. For every process that writes a heartbeat:
 * whoever put an `.env` into the vault of this machine reads it where they look anyway.
 */
export interface SecretWatch {
  /** One sentence, or null. Cheap to call in every pass; never throws for what lies in the vault. */
  words(): Promise<string | null>;
}

export function secretWatch(deps: { readonly root: string; readonly now: () => number }): SecretWatch {
  let near: readonly string[] = [];
  let far: readonly string[] = [];
  let nearDue = Number.NEGATIVE_INFINITY;
  let farDue = Number.NEGATIVE_INFINITY;
  return {
    words: async () => {
      const now = deps.now();
      if (now >= nearDue) {
        near = await secretFiles(deps.root, (top) => !LARGE.has(top));
        nearDue = now + EVERY_MS;
      }
      if (now >= farDue) {
        far = await secretFiles(deps.root, (top) => LARGE.has(top));
        farDue = now + EVERYWHERE_MS;
      }
      return secretWords([...near, ...far]);
    },
  };
}

/** Paths relative to the root, sorted, at most a hundred. Follows no link, opens no file. */
async function secretFiles(root: string, within: (top: string) => boolean): Promise<readonly string[]> {
  const found: string[] = [];
  const todo: string[] = [''];
  for (let folder = todo.pop(); folder !== undefined && found.length < MAX_FOUND; folder = todo.pop()) {
    for await (const entry of entriesOf(join(root, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (folder === '' && entry.isDirectory() && !within(entry.name)) continue;
      // Files of the root belong to the look that is taken often.
      if (folder === '' && !entry.isDirectory() && !within('')) continue;
      if (secretName(entry.name) !== null) found.push(path);
      else if (entry.isDirectory() && !NOT_OURS.has(entry.name) && path.split('/').length < MAX_DEPTH)
        todo.push(path);
    }
  }
  return found.slice(0, MAX_FOUND).sort();
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(folder);
  } catch {
    // Gone meanwhile, or not ours to read: the vault's own checks speak of that.
  }
}
