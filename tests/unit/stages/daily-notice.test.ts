import { expect, it } from 'vitest';
import { noticeDue, sendDaily } from '../../../src/stages/daily-notice.ts';
import { until } from '../../helpers/until.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A clock that jumps to whatever is waited for. */
function jumpingClock(start: number) {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms: number, signal?: AbortSignal) => {
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
    at: () => now,
  };
}

it('is due at that time of the user’s day, also on the day of a time change', () => {
  const at = (iso: string) => Date.parse(iso);
  expect(noticeDue(at('2026-11-21T03:00:00Z'), 7 * 60, 'Europe/Berlin')).toBe(at('2026-11-21T06:00:00Z'));
  expect(noticeDue(at('2026-03-29T00:10:00Z'), 7 * 60, 'Europe/Berlin')).toBe(at('2026-03-29T05:00:00Z'));
});

it('is asked for once a day, tried again when it did not leave, and made up for when the hour was slept through', async () => {
  const start = Date.parse('2026-11-21T05:00:00Z');
  const clock = jumpingClock(start);
  const asked: number[] = [];
  const stop = new AbortController();
  let refusals = 2;
  const running = sendDaily(
    {
      ...{ at: 7 * 60, timeZone: 'UTC', clock, onError: () => undefined },
      send: () => {
        asked.push(clock.at());
        if (asked.length === 1) return Promise.reject(new Error('no network'));
        return Promise.resolve(refusals-- > 0 ? 'later' : 'done');
      },
    },
    stop.signal,
  ).catch(() => undefined);
  await until('the third day', () => clock.at() > start + 50 * HOUR);
  stop.abort();
  await running;
  const days = asked.map((ms) => new Date(ms).toISOString().slice(0, 10));
  expect(days.filter((day) => day === '2026-11-21')).toHaveLength(4);
  expect(days.filter((day) => day === '2026-11-22')).toHaveLength(1);
  expect(asked.every((ms) => new Date(ms).getUTCHours() >= 7)).toBe(true);
});
