import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { EffectLimit } from '../../src/journal/effect-limit.ts';
import { testDir } from '../helpers/testdir.ts';

const HOUR = 3_600_000;
let stateDir: string;
let start: number;
let now: number;

beforeEach(async () => {
  stateDir = await testDir();
  start = Date.now();
  now = start;
});

const limit = (perHour: number) => new EffectLimit({ stateDir, of: 'sends', perHour, now: () => now });

describe('the hourly limit', () => {
  it('is a window that slides: each send frees its place after an hour', async () => {
    expect((await limit(2).take()).ok).toBe(true);
    now += HOUR / 2;
    expect((await limit(2).take()).ok).toBe(true);
    expect(await limit(2).take()).toEqual({ ok: false, until: start + HOUR });
    now = start + HOUR;
    expect((await limit(2).take()).ok).toBe(true);
    expect(await limit(2).take()).toEqual({ ok: false, until: start + HOUR / 2 + HOUR });
  });

  it('is not passed by many who ask at once', async () => {
    const taken = await Promise.all(Array.from({ length: 20 }, () => limit(5).take()));
    expect(taken.filter((slot) => slot.ok)).toHaveLength(5);
  });

  it('gives a place back when surely nothing was sent', async () => {
    const slot = await limit(1).take();
    if (!slot.ok) throw new Error('no place');
    expect((await limit(1).take()).ok).toBe(false);
    await slot.release();
    expect((await limit(1).take()).ok).toBe(true);
  });

  it('of nought lets nothing out and says so without end', async () => {
    expect(await limit(0).take()).toEqual({ ok: false, until: now + HOUR });
  });

  it('is not closed for years by a clock that was once wrong', async () => {
    now = Date.parse('2036-01-01');
    await limit(1).take();
    now = Date.parse('2026-01-01');
    expect((await limit(1).take()).ok).toBe(true);
  });

  it('counts a damaged record as a send', async () => {
    await limit(2).take();
    await writeFile(join(stateDir, 'sends/7'), 'torn');
    expect((await limit(2).take()).ok).toBe(false);
  });

  it('leaves no more files behind than an hour has sends', async () => {
    for (let n = 0; n < 30; n++) {
      await limit(2).take();
      now += HOUR;
    }
    expect((await readdir(join(stateDir, 'sends'))).length).toBeLessThanOrEqual(2);
  });
});
