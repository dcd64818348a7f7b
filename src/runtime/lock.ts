import { link, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { isAlive, ownIdentity, processIdentitySchema } from './process-identity.ts';

export interface Lock {
  release(): Promise<void>;
}

/**
 * One process of a name per STATE_DIR: a killed PM2 daemon leaves orphans that a new one does not adopt
 * (measured), and both would run. A lock whose holder is dead is taken over: it is first renamed to a name
 * of our own, so that of several that find it dead only one goes on.
 * @returns null when a living process holds it.
 */
export async function takeLock(stateDir: string, name: string): Promise<Lock | null> {
  const path = join(stateDir, `${name}.lock`);
  for (let attempt = 0; attempt < 10; attempt++) {
    if (await createDurably(path, JSON.stringify(ownIdentity()))) {
      return { release: () => unlink(path).catch(() => undefined) };
    }
    const holder = await holderOf(path);
    if (holder === 'gone') continue;
    if (holder !== 'unreadable' && isAlive(holder)) return null;
    const aside = `${path}.${process.pid}.stale`;
    try {
      await rename(path, aside);
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
      continue;
    }
    // Between our look and the rename another process may have taken it over: what was moved is then its.
    const moved = await holderOf(aside);
    if (typeof moved === 'object' && isAlive(moved)) {
      await link(aside, path).catch(() => undefined);
      await unlink(aside).catch(() => undefined);
      return null;
    }
    await unlink(aside).catch(() => undefined);
  }
  return null;
}

async function holderOf(path: string) {
  try {
    const parsed = processIdentitySchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : 'unreadable';
  } catch (error) {
    return errno(error) === 'ENOENT' ? 'gone' : 'unreadable';
  }
}
