import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClaimFacts,
  claimStep,
  compareCopies,
  type Copy,
  plainName,
  settleCopies,
  type Settler,
} from '../../src/core/claim-protocol.ts';
import { STATES } from '../../src/core/states.ts';

const SETTLERS: readonly Settler[] = ['cloud-agent', 'local-agent', 'orchestrator'];
const AGENTS = ['cloud-agent', 'local-agent', null] as const;

const copies = fc
  .uniqueArray(
    fc.record({
      folder: fc.constantFrom(
        ...STATES.map((s) => s.folder).filter((f) => f !== 'Done'),
        'Done/2026-11' as const,
        'Done/2026-12' as const,
      ),
      conflict: fc.constantFrom(null, '20261120-093100-QAL3ALD', '20261120-093101-WRC7N2G'),
      claimedBy: fc.constantFrom(...AGENTS),
      drafted: fc.boolean(),
      rev: fc.nat(5),
      hash: fc.constantFrom('aa', 'bb'),
      approved: fc.constantFrom(true, false, undefined),
    }),
    { maxLength: 6, selector: (c) => `${c.folder}/${c.conflict}` },
  )
  .map((made) =>
    made.map(
      ({ conflict, approved, ...rest }): Copy => ({
        ...rest,
        name: conflict === null ? 'x.md' : `x.sync-conflict-${conflict}.md`,
        conflictCopy: conflict !== null,
        ...(approved === undefined ? {} : { approved }),
      }),
    ),
  );

const isDone = (copy: Copy) => copy.folder.startsWith('Done/') && !copy.conflictCopy;
const isOutside = (copy: Copy) => copy.folder === 'Conflicts' || copy.folder === 'Quarantine';
const key = (copy: Copy) => `${copy.folder}/${copy.name}`;

/** One settler acts; a name that is taken is left for the next time. */
function act(all: readonly Copy[], who: Settler): Copy[] {
  let now = [...all];
  for (const { copy, action } of settleCopies(all, who)) {
    const name = action === 'take_plain_name' ? plainName(copy.name) : copy.name;
    const moved: Copy =
      action === 'to_conflicts' ? { ...copy, folder: 'Conflicts' } : { ...copy, name, conflictCopy: false };
    if (action === 'take_plain_name' && now.some((other) => key(other) === key(moved))) continue;
    now = now.map((other) => (other === copy ? moved : other));
  }
  return now;
}

describe('the order of copies', () => {
  it('is total: never equal unless the same file, antisymmetric and transitive', () => {
    fc.assert(
      fc.property(copies, (all) => {
        for (const a of all)
          for (const b of all) {
            expect(Math.sign(compareCopies(a, b))).toBe(-Math.sign(compareCopies(b, a)) + 0);
            expect(compareCopies(a, b) === 0).toBe(a === b);
            for (const c of all)
              if (compareCopies(a, b) < 0 && compareCopies(b, c) < 0)
                expect(compareCopies(a, c)).toBeLessThan(0);
          }
      }),
      { numRuns: 2000 },
    );
  });

  it('gives everybody the same, in whatever order they list the files', () => {
    const shuffled = copies.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        for (const who of SETTLERS) expect(settleCopies(other, who)).toEqual(settleCopies(all, who));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('settling', () => {
  it('names only what is one’s own', () => {
    fc.assert(
      fc.property(copies, (all) => {
        for (const agent of ['cloud-agent', 'local-agent'] as const)
          for (const { copy } of settleCopies(all, agent)) {
            expect(copy.folder).toBe(`In_Progress/${agent}`);
          }
        for (const { copy } of settleCopies(all, 'orchestrator')) {
          if (copy.folder.startsWith('In_Progress/')) expect(copy.conflictCopy).toBe(true);
          expect(isDone(copy)).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves one copy outside Conflicts and loses none, in whatever order and however often they act', () => {
    const turns = fc.shuffledSubarray([...SETTLERS, ...SETTLERS, ...SETTLERS], { minLength: 9 });
    fc.assert(
      fc.property(copies, turns, (all, order) => {
        const inside = all.filter((copy) => !isOutside(copy));
        const [winner] = [...inside].sort(compareCopies);
        let now = [...all];
        for (const who of order) now = act(now, who);
        const left = now.filter((copy) => !isOutside(copy));
        expect(now.length).toBe(all.length);
        expect(left.filter((copy) => !isDone(copy)).length).toBe(
          inside.length === 0 || inside.some(isDone) ? 0 : 1,
        );
        expect(left.filter(isDone).length).toBe(inside.filter(isDone).length);
        if (winner && left[0] && !isDone(winner)) {
          expect({ ...left[0], name: '', conflictCopy: false }).toEqual({
            ...winner,
            name: '',
            conflictCopy: false,
          });
        }
        for (const who of SETTLERS) expect(act(now, who)).toEqual(now);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('a step of a claim', () => {
  const facts = fc.record<ClaimFacts>({
    me: fc.constantFrom('cloud-agent', 'local-agent'),
    mine: fc.boolean(),
    acknowledged: fc.boolean(),
    lookedAfterAck: fc.boolean(),
    rival: fc.boolean(),
    peerConnected: fc.boolean(),
    shared: fc.constant(true),
  });

  it('proceeds only without a rival, acknowledged and looked; apart only when nobody can be asked', () => {
    fc.assert(
      fc.property(facts, (f) => {
        const move = claimStep(f);
        if (move === 'proceed')
          expect([f.rival, f.acknowledged, f.lookedAfterAck]).toEqual([false, true, true]);
        if (move === 'proceed_apart')
          expect([f.rival, f.acknowledged, f.peerConnected]).toEqual([false, false, false]);
        if (move === 'withdraw') expect([f.rival, f.me]).toEqual([true, 'cloud-agent']);
      }),
      { numRuns: 1000 },
    );
  });

  it('of two that see each other exactly one goes', () => {
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        const seen = { mine: true, rival: true };
        const moves = [
          claimStep({ ...a, ...seen, me: 'local-agent' }),
          claimStep({ ...b, ...seen, me: 'cloud-agent' }),
        ];
        expect(moves).toEqual(['wait', 'withdraw']);
      }),
    );
  });
});
