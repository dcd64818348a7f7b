import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type OfferFacts,
  type ProvenanceFacts,
  provenanceOf,
  touches,
} from '../../../src/core/provenance.ts';

const ID = 'em-0123456789abcdef';
const OFFER: OfferFacts = {
  name: 'a.md',
  hash: 'A',
  followed: true,
  touched: false,
  warned: false,
  withdrawn: false,
};
function of(offer: Partial<OfferFacts> | null, over: Partial<ProvenanceFacts> = {}): string {
  return provenanceOf({
    synced: true,
    offer: offer && { ...OFFER, ...offer },
    name: 'a.md',
    id: ID,
    idInName: ID,
    hash: 'B',
    settled: true,
    ...over,
  });
}

describe('where a card in Approved comes from', () => {
  it('as offered: sent, whoever touched it in between', () => {
    expect(of({}, { hash: 'A', settled: false })).toBe('as_offered');
    expect(of({ touched: true, followed: false }, { hash: 'A', name: 'other.md' })).toBe('as_offered');
  });

  it('changed: the edit of the user, when nobody else can have made it', () => {
    expect(of({}, { settled: false })).toBe('settle_first');
    expect(of({})).toBe('own_edit');
    expect(of({ hash: null })).toBe('own_edit');
  });

  it.each([
    ['another device touched it', { touched: true }],
    ['changes may have been missed', { followed: false }],
    ['it was taken back to be drafted again', { withdrawn: true }],
    ['it was shown under another name', { name: 'b.md' }],
  ])('changed: comes back when %s', (_what, offer) => {
    expect(of(offer)).toBe('changed');
  });

  it('with a warning on top that another device may have changed, it comes back although the mail is the same', () => {
    expect(of({ warned: true }, { hash: 'A', settled: false })).toBe('settle_first');
    expect(of({ warned: true }, { hash: 'A' })).toBe('as_offered');
    expect(of({ warned: true, touched: true }, { hash: 'A' })).toBe('changed');
  });

  it('never seen here: approved by a trusted device, when it has the name that its id gives it', () => {
    expect(of(null)).toBe('unseen');
    expect(of(null, { idInName: null })).toBe('never_offered');
    expect(of(null, { idInName: 'em-ffffffffffffffff' })).toBe('never_offered');
  });

  it('one machine: what was offered may be edited by whoever can write, what was not is offered', () => {
    expect(of(null, { synced: false })).toBe('never_offered');
    expect(of({ touched: true, followed: false }, { synced: false })).toBe('own_edit');
    expect(of({}, { synced: false, hash: 'A' })).toBe('as_offered');
  });

  it('never takes a doubtful change for an edit of the user', () => {
    const offer = fc.record({
      name: fc.constantFrom('a.md', 'b.md'),
      hash: fc.constantFrom('A', 'B', null),
      followed: fc.boolean(),
      touched: fc.boolean(),
      warned: fc.boolean(),
      withdrawn: fc.boolean(),
    });
    fc.assert(
      fc.property(offer, fc.boolean(), fc.constantFrom('A', 'B', 'C'), (kept, settled, hash) => {
        const answer = of(kept, { settled, hash });
        const sends = answer === 'as_offered' || answer === 'own_edit';
        const shown = kept.hash === hash && !kept.warned;
        const alone = settled && kept.followed && !kept.touched && !kept.withdrawn;
        expect(sends).toBe(shown || (alone && (kept.hash === hash || kept.name === 'a.md')));
      }),
    );
  });
});

describe('a change from outside', () => {
  it.each([
    ['gone or unreadable', null, true],
    ['the very text', { hash: 'A', note: 'N' }, false],
    ['another text that would send the same', { hash: 'A', note: 'M' }, false],
    ['another mail', { hash: 'B', note: 'M' }, true],
  ] as const)('%s', (_what, found, doubtful) => {
    expect(touches({ hash: 'A', warned: false, note: 'N' }, found)).toBe(doubtful);
  });

  it('of the words on top matters where there is a warning', () => {
    expect(touches({ hash: 'A', warned: true, note: 'N' }, { hash: 'A', note: 'M' })).toBe(true);
    expect(touches({ hash: 'A', warned: true, note: 'N' }, { hash: 'A', note: 'N' })).toBe(false);
  });
});
