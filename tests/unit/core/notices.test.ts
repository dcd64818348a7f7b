import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dueNotice,
  GATHER_MS,
  NO_MARK,
  type NoticeMark,
  type NoticeNews,
  stateNotice,
  stillTold,
} from '../../../src/core/notices.ts';

const NOW = Date.UTC(2026, 10, 21, 10);
const BOTH = ['waiting', 'failure'] as const;
const hung = { key: 'hung:approval-handler:restarted', words: 'approval-handler hung and was started again' };
const news = (cards: readonly string[], failures: NoticeNews['failures'] = []): NoticeNews => ({
  cards,
  failures,
});

/** Looks every fifteen seconds, as the process does; what was told, minute and text. */
function play(
  newsAt: (ms: number) => NoticeNews,
  forMs: number,
  causes: readonly ('waiting' | 'failure')[] = BOTH,
) {
  let mark: NoticeMark = NO_MARK;
  const told: { at: number; text: string }[] = [];
  for (let ms = 0; ms <= forMs; ms += 15_000) {
    const now = NOW + ms;
    const current = newsAt(ms);
    mark = stillTold(current, mark, now);
    const due = dueNotice(current, mark, now, causes);
    if (!due) continue;
    told.push({ at: ms, text: due.notice.text });
    mark = due.told;
  }
  return told;
}

describe('a notice', () => {
  it('says how many are new and how many wait, and nothing when nothing is new', () => {
    const first = dueNotice(news(['a.md']), NO_MARK, NOW, BOTH);
    expect(first?.notice).toEqual({
      title: 'Handover: 1 card waits',
      text: '1 card waits for you.',
      urgent: false,
    });
    const later = NOW + GATHER_MS;
    expect(dueNotice(news(['a.md']), first!.told, later, BOTH)).toBeNull();
    expect(dueNotice(news(['a.md', 'b.md']), first!.told, later, BOTH)?.notice.text).toBe(
      '1 new; 2 cards wait for you.',
    );
  });

  it('gathers what comes within five minutes', () => {
    const told = play(
      (ms) => news(Array.from({ length: 1 + Math.floor(ms / 20_000) }, (_, n) => `${n}.md`)),
      600_000,
    );
    expect(told.map(({ at }) => at)).toEqual([0, 300_000, 600_000]);
    expect(told[1]!.text).toBe('15 new; 16 cards wait for you.');
  });

  it('of a failure comes at once, once, and again only after an hour without it', () => {
    const told = play((ms) => news([], ms < 1_800_000 || ms >= 5_700_000 ? [hung] : []), 6_000_000);
    expect(told.map(({ at }) => at)).toEqual([0, 5_700_000]);
  });

  it('of a failure that comes and goes is no storm', () => {
    const told = play((ms) => news([], (ms / 15_000) % 2 === 0 ? [hung] : []), 7_200_000);
    expect(told).toHaveLength(1);
  });

  it('of a failure that lasts for days comes once', () => {
    expect(play(() => news([], [hung]), 2 * 86_400_000)).toHaveLength(1);
  });

  it('comes of what the user wants to hear of, and of nothing else', () => {
    expect(play(() => news(['a.md']), 600_000, ['failure'])).toEqual([]);
    expect(play(() => news([], [hung]), 600_000, ['waiting'])).toEqual([]);
    expect(play(() => news(['a.md'], [hung]), 600_000, [])).toEqual([]);
  });

  it('never comes more often than once a minute, whatever happens', () => {
    const step = fc.record({
      cards: fc.array(fc.constantFrom('a', 'b', 'c')),
      failing: fc.array(fc.constantFrom('x', 'y', 'z')),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const told = play((ms) => {
          const now = steps[(ms / 15_000) % steps.length]!;
          return news(
            now.cards,
            now.failing.map((key) => ({ key, words: key })),
          );
        }, 1_800_000);
        for (const [index, { at }] of told.entries()) {
          if (index > 0) expect(at - told[index - 1]!.at).toBeGreaterThanOrEqual(60_000);
        }
        expect(told.length).toBeLessThanOrEqual(10);
      }),
    );
  });

  it('is not silenced by a clock that was set back', () => {
    const mark = { ...NO_MARK, triedAt: NOW + 86_400_000 };
    expect(dueNotice(news(['a.md']), mark, NOW, BOTH)).not.toBeNull();
  });

  it('keeps no more than it needs of what is finished', () => {
    const first = dueNotice(news(['a.md', 'b.md'], [hung]), NO_MARK, NOW, BOTH)!;
    const kept = stillTold(news(['b.md', 'c.md']), first.told, NOW + 3_600_000);
    expect(kept.cards).toEqual(['b.md']);
    expect(kept.failures).toEqual({});
  });
});

describe('the mail to oneself', () => {
  it('is made of numbers and names', () => {
    const { subject, text } = stateNotice({
      waiting: 3,
      failures: [hung.words, ...Array<string>(7).fill('x')],
    });
    expect(subject).toBe('Handover: something needs a look');
    expect(text).toContain('3 cards wait for you.');
    expect(text).toContain('- approval-handler hung and was started again');
    expect(text).toContain('- and 3 more');
    expect(stateNotice({ waiting: 1, failures: [] }).subject).toBe('Handover: 1 card waits');
  });
});
