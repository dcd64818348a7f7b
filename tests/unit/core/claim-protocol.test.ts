import { describe, expect, it } from 'vitest';
import {
  type ClaimFacts,
  claimStep,
  compareCopies,
  type Copy,
  plainName,
  rankOf,
  settleCopies,
} from '../../../src/core/claim-protocol.ts';

const NAME = 'Anna - Offer em-0123456789abcdef.md';
const CONFLICT = 'Anna - Offer em-0123456789abcdef.sync-conflict-20261120-093100-QAL3ALD.md';

function copy(folder: Copy['folder'], change: Partial<Copy> = {}): Copy {
  const drafted = /^(Pending|Approved|Rejected|Done)/.test(folder);
  return { folder, name: NAME, conflictCopy: false, claimedBy: null, drafted, rev: 1, hash: 'aa', ...change };
}

function conflictCopy(folder: Copy['folder'], change: Partial<Copy> = {}): Copy {
  return copy(folder, { name: CONFLICT, conflictCopy: true, ...change });
}

const RAISED: ClaimFacts = {
  me: 'local-agent',
  mine: true,
  acknowledged: false,
  lookedAfterAck: false,
  rival: false,
  peerConnected: true,
  shared: true,
};

describe('a claim of shared work', () => {
  it.each<[string, Partial<ClaimFacts>, string]>([
    ['is gone when the note was taken away', { mine: false, acknowledged: true }, 'gone'],
    ['needs no agreement when nobody else may take it', { shared: false, rival: true }, 'proceed'],
    ['waits for the peer to have it', {}, 'wait'],
    ['waits for the look after that', { acknowledged: true }, 'wait'],
    ['looks also when the peer left after it had it', { acknowledged: true, peerConnected: false }, 'wait'],
    ['is mine when nobody was seen', { acknowledged: true, lookedAfterAck: true }, 'proceed'],
    ['goes on apart when the peer cannot be asked', { peerConnected: false }, 'proceed_apart'],
    [
      'of the higher rank waits for the rival',
      { acknowledged: true, lookedAfterAck: true, rival: true },
      'wait',
    ],
    ['of the lower rank goes', { me: 'cloud-agent', rival: true }, 'withdraw'],
    [
      'goes when the rival went on with it',
      { acknowledged: true, lookedAfterAck: true, wentOn: true },
      'withdraw',
    ],
    ['does not go on beside a rival that is out of reach', { rival: true, peerConnected: false }, 'wait'],
  ])('%s', (_what, change, move) => {
    expect(claimStep({ ...RAISED, ...change })).toBe(move);
  });

  it('is the laptop’s when both have it', () => {
    expect(rankOf('local-agent')).toBeLessThan(rankOf('cloud-agent'));
  });
});

describe('of two copies of a task stands', () => {
  const order: [string, Copy][] = [
    ['what is done', copy('Done/2026-11')],
    ['what the handler holds', copy('In_Progress/local-agent', { drafted: true })],
    ['what the user refused', copy('Rejected')],
    ['what the user approved', copy('Approved')],
    ['what is offered', copy('Pending_Approval/email')],
    ['a draft under way', copy('In_Progress/cloud-agent', { drafted: true })],
    ['a claim of the laptop', copy('In_Progress/local-agent')],
    ['a claim of the cloud', copy('In_Progress/cloud-agent')],
    ['what waits', copy('Needs_Action/email')],
    ['what was skipped', copy('Skipped')],
    ['a conflict copy of an approved note', conflictCopy('Approved')],
  ];

  it.each(order.slice(1).map((later, i) => [order[i]![0], later[0], order[i]![1], later[1]] as const))(
    '%s before %s',
    (_a, _b, a, b) => {
      expect(compareCopies(a, b)).toBeLessThan(0);
      expect(compareCopies(b, a)).toBeGreaterThan(0);
    },
  );

  it('a laptop’s draft under way as one, when the laptop says that nobody approved it', () => {
    const drafting = copy('In_Progress/local-agent', { drafted: true, approved: false });
    expect(compareCopies(copy('Pending_Approval/email'), drafting)).toBeLessThan(0);
    expect(compareCopies(drafting, copy('In_Progress/cloud-agent', { drafted: true }))).toBeLessThan(0);
  });

  it('the laptop’s offer before the cloud’s, whichever got the plain name by its time stamp', () => {
    const cloud = copy('Pending_Approval/email', { claimedBy: 'cloud-agent' });
    const laptop = conflictCopy('Pending_Approval/email', { claimedBy: 'local-agent' });
    expect(compareCopies(laptop, cloud)).toBeLessThan(0);
  });

  it('the same whatever the revision claims', () => {
    const high = copy('Pending_Approval/email', { rev: 999, hash: 'bb' });
    expect(compareCopies(copy('Pending_Approval/email'), high)).toBeLessThan(0);
  });
});

