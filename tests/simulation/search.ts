/** Many schedules, one after the other; the first that breaks a promise is made small and told. */
import fc from 'fast-check';
import type { Plants } from './agents.ts';
import { type Outcome, runSchedule } from './schedule.ts';
import { tapeOf } from './tape.ts';
import type { Counters } from './world.ts';

const SHORTEST = 40;
const LONGEST = 110;

export function tapeOfSeed(seed: number): readonly number[] {
  return tapeOf(seed, SHORTEST + ((seed * 37) % (LONGEST - SHORTEST)));
}

export interface SearchReport {
  readonly schedules: number;
  readonly ms: number;
  /** In how many schedules it happened. */
  readonly seen: Readonly<Record<keyof Counters | 'effects', number>>;
  /** Null: every promise held. */
  readonly failure: string | null;
}

/** @param shrink A failure is made small, which takes some seconds. */
export async function search(
  from: number,
  count: number,
  { plants = {}, shrink = true }: { readonly plants?: Plants; readonly shrink?: boolean } = {},
): Promise<SearchReport> {
  const began = performance.now();
  const seen: Record<string, number> = {};
  let failure: string | null = null;
  let schedules = 0;
  for (let seed = from; seed < from + count && failure === null; seed++) {
    const tape = tapeOfSeed(seed);
    const outcome = await runSchedule(tape, plants);
    schedules += 1;
    for (const [what, times] of Object.entries({ ...outcome.counters, effects: outcome.effects })) {
      seen[what] = (seen[what] ?? 0) + Number(times > 0);
    }
    if (outcome.violations.length > 0)
      failure = await told(seed, shrink ? await smaller(tape, outcome, plants) : tape, plants);
  }
  return { schedules, ms: performance.now() - began, seen: seen as SearchReport['seen'], failure };
}

/** The same kind of failure with as short a tape as can be found. */
async function smaller(tape: readonly number[], first: Outcome, plants: Plants): Promise<readonly number[]> {
  const kind = first.violations[0]?.promise;
  const holds = async (values: readonly number[]): Promise<boolean> =>
    (await runSchedule(values, plants)).violations[0]?.promise !== kind;
  const property = fc.asyncProperty(fc.array(fc.nat(1_000_003), { maxLength: LONGEST }), holds);
  const options = {
    examples: [[[...tape]]] satisfies [number[]][],
    numRuns: 1,
    interruptAfterTimeLimit: 20_000,
  };
  return (await fc.check(property, options)).counterexample?.[0] ?? tape;
}

/** What happens in a run, line by line. */
export async function told(seed: number, tape: readonly number[], plants: Plants = {}): Promise<string> {
  const { violations, log } = await runSchedule(tape, plants, true);
  const broken = violations.map(({ promise, words }) => `${promise}: ${words}`);
  return [`seed ${seed}, tape of ${tape.length}: [${tape.join(', ')}]`, ...broken, '', ...log].join('\n');
}
