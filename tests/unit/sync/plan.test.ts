import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ignoreFaults, mendedIgnores } from '../../../src/core/ignore-lists.ts';
import { type Actual, type Plan, planShare, type Step } from '../../../src/sync/setup/plan.ts';
import { readShare, type ShareRole } from '../../../src/sync/setup/read-share.ts';
import { keepCommand, wantedShare } from '../../../src/sync/setup/wanted-share.ts';
import type { FolderConfig } from '../../../src/sync/syncthing-client.ts';

const root = join(import.meta.dirname, '../../..');
const files = {
  laptop: await readFile(join(root, 'deployment/local/syncthing-config.toml'), 'utf8'),
  cloud: await readFile(join(root, 'deployment/cloud/syncthing-config.toml'), 'utf8'),
};
const ignoreSource = await readFile(join(root, '.gitignore-sync'), 'utf8');
const device = (letter: string): string => Array.from({ length: 8 }, () => letter.repeat(7)).join('-');
const [SELF, PEER, PHONE, STRANGER] = [device('A'), device('B'), device('C'), device('D')];
const VAULT = '/home/you/Vault';

function wish(role: ShareRole, more: { peer?: string | null; trusted?: readonly string[] } = {}) {
  return wantedShare({
    share: readShare(files[role], role),
    vaultDir: VAULT,
    folder: 'handover',
    peer: more.peer === undefined ? PEER : more.peer,
    trusted: more.trusted ?? [],
    ignoreSource,
    keepScript: "/opt/it's here/keep-version.sh",
    tellsCase: true,
  });
}

/** As `GET /rest/config/defaults/folder` of 1.19.2 gave it, cut down; 2.x adds `pullerDelayS`. */
const base = (v2: boolean): FolderConfig => ({
  id: '',
  label: '',
  path: '~',
  type: 'sendreceive',
  devices: [{ deviceID: SELF }],
  rescanIntervalS: 3600,
  fsWatcherEnabled: true,
  fsWatcherDelayS: 10,
  ignorePerms: false,
  ignoreDelete: false,
  maxConflicts: 10,
  paused: false,
  versioning: { type: '', params: {}, cleanupIntervalS: 3600, fsPath: '', fsType: 'basic' },
  ...(v2 ? { pullerDelayS: 1 } : {}),
});

function fresh(v2 = false): Actual {
  return {
    myId: SELF,
    config: {
      version: v2 ? 52 : 36,
      folders: [],
      devices: [{ deviceID: SELF, addresses: ['dynamic'] }],
      options: {},
    },
    defaults: {
      folder: base(v2),
      device: {
        deviceID: '',
        name: '',
        addresses: [],
        introducer: false,
        autoAcceptFolders: false,
        untrusted: false,
        paused: false,
      },
    },
    ignores: new Map(),
    paths: new Map(),
  };
}

/** What Syncthing would have after one step: PUT replaces, PATCH merges at the top. */
function after(actual: Actual, step: Step): Actual {
  const { config, ignores } = actual;
  const lists = new Map(ignores);
  let { folders, devices } = config;
  switch (step.do) {
    case 'add-device':
      devices = [...devices, step.device];
      break;
    case 'set-device':
      devices = devices.map((one) => (one.deviceID === step.id ? { ...one, ...step.part } : one));
      break;
    case 'add-folder':
      folders = [...folders, step.folder];
      break;
    case 'set-folder':
      folders = folders.map((one) => (one.id === step.id ? { ...one, ...step.part } : one));
      break;
    case 'mend-ignores':
      lists.set(step.folder, mendedIgnores(ignores.get(step.folder) ?? [], step.wanted));
  }
  const paths = new Map(folders.map(({ id, path = '' }) => [id, path]));
  return { ...actual, config: { ...config, folders, devices }, ignores: lists, paths };
}

const words = (plan: Plan): string[] =>
  plan.changes.map((c) => `${c.where}: ${c.what}: ${c.before} -> ${c.after}`);