describe('when copies are settled', () => {
  it('each withdraws its own, and the loser of the laptop is none of the cloud’s business', () => {
    const offered = copy('Pending_Approval/email', { claimedBy: 'local-agent' });
    const cloud = copy('In_Progress/cloud-agent', { drafted: true });
    const copies = [cloud, offered, copy('Needs_Action/email')];
    expect(settleCopies(copies, 'cloud-agent')).toEqual([{ copy: cloud, action: 'to_conflicts' }]);
    expect(settleCopies(copies, 'local-agent')).toEqual([]);
    expect(settleCopies(copies, 'orchestrator').map((s) => s.copy.folder)).toEqual(['Needs_Action/email']);
  });

  it('a yes beside a no is not sent', () => {
    const yes = copy('Approved');
    expect(settleCopies([yes, copy('Rejected')], 'orchestrator')).toEqual([
      { copy: yes, action: 'to_conflicts' },
    ]);
  });

  it('a conflict copy that stands gets the plain name, after the one that has it is gone', () => {
    const cloud = copy('Pending_Approval/email', { claimedBy: 'cloud-agent' });
    const laptop = conflictCopy('Pending_Approval/email', { claimedBy: 'local-agent' });
    expect(settleCopies([cloud, laptop], 'orchestrator')).toEqual([
      { copy: cloud, action: 'to_conflicts' },
      { copy: laptop, action: 'take_plain_name' },
    ]);
    expect(settleCopies([cloud, laptop], 'cloud-agent')).toEqual([]);
  });

  it.each(['Approved', 'Done/2026-11', 'Rejected', 'In_Progress/local-agent'] as const)(
    'a conflict copy in %s is never an answer, even when it is the only copy',
    (folder) => {
      expect(settleCopies([conflictCopy(folder)], 'orchestrator')).toEqual([]);
      const waiting = copy('Needs_Action/email');
      const losing = conflictCopy(folder, { drafted: true });
      expect(settleCopies([losing, waiting], 'orchestrator')).toEqual([
        { copy: losing, action: 'to_conflicts' },
      ]);
    },
  );

  it('what lies in Conflicts and Quarantine neither wins nor is touched', () => {
    const copies = [copy('Conflicts', { drafted: true }), copy('Quarantine'), copy('Skipped')];
    for (const who of ['cloud-agent', 'local-agent', 'orchestrator'] as const)
      expect(settleCopies(copies, who)).toEqual([]);
  });

  it('what is done stays, twice too', () => {
    const copies = [copy('Done/2026-11'), copy('Done/2026-12')];
    expect(settleCopies(copies, 'orchestrator')).toEqual([]);
  });
});

describe('the plain name', () => {
  it.each([
    [CONFLICT, NAME],
    ['a.sync-conflict-20261120-093100.md', 'a.md'],
    ['a.sync-conflict-20261120-093100-QAL3ALD.sync-conflict-20261121-093100-WRC7N2G.md', 'a.md'],
    [NAME, NAME],
  ])('of %s', (name, plain) => {
    expect(plainName(name)).toBe(plain);
  });
});
