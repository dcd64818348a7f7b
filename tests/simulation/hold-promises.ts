/** One half of the random schedules each; two files, so that two workers share the work. */
import { expect } from 'vitest';
import { search } from './search.ts';

/** Seeds of half `half`, told with what they met; a failure shows its seed, its tape and what happened. */
export async function holdPromises(half: 0 | 1, schedules: number): Promise<void> {
  const { failure, ms, seen, schedules: run } = await search(1 + half * schedules, schedules);
  const met = Object.entries(seen).map(([what, times]) => `${what} ${times}`);
  console.log(`${run} schedules, ${Math.round((run / ms) * 1000)} a second; met: ${met.join(', ')}`);
  if (failure !== null) expect.fail(failure);
  // A search that never meets a case says nothing about it.
  expect(Object.entries(seen).filter(([, times]) => times === 0)).toEqual([]);
}
