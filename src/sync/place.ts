import { realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Place } from '../core/topology.ts';
import { errno } from '../files/errno.ts';

/** Where a folder really is, as far as it exists. `path` may begin with `~`, as Syncthing writes it. Never throws. */
export async function placeOf(path: string): Promise<Place> {
  const whole = absolute(path);
  try {
    const missing: string[] = [];
    let at = whole;
    let real = await orNull(realpath(at));
    while (real === null) {
      missing.unshift(basename(at));
      at = dirname(at);
      real = await orNull(realpath(at));
    }
    const chain: string[] = [];
    for (let up = real; ; up = dirname(up)) {
      const { dev, ino } = await stat(up, { bigint: true });
      chain.push(`${dev}:${ino}`);
      if (dirname(up) === up) break;
    }
    const self = missing.length === 0 ? (chain[0] ?? null) : null;
    return { path: join(real, ...missing), self, chain };
  } catch {
    return { path: whole, self: null, chain: null };
  }
}

function absolute(path: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? resolve(path) : resolve(homedir(), path);
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    // A link that leads nowhere yet is as good as missing: what is made there later is seen at the next look.
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return null;
    throw error;
  }
}
