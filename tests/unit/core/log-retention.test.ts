import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysToDrop } from '../../../src/core/log-retention.ts';

const DAY = 86_400_000;
const NOON = Date.parse('2026-11-20T12:00:00Z');
const day = (ago: number) => new Date(NOON - ago * DAY).toISOString().slice(0, 10);

describe('days of a log that may go', () => {
  it('are those older than the whole days that are kept', () => {
    expect(daysToDrop([day(92), day(91), day(90), day(1), day(0)], NOON, 90)).toEqual([day(92), day(91)]);
  });

  it('are counted from midnight UTC to midnight UTC', () => {
    const at = (time: string) =>
      daysToDrop(['2026-08-21', '2026-08-22', '2026-11-19', '2026-11-20'], Date.parse(time), 90);
    expect(at('2026-11-20T00:00:00Z')).toEqual(['2026-08-21']);
    expect(at('2026-11-20T23:59:59.999Z')).toEqual(['2026-08-21']);
    expect(at('2026-11-21T00:00:00Z')).toEqual(['2026-08-21', '2026-08-22']);
  });

  it('are never the newest two, however long nothing was written', () => {
    expect(daysToDrop([day(500), day(400), day(300)], NOON, 90)).toEqual([day(500)]);
    expect(daysToDrop([day(400), day(300)], NOON, 90)).toEqual([]);
    expect(daysToDrop([], NOON, 90)).toEqual([]);
  });

  it('are the oldest ones without a gap, and none that is young', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -400, max: 400 }), { maxLength: 60 }),
        fc.integer({ min: 90, max: 200 }),
        (ages, keepDays) => {
          const days = ages.sort((a, b) => b - a).map(day);
          const dropped = daysToDrop(days, NOON, keepDays);
          expect(dropped).toEqual(days.slice(0, dropped.length));
          for (const one of dropped) expect(NOON - Date.parse(one)).toBeGreaterThan(keepDays * DAY);
          expect(days.length - dropped.length).toBeGreaterThanOrEqual(Math.min(2, days.length));
        },
      ),
    );
  });
});
