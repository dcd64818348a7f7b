import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Happening } from '../core/alive.ts';
import { writeDurably } from '../files/durable.ts';

/** Kept by each watcher; what is older is in the audit log. */
const KEPT = 60;
const KEPT_MS = 24 * 3_600_000;
const NAME = /^[a-z-]{1,40}\.json$/;

const schema = z
  .array(
    z.object({
      at: z.number(),
      process: z.string().regex(/^[a-z-]{1,40}$/),
      pid: z.number().int().positive(),
      what: z.enum(['hung', 'fell', 'gone']),
      done: z.enum(['restarted', 'too-often', 'configuration', 'unknown-to-pm2', 'no-pm2', 'pm2-failed']),
    }),
  )
  .max(KEPT);

function folderOf(stateDir: string): string {
  return join(stateDir, 'monitor');
}

/** `STATE_DIR/monitor/<watcher>.json`: what befell processes of this machine in the last day; one writer each. */
export async function readHappenings(stateDir: string, now: number): Promise<readonly Happening[]> {
  const names = await readdir(folderOf(stateDir)).catch(() => []);
  const lists = await Promise.all(
    names.filter((name) => NAME.test(name)).map((name) => read(join(folderOf(stateDir), name))),
  );
  return lists
    .flat()
    .filter(({ at }) => at > now - KEPT_MS && at <= now)
    .sort((a, b) => a.at - b.at);
}

/** Durable when it resolves. */
export async function addHappening(stateDir: string, watcher: string, happening: Happening): Promise<void> {
  await mkdir(folderOf(stateDir), { recursive: true, mode: 0o700 });
  const path = join(folderOf(stateDir), `${watcher}.json`);
  const kept = (await read(path)).filter(({ at }) => at > happening.at - KEPT_MS);
  await writeDurably(path, `${JSON.stringify([...kept, happening].slice(-KEPT))}\n`);
}

/** Torn or foreign: as if nothing had happened. */
async function read(path: string): Promise<readonly Happening[]> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : [];
  } catch {
    return [];
  }
}
