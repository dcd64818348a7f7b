import { describe, expect, it } from 'vitest';
import {
  judgeTopology,
  type Place,
  type SharedFolder,
  type SyncthingFacts,
  type TopologyFacts,
} from '../../../src/core/topology.ts';

const [ME, CLOUD, PHONE, OTHER] = ['MEMEMEM', 'CLOUDCL', 'PHONEPH', 'OTHERRR'].map(
  (id) => `${id}-AAAAAAA`,
) as [string, string, string, string];

/** A place whose inode numbers are its own path: `/home/me/Vault`. */
function place(path: string, alias = path): Place {
  const parts = alias.split('/').slice(1);
  const chain = ['/', ...parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`)].toReversed();
  return { path, self: alias, chain };
}
const VAULT = '/home/me/Vault';

function folder(over: Partial<SharedFolder> = {}): SharedFolder {
  return {
    id: 'handover',
    place: place(VAULT),
    devices: [ME, CLOUD, PHONE],
    maxConflicts: 10,
    versioned: true,
    ...over,
  };
}
const approvedFolder = (over: Partial<SharedFolder> = {}) =>
  folder({ id: 'handover-approved', place: place(`${VAULT}/Approved`), devices: [ME, PHONE], ...over });

const RIGHT = {
  lines: ['// ours', '', '(?i)/Approved', '.keep'],
  expanded: ['(?i)/approved', '(?i)/approved/**', '.keep'],
  error: null,
};

function facts(over: Partial<SyncthingFacts> = {}, more: Partial<TopologyFacts> = {}): TopologyFacts {
  return {
    folder: 'handover',
    peer: CLOUD,
    trusted: [PHONE],
    vault: place(VAULT),
    approved: place(`${VAULT}/Approved`),
    syncthing: {
      myId: ME,
      folders: [folder(), approvedFolder()],
      devices: [ME, CLOUD, PHONE].map((id) => ({ id, introducer: false, autoAcceptFolders: false })),
      paused: false,
      ignores: RIGHT,
      links: 0,
      approvedSharedBy: [],
      guiAddress: '127.0.0.1:8384',
      ...over,
    },
    ...more,
  };
}
const codes = (f: TopologyFacts) => judgeTopology(f).findings.map((finding) => finding.code);
const refused = (f: TopologyFacts) => judgeTopology(f).effects === 'refused';

describe('effects are allowed', () => {
  it('with the vault shared as it should be, and nothing is found', () => {
    expect(judgeTopology(facts())).toEqual({ effects: 'allowed', findings: [] });
  });

  it('without a phone and without a peer', () => {
    expect(refused(facts({ folders: [folder({ devices: [ME] })] }, { peer: null, trusted: [] }))).toBe(false);
  });

  it('whatever a trusted device is and shares', () => {
    const devices = [{ id: PHONE, introducer: true, autoAcceptFolders: true }];
    const folders = [
      folder(),
      approvedFolder(),
      folder({ id: 'all', place: place('/home/me'), devices: [ME, PHONE] }),
    ];
    expect(refused(facts({ devices, folders }))).toBe(false);
  });

  it('when a stranger shares something beside the vault', () => {
    const folders = [
      folder(),
      folder({ id: 'music', place: place('/home/me/Vault2'), devices: [ME, OTHER] }),
    ];
    expect(refused(facts({ folders }))).toBe(false);
  });

  it('with a `!` line below, which can undo nothing', () => {
    const lines = ['(?i)/Approved', '.keep', '!/Approved'];
    const expanded = ['(?i)/approved', '(?i)/approved/**', '.keep', '!/Approved', '!/Approved/**'];
    expect(refused(facts({ ignores: { lines, expanded, error: null } }))).toBe(false);
  });
});

describe('effects are refused', () => {
  it.each(['no-key', 'forbidden', 'no-answer'] as const)('when nothing can be proved: %s', (unknown) => {
    const judged = judgeTopology({ ...facts(), syncthing: { unknown } });
    expect(judged.effects).toBe('refused');
    expect(judged.findings.map((f) => f.code)).toEqual([unknown]);
    expect(judged.findings[0]?.words).toMatch(/cannot be proved.*\. (Set|Copy|Start)/);
  });

  const ignored = (lines: string[], expanded: string[], error: string | null = null) =>
    codes(facts({ ignores: { lines, expanded, error } }));
  const FORCE = RIGHT.expanded;

  it.each([
    ['none', [], [], 'ignore-missing'],
    ['case counts', ['/Approved', '.keep'], ['/Approved', '/Approved/**'], 'ignore-missing'],
    ['a slash at the end', ['(?i)/Approved/', '.keep'], ['(?i)/approved/'], 'ignore-missing'],
    ['not anchored', ['(?i)Approved', '.keep'], ['(?i)approved', '(?i)**/approved'], 'ignore-missing'],
    [
      'deletable',
      ['(?d)(?i)/Approved', '.keep'],
      ['(?d)(?i)/approved', '(?d)(?i)/approved/**'],
      'ignore-missing',
    ],
    ['negated', ['!(?i)/Approved', '.keep'], ['(?i)!/approved'], 'ignore-missing'],
    [
      'undone above',
      ['!/Approved/x.md', '(?i)/Approved', '.keep'],
      ['!/Approved/x.md', ...FORCE],
      'ignore-not-first',
    ],
    ['another escape', ['#escape=|', '(?i)/Approved', '.keep'], FORCE, 'ignore-not-first'],
    [
      'an include above',
      ['#include a', '(?i)/Approved', '.keep'],
      ['!/Approved', ...FORCE],
      'ignore-include',
    ],
    ['an include below', ['(?i)/Approved', '.keep', '#include a'], FORCE, 'ignore-include'],
    ['not in force', ['(?i)/Approved', '.keep'], [], 'ignore-not-first'],
    ['a comment behind it', ['(?i)/Approved // x', '.keep'], ['(?i)/approved // x'], 'ignore-missing'],
  ] as const)('by the list of exclusions: %s', (_what, lines, expanded, code) => {
    expect(ignored([...lines], [...expanded])).toContain(code);
    expect(refused(facts({ ignores: { lines, expanded, error: null } }))).toBe(true);
  });

  it('when the list cannot be read', () => {
    expect(ignored(RIGHT.lines, [], 'parse error')).toEqual(['ignore-error']);
  });

  it('while the folder is paused', () => {
    expect(codes(facts({ paused: true, ignores: null }))).toEqual(['folder-paused']);
  });

  it('when the vault is not the folder, or there is none', () => {
    expect(codes(facts({ folders: [], ignores: null }))).toEqual(['no-folder']);
    expect(codes(facts({ folders: [folder({ place: place('/home/me') })] }))).toContain('other-path');
    expect(refused(facts({ folders: [folder({ place: { ...place(VAULT), self: null } })] }))).toBe(true);
  });

  it.each([
    ['the parent', place('/home/me')],
    ['the root', place('/')],
    ['a part', place(`${VAULT}/Pending_Approval`)],
    ['Approved itself', place(`${VAULT}/Approved`)],
    ['below Approved', place(`${VAULT}/Approved/deep`)],
    ['the vault by another name', place('/mnt/bind', VAULT)],
    ['a parent by another name', place('/mnt/bind', '/home/me')],
    ['a part that does not exist yet', { ...place('/home/me/Vault'), path: `${VAULT}/new`, self: null }],
  ] as const)('when another folder is %s and is shared with a stranger', (_what, where) => {
    for (const devices of [
      [ME, CLOUD],
      [ME, PHONE, OTHER],
    ]) {
      const folders = [folder(), folder({ id: 'f', place: where, devices })];
      expect(codes(facts({ folders }))).toEqual(['overlap']);
    }
  });

  it('when Approved is a folder of its own elsewhere, by a bind, and that is shared', () => {
    const folders = [folder(), folder({ id: 'f', place: place('/srv/elsewhere'), devices: [ME, CLOUD] })];
    expect(refused(facts({ folders }))).toBe(false);
    expect(codes(facts({ folders }, { approved: place(`${VAULT}/Approved`, '/srv/elsewhere') }))).toContain(
      'overlap',
    );
  });

  it('when it cannot be seen where a folder lies', () => {
    const hidden = { path: '/root/x', self: null, chain: null };
    expect(
      codes(facts({ folders: [folder(), folder({ id: 'f', place: hidden, devices: [ME, CLOUD] })] })),
    ).toEqual(['place-unknown']);
  });

  it("when the phone's folder is shared with the cloud", () => {
    expect(codes(facts({ folders: [folder(), approvedFolder({ devices: [ME, PHONE, CLOUD] })] }))).toEqual([
      'approved-shared',
    ]);
  });

  it('by what is configured of devices', () => {
    const device = (over: object) => [{ id: CLOUD, introducer: false, autoAcceptFolders: false, ...over }];
    expect(codes(facts({ devices: device({ introducer: true }) }))).toEqual(['introducer']);
    expect(codes(facts({ devices: device({ autoAcceptFolders: true }) }))).toEqual(['auto-accept']);
    expect(codes(facts({}, { trusted: [PHONE, CLOUD] }))).toEqual(['peer-trusted']);
    expect(codes(facts({}, { peer: ME }))).toEqual(['own-id-as-peer']);
  });

  it('by links anywhere in the vault, and by a phone that carries Approved to the cloud', () => {
    expect(codes(facts({ links: 1 }))).toEqual(['links']);
    expect(codes(facts({ approvedSharedBy: [PHONE] }))).toEqual(['trusted-device-leaks']);
  });
});

describe('a warning', () => {
  it.each([
    ['no-conflict-copies', { folders: [folder({ maxConflicts: 0 })] }],
    ['no-versions', { folders: [folder({ versioned: false })] }],
    ['gui-open', { guiAddress: '0.0.0.0:8384' }],
    ['approved-elsewhere', { folders: [folder(), approvedFolder({ place: place('/home/me/Other') })] }],
    ['ignore-deletable', { ignores: { ...RIGHT, lines: [...RIGHT.lines, '(?i)(?d)*.tmp'] } }],
    ['guard-not-ignored', { ignores: { ...RIGHT, lines: ['(?i)/Approved'] } }],
  ] as const)('%s does not refuse', (code, over) => {
    const judged = judgeTopology(facts(over));
    expect(judged.effects).toBe('allowed');
    expect(judged.findings.map((f) => f.code)).toEqual([code]);
  });

  it.each(['127.0.0.1:8384', 'localhost:8384', '[::1]:8384', '/run/syncthing.sock'])(
    'is not given for %s',
    (gui) => {
      expect(codes(facts({ guiAddress: gui }))).toEqual([]);
    },
  );

  it('comes after what refuses', () => {
    const judged = judgeTopology(facts({ guiAddress: '0.0.0.0:8384', links: 2 }));
    expect(judged.findings.map((f) => f.code)).toEqual(['links', 'gui-open']);
  });
});
