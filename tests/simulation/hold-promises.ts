/** One half of the random schedules each; two files, so that two workers share the work. */
import { expect } from 'vitest';
import { runs, WHOLE } from '../helpers/runs.ts';
import { search } from './search.ts';

/** Of each half. */
const SCHEDULES = 50_000;
/** Once in thousands of schedules: demanded of the whole search only. */
const RARE = new Set(['gaps', 'putBack', 'onlyInConflicts']);

/** Seeds of half `half`, told with what they met; a failure shows its seed, its tape and what happened. */
export async function holdPromises(half: 0 | 1): Promise<void> {
  const { failure, ms, seen, schedules: run } = await search(1 + half * SCHEDULES, runs(SCHEDULES));
  const met = Object.entries(seen).map(([what, times]) => `${what} ${times}`);
  console.log(`${run} schedules, ${Math.round((run / ms) * 1000)} a second; met: ${met.join(', ')}`);
  if (failure !== null) expect.fail(failure);
  // A search that never meets a case says nothing about it.
  const never = Object.entries(seen).filter(([what, times]) => times === 0 && (WHOLE || !RARE.has(what)));
  expect(never).toEqual([]);
}
