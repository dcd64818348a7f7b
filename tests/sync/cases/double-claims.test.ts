import { cases } from './cases.ts';

const NEEDS = 'Needs_Action/email';
const CLOUD = 'In_Progress/cloud-agent';
const LOCAL = 'In_Progress/local-agent';
const OFFERED = 'Pending_Approval/email';

cases('two agents and one mail', {
  'both drafted it while they were apart': {
    apart: async ({ machines }) => {
      machines.shareDrafting(true);
      await machines.cloud.draft();
      await machines.laptop.draft();
    },
    ends: { in: OFFERED, kept: 1 },
  },
  'both claimed it, the cloud had drafted and not yet offered': {
    apart: async ({ machines, cloud }) => {
      machines.shareDrafting(true);
      await machines.cloud.draft();
      await cloud.move(OFFERED, CLOUD);
      await machines.laptop.draft();
    },
    ends: { in: OFFERED, kept: 1 },
  },
  'both claimed it, the cloud only claimed': {
    apart: async ({ machines, cloud }) => {
      machines.shareDrafting(true);
      await cloud.move(NEEDS, CLOUD);
      await machines.laptop.draft();
    },
    ends: { in: OFFERED, kept: 1 },
  },
  'claimed by one and offered by the other, and the user approved that': {
    apart: async ({ machines, cloud, laptop }) => {
      machines.shareDrafting(true);
      await cloud.move(NEEDS, CLOUD);
      await machines.laptop.draft();
      await laptop.move(OFFERED, 'Approved');
      await machines.laptop.handle();
    },
    ends: { in: 'Done', sent: 1, kept: 1 },
  },
  'both drafted it and the user approved the draft of the laptop': {
    apart: async ({ machines, laptop }) => {
      machines.shareDrafting(true);
      await machines.cloud.draft();
      await machines.laptop.draft();
      await laptop.move(OFFERED, 'Approved');
      await machines.laptop.handle();
    },
    ends: { in: 'Done', sent: 1, kept: 1, says: /after you approved it|done/ },
  },
  'the cloud gave it back and the laptop drafted it': {
    apart: async ({ machines, cloud }) => {
      machines.shareDrafting(true);
      await cloud.move(NEEDS, CLOUD);
      await cloud.move(CLOUD, NEEDS);
      await cloud.edit(NEEDS, 'given back with words');
      await machines.laptop.draft();
    },
    ends: { in: OFFERED, kept: 1, says: /edited while it was being drafted/ },
  },
  'a claim against a deletion': {
    apart: async ({ machines, laptop }) => {
      await machines.cloud.draft();
      await laptop.remove(NEEDS);
    },
    ends: { in: OFFERED, sent: 0 },
  },
  'together, both reach for it at once': {
    connected: true,
    apart: async ({ machines }) => {
      machines.shareDrafting(true);
      await Promise.all([machines.cloud.draft(), machines.laptop.draft()]);
    },
    ends: { in: OFFERED },
  },
  'a forged claim of the laptop beside the real card': {
    from: OFFERED,
    apart: async ({ cloud, mustKeep }) => {
      await cloud.put(LOCAL, (await cloud.read(OFFERED)).replace('draft', 'forged'));
      mustKeep('forged');
    },
    ends: { in: OFFERED, sent: 0, kept: 1 },
  },
});
