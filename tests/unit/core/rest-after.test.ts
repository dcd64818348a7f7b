import { expect, it } from 'vitest';
import { restAfter } from '../../../src/core/rest-after.ts';

it('a look that costs more is taken less often, and none is taken all the time', () => {
  expect(restAfter(0)).toBe(10_000);
  expect(restAfter(150)).toBe(10_000);
  expect(restAfter(2_000)).toBe(100_000);
});
