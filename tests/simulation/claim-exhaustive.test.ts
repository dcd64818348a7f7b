/** Every interleaving of two agents that claim one note, up to a bound; see claim-search.ts. */
import { describe, expect, it } from 'vitest';
import { type ClaimFacts, type ClaimMove, claimStep } from '../../src/core/claim-protocol.ts';
import { type ClaimReport, searchClaims } from './claim-search.ts';

const BOUNDS = [
  { name: 'a link that holds', partitions: 0, crashes: 0 },
  { name: 'a link that breaks once', partitions: 1, crashes: 0 },
  { name: 'each agent killed once', partitions: 0, crashes: 1 },
] as const;

function told(name: string, report: ClaimReport): void {
  const ends = Object.entries(report.ends).map(([end, count]) => `${end}: ${count}`);
  console.log(`${name}: ${report.states} states, ${report.moves} moves (cloud / laptop: ${ends.join(', ')})`);
}

describe('the acknowledged claim', () => {
  it.each(BOUNDS)('with $name: never both, and always somebody', ({ name, ...bounds }) => {
    const report = searchClaims(claimStep, { ...bounds, look: 'after-ack' });
    told(name, report);
    expect(report.unsafe).toEqual([]);
    expect(report.stuck).toEqual([]);
    // The search went through what it is about: each of the two has won somewhere.
    expect(report.ends['proceed / -']).toBeGreaterThan(0);
    expect(report.ends['- / proceed']).toBeGreaterThan(0);
    expect(report.states).toBeGreaterThan(10_000);
  });
});

describe('a broken claim is found', () => {
  const calm = { partitions: 0, crashes: 0, look: 'after-ack' } as const;
  const search = (step: (facts: ClaimFacts) => ClaimMove, bounds = calm): ClaimReport =>
    searchClaims(step, { ...bounds, firstFault: true });

  it('that goes on without the acknowledgement', () => {
    const { unsafe } = search((facts) => claimStep({ ...facts, acknowledged: true, lookedAfterAck: true }));
    expect(unsafe[0]).toMatch(/proceed.*proceed/);
  });

  it('that looks before it is acknowledged', () => {
    const { unsafe } = searchClaims(claimStep, { ...calm, look: 'before-ack', firstFault: true });
    expect(unsafe[0]).toMatch(/look further.*ask.*proceed/);
  });

  it('that ignores a rival', () => {
    const { unsafe } = search((facts) => claimStep({ ...facts, rival: false, wentOn: false }));
    expect(unsafe[0]).toMatch(/proceed.*proceed/);
  });

  it('that takes a rival which went on for one that withdrew', () => {
    const { unsafe } = search((facts) => claimStep({ ...facts, wentOn: false }));
    expect(unsafe[0]).toMatch(/proceed.*offer.*proceed/);
  });

  it('in which both give way, or both wait', () => {
    const shy = search((facts) => (facts.rival ? 'withdraw' : claimStep(facts)));
    const stubborn = search((facts) => (facts.rival ? 'wait' : claimStep(facts)));
    expect(shy.stuck.length).toBeGreaterThan(0);
    expect(stubborn.stuck.length).toBeGreaterThan(0);
  });
});
