import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    await writeFile(join(dir, 'a.lock'), JSON.stringify(reused));
    expect(await takeLock(dir, 'a')).not.toBeNull();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await writeFile(join(dir, 'b.lock'), JSON.stringify({ ...ownIdentity(), pid: child.pid }));
    expect(await takeLock(dir, 'b')).not.toBeNull();
  });

  it('is taken over by one of many, also when it is garbage', async () => {
    await writeFile(join(dir, 'c.lock'), 'torn');
    const won = await Promise.all([...Array(10).keys()].map(() => takeLock(dir, 'c')));
    expect(won.filter((l) => l !== null)).toHaveLength(1);
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
