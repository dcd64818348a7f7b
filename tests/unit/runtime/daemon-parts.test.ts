import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { takeLock } from '../../../src/runtime/lock.ts';
import { createLogger, maskAddress } from '../../../src/runtime/logger.ts';
import { isAlive, ownIdentity } from '../../../src/runtime/process-identity.ts';
import { scanLoop } from '../../../src/runtime/scan-loop.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'runtime-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function held(name: string, content: string): Promise<void> {
  await mkdir(join(dir, `${name}.lock`));
  await writeFile(join(dir, `${name}.lock`, '1'), content);
}

describe('the lock', () => {
  it('is held by one living process, and free again when released', async () => {
    const lock = await takeLock(dir, 'watcher');
    expect(lock).not.toBeNull();
    expect(await takeLock(dir, 'watcher')).toBeNull();
    expect(await takeLock(dir, 'other')).not.toBeNull();
    await lock?.release();
    expect(await takeLock(dir, 'watcher')).not.toBeNull();
  });

  it('is taken over from a process that was killed, whose pid may be somebody else’s now', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(()=>{},1000)']);
    await once(child, 'spawn');
    const reused = { ...ownIdentity(), start: '1' };
    await held('a', JSON.stringify(reused));
    expect(await takeLock(dir, 'a')).not.toBeNull();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await held('b', JSON.stringify({ ...ownIdentity(), pid: child.pid }));
    expect(await takeLock(dir, 'b')).not.toBeNull();
  });

  it('is taken over by one of many, also when it is garbage', async () => {
    for (const name of [...Array(20).keys()].map((n) => `c${n}`)) {
      await held(name, 'torn');
      const won = await Promise.all([...Array(10).keys()].map(() => takeLock(dir, name)));
      expect(won.filter((l) => l !== null)).toHaveLength(1);
    }
  });

  it('has one holder at a time, however many take it and give it back', async () => {
    let holders = 0;
    let rounds = 0;
    const worker = async (): Promise<void> => {
      while (rounds < 60) {
        const lock = await takeLock(dir, 'd');
        if (lock === null) continue;
        holders += 1;
        expect(holders).toBe(1);
        rounds += 1;
        await setImmediate();
        holders -= 1;
        await lock.release();
      }
    };
    await Promise.all([...Array(6).keys()].map(worker));
    expect(await readdir(join(dir, 'd.lock'))).toHaveLength(1);
  });

  it('is not taken from its holder by one that looked before and writes after', async () => {
    await held('e', 'torn');
    const lock = await takeLock(dir, 'e');
    // The number that the slow one found free is behind by now.
    await writeFile(join(dir, 'e.lock', '1'), JSON.stringify(ownIdentity()));
    expect(await takeLock(dir, 'e')).toBeNull();
    await lock?.release();
    expect(await takeLock(dir, 'e')).not.toBeNull();
  });
});

describe('a process identity', () => {
  it('is alive for this process and not for another boot or start', () => {
    expect(isAlive(ownIdentity())).toBe(true);
    expect(isAlive({ ...ownIdentity(), boot: 'another' })).toBe(false);
    expect(isAlive({ ...ownIdentity(), start: '12' })).toBe(false);
  });
});

describe('the scan loop', () => {
  it('scans at once, again after a hint during a scan, and never two at a time', async () => {
    let running = 0;
    let most = 0;
    let scans = 0;
    const loop = scanLoop({
      scan: async () => {
        most = Math.max(most, ++running);
        scans++;
        if (scans === 1) loop.hint();
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
      },
      everyMs: 60_000,
      clock: systemClock,
      onError: () => undefined,
    });
    while (scans < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    await loop.stop();
    expect([scans, most]).toEqual([2, 1]);
  });

  it('goes on after a scan that failed, and wakes at a time that was asked for', async () => {
    const errors: unknown[] = [];
    let scans = 0;
    const loop = scanLoop({
      scan: () => {
        scans++;
        if (scans === 1) {
          loop.wakeAt(Date.now() + 10);
          throw new Error('once');
        }
        return Promise.resolve();
      },
      everyMs: 60_000,
      clock: systemClock,
      onError: (error) => errors.push(error),
    });
    while (scans < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    await loop.stop();
    expect(errors).toHaveLength(1);
  });
});

describe('the log', () => {
  it('never shows a secret, wherever it was put', async () => {
    const child = spawn(process.execPath, [
      '--import',
      'tsx',
      '-e',
      `import('./src/runtime/logger.ts').then(({createLogger}) => {
        const log = createLogger('t', 'info');
        log.info({ password: 'hunter2', auth: { pass: 'hunter2' }, err: { config: { apiKey: 'hunter2' } } }, 'x');
      })`,
    ]);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await once(child, 'exit');
    expect(out).toContain('"process":"t"');
    expect(out).not.toContain('hunter2');
    expect(createLogger('t', 'error').level).toBe('error');
  });

  it('masks addresses', () => {
    expect(maskAddress('Anna <anna@example.org>, b@c.d')).toBe('Anna <a***@example.org>, b***@c.d');
  });
});
