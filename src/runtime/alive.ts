import { mkdir, readFile, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BEAT_MS, HOUR_MS } from '../core/alive.ts';
import { writeDurably } from '../files/durable.ts';
import { errno } from '../files/errno.ts';
import { isAlive, ownIdentity, processIdentitySchema } from './process-identity.ts';

/** Falls kept in a mark; a process that crashes at every start writes one each time. */
const FALLS = 20;

export const aliveMarkSchema = processIdentitySchema.extend({
  /** Predecessors that ended without being told to, of the last hour: when that was seen, and which. */
  fell: z.array(z.object({ at: z.number(), pid: z.number().int().positive() })).max(FALLS),
});
export type AliveMark = z.infer<typeof aliveMarkSchema>;

export interface AliveBeat {
  /** @param clean it ends because it was told to: nothing stays. */
  release(clean: boolean): Promise<void>;
}

/** `STATE_DIR/alive/`. */
export function aliveFolder(stateDir: string): string {
  return join(stateDir, 'alive');
}

/**
 * `STATE_DIR/alive/<process>.json`: which process this is, touched every ten seconds from its event loop, so
 * that one that hangs is seen from outside. Held by whoever holds the lock of that name.
 */
export async function beatAlive(deps: {
  readonly stateDir: string;
  readonly process: string;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}): Promise<AliveBeat> {
  const folder = aliveFolder(deps.stateDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${deps.process}.json`);
  const mark: AliveMark = { ...ownIdentity(), fell: fallsAfter(await readMark(path), deps.now()) };
  const write = () => writeDurably(path, `${JSON.stringify(mark)}\n`);
  await write();
  let ended = false;
  const beat = async (): Promise<void> => {
    const now = new Date(deps.now());
    try {
      await utimes(path, now, now);
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
      // Somebody tidied up.
      if (!ended) await write();
    }
  };
  const timer = setInterval(() => void beat().catch(deps.onError), BEAT_MS);
  timer.unref();
  return {
    release: async (clean) => {
      ended = true;
      clearInterval(timer);
      // Left where it is, it tells the next one that this one fell.
      if (clean) await unlink(path).catch(() => undefined);
    },
  };
}

/** Null: none, or not one of ours. */
export async function readMark(path: string): Promise<AliveMark | null> {
  try {
    const read = aliveMarkSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

/** What the predecessor left, and the predecessor itself. One of before the machine was started fell with the machine. */
function fallsAfter(before: AliveMark | null, now: number): AliveMark['fell'] {
  if (before === null || before.boot !== ownIdentity().boot) return [];
  const kept = before.fell.filter(({ at }) => at > now - HOUR_MS && at <= now);
  const fell = isAlive(before) ? [] : [{ at: now, pid: before.pid }];
  return [...kept, ...fell].slice(-FALLS);
}
