import { describe, expect, it } from 'vitest';
import { lookedAgain, NEVER_LOOKED, toldSince } from '../../../src/core/last-look.ts';

const MINUTE = 60_000;
const after = (...signs: number[]) => signs.reduce(lookedAgain, NEVER_LOOKED);

describe('when the user was last here', () => {
  it('is not known before there was a sign', () => {
    expect(toldSince(NEVER_LOOKED, 5)).toBeNull();
  });

  it('is the last sign once the visit is over', () => {
    expect(toldSince(after(0, 10 * MINUTE), 41 * MINUTE)).toBe(10 * MINUTE);
  });

  it('goes on telling what was before while the visit lasts', () => {
    const evening = 600 * MINUTE;
    expect(toldSince(after(0, evening), evening + MINUTE)).toBe(0);
    expect(toldSince(after(0, evening, evening + 20 * MINUTE), evening + 45 * MINUTE)).toBe(0);
    expect(toldSince(after(0), MINUTE)).toBeNull();
  });

  it('takes a clock that was set back as one more sign of the same visit', () => {
    expect(after(100 * MINUTE, 0)).toEqual({ last: 0, before: null });
  });
});
