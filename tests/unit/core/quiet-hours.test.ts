import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdOf, validAsOf } from '../../../src/core/approval-step.ts';
import { localTime } from '../../../src/core/local-time.ts';
import { quietUntil } from '../../../src/core/quiet-hours.ts';

const NIGHT = { from: 20 * 60, to: 7 * 60 + 30 };
const NOON = { from: 12 * 60, to: 13 * 60 };
const at = (iso: string) => Date.parse(iso);
const shown = (ms: number | null, zone = 'UTC') => (ms === null ? null : localTime(ms, zone));

describe('quiet hours', () => {
  it.each([
    ['2026-11-20T19:59:59Z', null],
    ['2026-11-20T20:00:00Z', '2026-11-21T07:30:00'],
    ['2026-11-20T23:59:59Z', '2026-11-21T07:30:00'],
    ['2026-11-21T00:00:00Z', '2026-11-21T07:30:00'],
    ['2026-11-21T07:29:59Z', '2026-11-21T07:30:59'],
    ['2026-11-21T07:30:00Z', null],
    ['2026-12-31T22:00:00Z', '2027-01-01T07:30:00'],
  ])('over midnight, at %s, are over at %s', (now, end) => {
    expect(shown(quietUntil(at(now), NIGHT, 'UTC'))).toBe(end);
  });

  it('within a day end on that day', () => {
    expect(shown(quietUntil(at('2026-11-20T12:10:00Z'), NOON, 'UTC'))).toBe('2026-11-20T13:00:00');
    expect(quietUntil(at('2026-11-20T13:00:00Z'), NOON, 'UTC')).toBeNull();
  });

  it('go by the clock on the wall in the night of a time change', () => {
    const zone = 'Europe/Berlin';
    // 25 October 2026 has an hour more, 29 March 2026 one less.
    for (const evening of ['2026-10-24T20:00:00Z', '2026-03-28T21:00:00Z']) {
      const end = quietUntil(at(evening), NIGHT, zone) ?? 0;
      expect(shown(end, zone)?.slice(11)).toBe('07:30:00');
      expect((end - at(evening)) / 3_600_000).toBeLessThan(12);
    }
  });

  it('are none without a setting, or when both times are the same', () => {
    expect(quietUntil(at('2026-11-20T22:00:00Z'), null, 'UTC')).toBeNull();
    expect(quietUntil(at('2026-11-20T22:00:00Z'), { from: 60, to: 60 }, 'UTC')).toBeNull();
  });

  it('always end in the future, within a day and a bit, outside of themselves', () => {
    const minute = fc.integer({ min: 0, max: 1439 });
    const zone = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/St_Johns',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
    );
    const when = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') });
    fc.assert(
      fc.property(minute, minute, zone, when, (from, to, tz, now) => {
        let end = quietUntil(now, { from, to }, tz);
        if (end === null) return true;
        if (end <= now || end - now > 26 * 3_600_000) return false;
        // A repeated hour may be entered again: a few steps lead out of every night.
        for (let step = 0; step < 90 && end !== null; step++) end = quietUntil(end, { from, to }, tz);
        return end === null;
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what an approved card waits for', () => {
  const facts = { paused: false, undoMs: 10_000, timeZone: 'UTC', quiet: NIGHT };
  const note = (data: Record<string, string>) => ({ data, body: '' });

  it.each([
    ['the undo window', '2026-11-20T21:00:00Z', '2026-11-20T21:00:05Z', {}, 'undo'],
    [
      'its own time',
      '2026-11-20T12:00:00Z',
      '2026-11-20T13:00:00Z',
      { send_after: '2026-11-20 15:00' },
      'send_after',
    ],
    ['quiet hours', '2026-11-20T12:00:00Z', '2026-11-20T22:00:00Z', {}, 'quiet'],
    [
      'quiet hours after its own time',
      '2026-11-20T12:00:00Z',
      '2026-11-20T22:00:00Z',
      { send_after: '2026-11-20 21:00' },
      'quiet',
    ],
  ] as const)('is %s', (_, approved, now, data, why) => {
    expect(holdOf(note(data), { ...facts, approvedAt: at(approved), now: at(now) })?.why).toBe(why);
  });

  it.each([
    ['nothing', '2026-11-20T12:00:00Z', '2026-11-20T14:00:00Z', {}, '2026-11-20T14:00:00'],
    [
      'its own time',
      '2026-11-20T12:00:00Z',
      '2026-11-22T12:00:30Z',
      { send_after: '2026-11-22 12:00' },
      '2026-11-20T12:00:30',
    ],
    ['the night', '2026-11-20T21:00:00Z', '2026-11-21T09:00:00Z', {}, '2026-11-20T22:30:00'],
    [
      'both',
      '2026-11-20T12:00:00Z',
      '2026-11-21T07:30:00Z',
      { send_after: '2026-11-20 23:00' },
      '2026-11-20T12:00:00',
    ],
  ] as const)('and was put off for by %s does not count towards its age', (_, approved, now, data, asOf) => {
    const { timeZone, quiet } = facts;
    const when = validAsOf(note(data), { timeZone, quiet, approvedAt: at(approved), now: at(now) });
    expect(shown(when)).toBe(asOf);
  });
});
