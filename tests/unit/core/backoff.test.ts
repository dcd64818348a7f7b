import { expect, it } from 'vitest';
import { backoffMs } from '../../../src/core/backoff.ts';

const limits = { firstMs: 1000, capMs: 60_000 };

it('the wait doubles with each failure up to the cap', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) => backoffMs(failures, 1, limits));
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

it('jitter spreads the wait over its upper half', () => {
  expect(backoffMs(2, 0, limits)).toBe(1000);
  expect(backoffMs(2, 0.5, limits)).toBe(1500);
});

it('nonsense never gives a negative or endless wait', () => {
  expect(backoffMs(0, -1, limits)).toBe(500);
  expect(backoffMs(Number.MAX_SAFE_INTEGER, 5, limits)).toBe(60_000);
});
