import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Attempt,
  type AttemptResult,
  effectState,
  type JournalEntries,
  retryDelay,
} from '../../../src/core/effect-state.ts';

const BACKOFF = { firstMs: 1000, maxMs: 60_000, key: 'em-0' };
type Process = 'alive' | 'dead';
const alive = (p: Process): boolean => p === 'alive';

const result: fc.Arbitrary<AttemptResult> = fc.oneof(
  fc.constant({ verdict: 'sent', at: 5, words: '250' } as const),
  fc.constant({ verdict: 'sent_partly', at: 5, words: '250', refused: [] } as const),
  fc.constant({ verdict: 'retry', at: 5, words: '450', cause: 'server' } as const),
  fc.constant({ verdict: 'failed', at: 5, words: '550', cause: 'content' } as const),
  fc.constant({ verdict: 'in_doubt', at: 5, words: '' } as const),
);

const attempt = fc.record({
  kind: fc.constantFrom('attempt' as const, 'withdrawn' as const),
  at: fc.constant(1),
  process: fc.constantFrom<Process>('alive', 'dead'),
  transmitting: fc.constantFrom('no' as const, 'sender' as const, 'void' as const),
  result: fc.option(result),
  resolution: fc.option(
    fc.record({
      how: fc.constantFrom(
        ...(['found_in_sent', 'found_in_report', 'user_sent', 'user_resend'] as const),
        ...(['found_posted', 'found_not_posted'] as const),
      ),
      at: fc.constant(9),
      evidence: fc.constant('e'),
    }),
  ),
});

const journal: fc.Arbitrary<JournalEntries<Process>> = fc
  .array(attempt, { maxLength: 5 })
  .map((attempts) => ({
    sealed: true,
    faults: [],
    attempts: attempts.map((a, i): Attempt<Process> => ({ ...a, n: i + 1 })),
  }));
const RETURNED = { at: 7, notice: 'em-1', words: '550', recipients: ['b@example.org'] };

/** Could this attempt have put the mail out, with nobody having said since that it may be sent again? */
function mayHaveSent(a: Attempt<Process>): boolean {
  if (a.kind === 'withdrawn') return false;
  if (a.result?.verdict === 'sent' || a.result?.verdict === 'sent_partly') return true;
  if (a.result && a.result.verdict !== 'in_doubt') return false;
  if (a.resolution) return a.resolution.how !== 'user_resend' && a.resolution.how !== 'found_not_posted';
  if (a.result) return true;
  return a.transmitting === 'sender' || (a.transmitting === 'no' && a.process === 'alive');
}

describe('the state of an effect', () => {
  it('never allows another attempt while one may have sent the mail', () => {
    fc.assert(
      fc.property(journal, (entries) => {
        const { state } = effectState(entries, alive, BACKOFF);
        const sendable = state === 'sealed' || state === 'retry';
        return !(sendable && entries.attempts.some(mayHaveSent));
      }),
      { numRuns: 5000 },
    );
  });

  it('never calls a mail unsent that a server took', () => {
    fc.assert(
      fc.property(journal, (entries) => {
        const { state } = effectState(entries, alive, BACKOFF);
        const taken = entries.attempts.some((a) => a.kind === 'attempt' && a.result?.verdict === 'sent');
        return !(taken && ['sealed', 'retry', 'failed', 'withdrawn', 'none'].includes(state));
      }),
      { numRuns: 5000 },
    );
  });

  it('that came back never allows another attempt under the same seal, and comes back only from done', () => {
    fc.assert(
      fc.property(journal, (entries) => {
        const before = effectState(entries, alive, BACKOFF).state;
        const after = effectState({ ...entries, returned: RETURNED }, alive, BACKOFF).state;
        // Behind a mail that was sent nothing lies; what lies there in a damaged journal may be read as withdrawn.
        const allowed = before === 'done' ? ['failed', 'withdrawn', 'unreadable'] : ['unreadable'];
        return allowed.includes(after);
      }),
      { numRuns: 5000 },
    );
  });

  it('is unreadable as soon as anything in the journal is', () => {
    const entries = { sealed: true, faults: ['attempt-1.json is damaged'], attempts: [] };
    expect(effectState(entries, alive, BACKOFF)).toEqual({
      state: 'unreadable',
      why: 'attempt-1.json is damaged',
    });
  });

  it('spreads retries, doubling up to a limit, the same for the same task', () => {
    const delays = [1, 2, 3, 10, 1000].map((n) => retryDelay(n, BACKOFF));
    expect(delays).toEqual([1, 2, 3, 10, 1000].map((n) => retryDelay(n, BACKOFF)));
    expect(delays[0]).toBeGreaterThanOrEqual(1000);
    expect(delays[0]).toBeLessThanOrEqual(1200);
    expect(delays[4]).toBeLessThanOrEqual(72_000);
    expect(retryDelay(1, { ...BACKOFF, key: 'em-1' })).not.toBe(delays[0]);
  });
});
