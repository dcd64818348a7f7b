import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mailNote } from '../../helpers/replier.ts';
import { cases } from './cases.ts';

const NEEDS = 'Needs_Action/email';
const OFFERED = 'Pending_Approval/email';
const LATER = new Date('2035-01-01T00:00:00Z');

cases('copies, clocks and losses', {
  'copies of Syncthing on both sides': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.conflictCopy(OFFERED, 'a copy of the card');
      await laptop.edit(OFFERED, 'the card itself');
    },
    ends: { in: OFFERED, kept: 1 },
  },
  'a copy of Syncthing that is all there is': {
    apart: async ({ laptop }) => {
      await laptop.conflictCopy(NEEDS, 'the only version');
      await laptop.remove(NEEDS);
    },
    ends: { in: OFFERED, kept: 0 },
  },
  'a copy of Syncthing in Done and one in Rejected': {
    from: OFFERED,
    before: ({ laptop }) => laptop.move(OFFERED, 'Rejected'),
    apart: ({ cloud }) => cloud.conflictCopy('Rejected', 'no, but in other words'),
    ends: { in: 'Rejected', kept: 1 },
  },
  'the clock of the cloud says 2035, both drafted': {
    apart: async ({ machines, cloud }) => {
      machines.shareDrafting(true);
      await machines.cloud.draft();
      await cloud.stamp(OFFERED, LATER);
      await machines.laptop.draft();
    },
    ends: { in: OFFERED, kept: 1 },
  },
  'the clock of the cloud says 2035 and it rewrites an approved card': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.edit(OFFERED, 'from the future');
      await cloud.stamp(OFFERED, LATER);
      await laptop.move(OFFERED, 'Approved');
    },
    ends: { in: 'Done', sent: 1, kept: 1, unsent: 'from the future' },
  },
  'deleted by the cloud': {
    from: OFFERED,
    apart: ({ cloud }) => cloud.remove(OFFERED),
    ends: {
      in: OFFERED,
      kept: 0,
      told: /was deleted from Pending_Approval\/email by another device and put back/,
    },
  },
  'deleted by the cloud while nobody drafted it yet': {
    apart: ({ cloud }) => cloud.remove(NEEDS),
    ends: { in: OFFERED, kept: 0, told: /put back/ },
  },
  'overwritten and deleted by the cloud within the same second': {
    from: OFFERED,
    connected: true,
    apart: async ({ machines, cloud, name }) => {
      const { client } = machines.pair.cloud;
      await writeFile(cloud.path(OFFERED), 'rubbish');
      await client.scan('handover', [`${OFFERED}/${name}`]);
      await machines.pair.idle();
      await cloud.remove(OFFERED);
    },
    // The draft, not the rubbish.
    ends: { in: OFFERED, told: /put back/, holds: /draft \d+ of the cloud-agent/ },
  },
  'deleted by the user': {
    from: OFFERED,
    apart: ({ laptop }) => laptop.remove(OFFERED),
    ends: { in: null, kept: 0 },
  },
  'put into Done by the cloud': {
    from: OFFERED,
    apart: async ({ cloud }) => {
      await mkdir(cloud.path('Done/2026-11').replace(/\/[^/]*$/, ''), { recursive: true });
      await cloud.move(OFFERED, 'Done/2026-11');
    },
    ends: { in: OFFERED, beside: ['Done'], sent: 0, told: /put back/ },
  },
  'its folder renamed by the cloud': {
    from: OFFERED,
    apart: async ({ machines }) => {
      const at = (folder: string) => join(machines.cloud.vault.root, folder);
      await rename(at(OFFERED), at('Pending_Approval/mail'));
      await mkdir(at(OFFERED));
    },
    ends: { in: OFFERED, beside: ['Pending_Approval/mail'], told: /put back/ },
  },
  'a flood of copies beside one that is approved': {
    from: OFFERED,
    apart: async ({ cloud, laptop, name }) => {
      for (let n = 0; n < 40; n++) {
        const copy = name.replace(
          '.md',
          `.sync-conflict-20261120-1200${String(n).padStart(2, '0')}-ABCDEFG.md`,
        );
        await writeFile(cloud.path(OFFERED).replace(name, copy), `${mailNote().source}\nversion ${n}.\n`);
      }
      await laptop.move(OFFERED, 'Approved');
    },
    ends: { in: 'Done', sent: 1, kept: 40 },
  },
});
