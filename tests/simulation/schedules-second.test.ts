/** Random schedules of the whole system on three simulated machines; docs/simulation.md says what is modelled. */
import { it, vi } from 'vitest';
import { holdPromises } from './hold-promises.ts';

vi.mock(import('../../src/core/front-matter.ts'), async (original) => {
  const { rememberNotes } = await import('./remember-notes.ts');
  return rememberNotes(await original());
});

it('P1, P3, P4 and P5 hold in random schedules, the second half', () => holdPromises(1), 1_200_000);
