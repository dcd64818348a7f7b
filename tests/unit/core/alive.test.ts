import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GONE_AFTER_MS,
  HANGS_AFTER_MS,
  lookAfresh,
  lookAgain,
  LOOK_MS,
  mayRestart,
  remedy,
  turning,
  type Watch,
  watchedBy,
} from '../../../src/core/alive.ts';
import { happeningLine, happeningWords, troubleWords } from '../../../src/core/alive-words.ts';

/** Looks every five seconds at a mark that says what `stampAt` says. */
function looksAt(stampAt: (ms: number) => string, untilMs: number, from: Watch | null = null): Watch {
  let watch = from;
  for (let at = from === null ? 0 : from.at + LOOK_MS; at <= untilMs; at += LOOK_MS) {
    watch = lookAgain(watch, new Map([['draft-replier', stampAt(at)]]), at);
  }
  return watch!;
}
const still = (): string => 'x';

describe('a process', () => {
  it('hangs when its mark stands still for forty seconds while it lives, and not before', () => {
    expect(turning(looksAt(still, HANGS_AFTER_MS - LOOK_MS), 'draft-replier', true)).toBe('well');
    expect(turning(looksAt(still, HANGS_AFTER_MS), 'draft-replier', true)).toBe('hangs');
  });

  it('is gone when it is dead for a minute: before that PM2 starts it by itself', () => {
    expect(turning(looksAt(still, GONE_AFTER_MS - LOOK_MS), 'draft-replier', false)).toBe('well');
    expect(turning(looksAt(still, GONE_AFTER_MS), 'draft-replier', false)).toBe('gone');
  });

  it('is well as long as its mark changes, whatever the clock says in it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 2, maxLength: 40 }), (clocks) => {
        const stamp = (at: number): string =>
          `${clocks[Math.floor(at / 10_000) % clocks.length]} ${Math.floor(at / 10_000)}`;
        expect(turning(looksAt(stamp, 400_000), 'draft-replier', true)).toBe('well');
      }),
    );
  });

  it('is not judged by a watcher that slept: a laptop that wakes up finds every mark old', () => {
    const asleep = looksAt(still, HANGS_AFTER_MS - LOOK_MS);
    const awake = lookAgain(asleep, new Map([['draft-replier', 'x']]), asleep.at + 8 * 3_600_000);
    expect(turning(awake, 'draft-replier', true)).toBe('well');
    const later = looksAt(still, awake.at + HANGS_AFTER_MS, awake);
    expect(turning(later, 'draft-replier', true)).toBe('hangs');
  });

  it('that was just dealt with has its time again', () => {
    const watch = lookAfresh(looksAt(still, HANGS_AFTER_MS), 'draft-replier');
    expect(turning(watch, 'draft-replier', true)).toBe('well');
  });

  it('is started again three times an hour and no more', () => {
    const now = 10_000_000;
    expect(mayRestart([now - 1, now - 2], now)).toBe(true);
    expect(mayRestart([now - 1, now - 2, now - 3], now)).toBe(false);
    expect(mayRestart([now - 1, now - 2, now - 3_600_000], now)).toBe(true);
  });
});

describe('what is done', () => {
  const online = { status: 'online', pid: 7, exitCode: null };
  it.each([
    ['kills what hangs and is the very one that PM2 runs', 'hangs', 7, online, 'kill'],
    ['kills no other that got its number', 'hangs', 8, online, 'unknown-to-pm2'],
    ['starts again what PM2 gave up', 'gone', 7, { status: 'errored', pid: 0, exitCode: 1 }, 'restart'],
    [
      'starts again what PM2 waits with for ever',
      'gone',
      7,
      { status: 'waiting restart', pid: 0, exitCode: 1 },
      'restart',
    ],
    ['leaves what the user stopped', 'gone', 7, { status: 'stopped', pid: 0, exitCode: 0 }, 'user-stopped'],
    [
      'leaves what no restart cures',
      'gone',
      7,
      { status: 'waiting restart', pid: 0, exitCode: 78 },
      'configuration',
    ],
    ['tells of what PM2 does not know', 'gone', 7, null, 'unknown-to-pm2'],
  ] as const)('%s', (_title, state, pid, view, expected) => {
    expect(remedy(state, pid, view)).toBe(expected);
  });

  it('is watched over itself by one process of each host', () => {
    expect(watchedBy('orchestrator', true)).toEqual(['health-monitor']);
    expect(watchedBy('orchestrator', false)).toEqual(['health-monitor']);
    expect(watchedBy('draft-replier', true)).toEqual(['health-monitor']);
    expect(watchedBy('draft-replier', false)).toBeNull();
    expect(watchedBy('health-monitor', true)).toBeNull();
  });
});

describe('the words', () => {
  const at = Date.UTC(2026, 10, 21, 9, 12);
  const hung = { at, process: 'approval-handler', pid: 7, what: 'hung', done: 'restarted' } as const;

  it('name the process, what befell it and when', () => {
    expect(happeningWords(hung)).toBe('approval-handler hung and was started again');
    expect(happeningLine(hung, at + 60_000, 'Europe/Berlin')).toBe(
      'approval-handler hung and was started again at 10:12',
    );
    expect(happeningLine(hung, at + 86_400_000, 'UTC')).toBe(
      'approval-handler hung and was started again on 2026-11-21 at 09:12',
    );
  });

  it('have a cure for whatever was left as it is', () => {
    for (const done of ['too-often', 'configuration', 'unknown-to-pm2', 'no-pm2', 'pm2-failed'] as const) {
      expect(troubleWords({ ...hung, what: 'gone', done })).toMatch(/pm2|by hand/);
    }
  });
});
