import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createDurably, writeDurably } from '../files/durable.ts';
import { isAlive, ownIdentity, processIdentitySchema } from './process-identity.ts';

export interface Lock {
  release(): Promise<void>;
}

const ATTEMPTS = 20;

/**
 * One process of a name per STATE_DIR: a killed PM2 daemon leaves orphans that a new one does not adopt
 * (measured), and both would run.
 *
 * `STATE_DIR/<name>.lock/<n>`: the highest number holds the lock while its process lives. Who finds it dead takes the
 * next number, exclusively, and then looks again: the highest number is removed only by the owner of a higher one, so
 * whoever took a number that somebody else had passed sees that and gives it back. Nothing is ever renamed or removed
 * that could be another's lock.
 * @returns null when a living process holds it.
 */
export async function takeLock(stateDir: string, name: string): Promise<Lock | null> {
  const folder = join(stateDir, `${name}.lock`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const highest = Math.max(0, ...(await numbers(folder)));
    if (highest > 0 && (await isHeld(join(folder, String(highest))))) return null;
    const mine = highest + 1;
    const path = join(folder, String(mine));
    if (!(await createDurably(path, JSON.stringify(ownIdentity())))) continue;
    const now = await numbers(folder);
    if (now.some((n) => n > mine)) {
      await unlink(path).catch(() => undefined);
      continue;
    }
    const older = now.filter((n) => n < mine);
    await Promise.all(older.map((n) => unlink(join(folder, String(n))).catch(() => undefined)));
    // The number stays taken, or somebody slow could take it once more.
    return { release: () => writeDurably(path, FREE).catch(() => undefined) };
  }
  return null;
}

/** What no living process holds. */
const FREE = '{}';

async function numbers(folder: string): Promise<number[]> {
  return (await readdir(folder)).filter((name) => /^\d{1,15}$/.test(name)).map(Number);
}

/** Torn or foreign content is nobody's; a file that is gone was passed, and the next look tells. */
async function isHeld(path: string): Promise<boolean> {
  try {
    const parsed = processIdentitySchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success && isAlive(parsed.data);
  } catch {
    return false;
  }
}