describe('a new share', () => {
  it('is made paused and shared with nobody, then excluded, and only then shared', () => {
    const { steps } = planShare(wish('laptop', { trusted: [PHONE] }), fresh());
    expect(steps.map((step) => step.do)).toEqual([
      ...['add-device', 'add-device'],
      ...['add-folder', 'mend-ignores', 'set-folder'],
      ...['add-folder', 'mend-ignores', 'set-folder'],
    ]);
    const [, , add, , set, second, , last] = steps;
    expect(add).toMatchObject({
      folder: { id: 'handover', path: VAULT, paused: true, devices: [{ deviceID: SELF }] },
    });
    expect(set).toMatchObject({
      part: { paused: false, devices: [SELF, PEER, PHONE].map((deviceID) => ({ deviceID })) },
    });
    expect(second).toMatchObject({ folder: { id: 'handover-approved', path: `${VAULT}/Approved` } });
    expect(last).toMatchObject({ part: { devices: [SELF, PHONE].map((deviceID) => ({ deviceID })) } });
  });

  it('has no second folder on the cloud, nor without a device that may approve', () => {
    for (const share of [wish('cloud', { trusted: [PHONE] }), wish('laptop')]) {
      const added = planShare(share, fresh()).steps.flatMap((step) =>
        step.do === 'add-folder' ? [step.folder.id] : [],
      );
      expect(added).toEqual(['handover']);
    }
  });

  it('sets what a version knows and nothing it does not', () => {
    const folder = (v2: boolean) =>
      planShare(wish('cloud'), fresh(v2)).steps.flatMap((step) =>
        step.do === 'add-folder' ? [step.folder] : [],
      )[0];
    expect(folder(false)).not.toHaveProperty('pullerDelayS');
    expect(folder(true)).toMatchObject({ pullerDelayS: 0, fsWatcherDelayS: 1 });
    expect(words(planShare(wish('cloud'), fresh(true)))).toContain(
      'folder handover: waits before fetching:  -> 0 s',
    );
  });

  it('keeps versions by a command that a shell would read as meant', () => {
    expect(keepCommand("/opt/it's here/keep-version.sh", 90)).toBe(
      `/bin/sh '/opt/it'\\''s here/keep-version.sh' %FOLDER_PATH% %FILE_PATH% 90`,
    );
  });
});

describe('what cannot be', () => {
  it.each([
    ['the own id as the other machine', wish('laptop', { peer: SELF }), 'id of this very device'],
    ['the own id as a trusted device', wish('laptop', { trusted: [SELF] }), 'id of this very device'],
    ['the cloud as a trusted device', wish('laptop', { trusted: [PHONE, PEER] }), 'never trusted'],
  ])('%s is refused, and nothing is planned', (_name, share, expected) => {
    const plan = planShare(share, fresh());
    expect(plan.refusals[0]).toContain(expected);
    expect(plan.steps).toEqual([]);
  });
});

describe('any share that is there', () => {
  const someone = fc.subarray([PEER, PHONE, STRANGER]);
  const oneFolder = (id: string, path: string, v2: boolean) =>
    fc.record({
      id: fc.constant(id),
      path: fc.constant(path),
      devices: someone.map((ids) => [SELF, ...ids].map((deviceID) => ({ deviceID, introducedBy: '' }))),
      type: fc.constantFrom('sendreceive', 'receiveonly'),
      fsWatcherEnabled: fc.boolean(),
      fsWatcherDelayS: fc.constantFrom(1, 10, 0.5),
      rescanIntervalS: fc.constantFrom(300, 3600),
      ignorePerms: fc.boolean(),
      ignoreDelete: fc.boolean(),
      maxConflicts: fc.constantFrom(-1, 0, 10),
      paused: fc.boolean(),
      order: fc.constantFrom('random', 'alphabetic'),
      versioning: fc.constantFrom(
        { type: '', params: {} },
        { type: 'simple', params: { keep: '5' } },
        { type: 'external', params: { command: 'mine' }, fsPath: '' },
      ),
      ...(v2 ? { pullerDelayS: fc.constantFrom(0, 1) } : {}),
    });
  const list = fc.array(
    fc.constantFrom('(?i)/Approved', '.keep', '(?i).env', '*.iso', '!x', '#include y', '(?d)z', '// mine'),
  );
  const world = fc.boolean().chain((v2) =>
    fc.record({
      v2: fc.constant(v2),
      vault: fc.option(oneFolder('handover', VAULT, v2), { nil: null }),
      approved: fc.option(oneFolder('handover-approved', `${VAULT}/Approved`, v2), { nil: null }),
      photos: fc.option(oneFolder('photos', '/home/you/Photos', v2), { nil: null }),
      flags: fc.record({ introducer: fc.boolean(), autoAcceptFolders: fc.boolean(), paused: fc.boolean() }),
      known: someone,
      lists: fc.tuple(list, list),
      role: fc.constantFrom('cloud' as const, 'laptop' as const),
      peer: fc.constantFrom(PEER, null),
      trusted: fc.constantFrom([], [PHONE]),
    }),
  );

  it('becomes what it shall be in one go, by steps of which none opens anything before its list is right', () => {
    fc.assert(
      fc.property(world, (w) => {
        const folders = [w.vault, w.approved, w.photos].filter((one) => one !== null);
        const empty = fresh(w.v2);
        const start: Actual = {
          ...empty,
          config: {
            ...empty.config,
            folders,
            devices: [SELF, ...w.known].map((deviceID) => ({
              deviceID,
              addresses: ['dynamic'],
              name: 'x',
              ...w.flags,
            })),
          },
          ignores: new Map([
            ['handover', w.lists[0]],
            ['handover-approved', w.lists[1]],
          ]),
          paths: new Map(folders.map(({ id, path }) => [id, path])),
        };
        const wanted = wish(w.role, { peer: w.peer, trusted: w.trusted });
        const { steps } = planShare(wanted, start);
        const with_ = (state: Actual, id: string): string[] =>
          state.config.folders.find((one) => one.id === id)?.devices.map(({ deviceID }) => deviceID) ?? [
            SELF,
          ];

        let state = start;
        for (const step of steps) {
          const next = after(state, step);
          for (const folder of [wanted.vault, ...(wanted.approved ? [wanted.approved] : [])]) {
            const opened = with_(next, folder.id).filter((id) => !with_(state, folder.id).includes(id));
            expect(opened.filter((id) => !folder.devices.includes(id) && id !== SELF)).toEqual([]);
            if (opened.length > 0)
              expect(ignoreFaults(next.ignores.get(folder.id) ?? [], folder.ignores)).toEqual([]);
          }
          // Stopped here and run again: it gets there all the same.
          const rest = planShare(wanted, next).steps.reduce(after, next);
          expect(words(planShare(wanted, rest))).toEqual([]);
          state = next;
        }
        expect(words(planShare(wanted, state))).toEqual([]);

        expect(with_(state, 'handover')).toEqual(expect.arrayContaining(wanted.vault.devices.slice()));
        if (wanted.approved && w.approved)
          expect(with_(state, 'handover-approved').slice(1)).toEqual(w.trusted);
        if (w.role === 'cloud' && w.approved) expect(state.config.folders).toContainEqual(w.approved);
        if (w.photos) expect(state.config.folders).toContainEqual(w.photos);
        // Nobody and nothing is removed, and what we do not name keeps its value.
        for (const id of with_(start, 'handover')) expect(with_(state, 'handover')).toContain(id);
        const vault = state.config.folders.find(({ id }) => id === 'handover');
        if (w.vault) expect(vault?.['order']).toBe(w.vault.order);
        expect(
          state.config.devices.slice(0, w.known.length + 1).map(({ deviceID, name }) => [deviceID, name]),
        ).toEqual([SELF, ...w.known].map((id) => [id, 'x']));
      }),
      { numRuns: 500 },
    );
  });
});
