import { cases } from './cases.ts';

const NEEDS = 'Needs_Action/email';
const CLOUD = 'In_Progress/cloud-agent';
const OFFERED = 'Pending_Approval/email';

cases('the user and an agent', {
  'a claim against an edit': {
    apart: async ({ machines, laptop }) => {
      await machines.cloud.draft();
      await laptop.edit(NEEDS, 'please mention the discount');
    },
    ends: { in: OFFERED, kept: 1, says: /edited while it was being drafted; your version is here/ },
  },
  'a claim against putting it into Rejected': {
    apart: async ({ machines, laptop }) => {
      await machines.cloud.draft();
      await laptop.move(NEEDS, 'Rejected');
    },
    ends: { in: 'Rejected', kept: 1, says: /you rejected this draft/ },
  },
  'a claim against putting it into Skipped': {
    apart: async ({ machines, laptop }) => {
      await machines.cloud.draft();
      await laptop.move(NEEDS, 'Skipped');
    },
    ends: { in: OFFERED, kept: 1 },
  },
  'an edit of the card against one by the cloud': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.edit(OFFERED, 'words of the cloud');
      await laptop.edit(OFFERED, 'words of the user');
    },
    ends: { in: OFFERED, kept: 1, says: /two devices changed this note at the same time/ },
  },
  'an edit of the card against its deletion': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.remove(OFFERED);
      await laptop.edit(OFFERED, 'still needed');
    },
    ends: { in: OFFERED, kept: 0 },
  },
  'a deletion by the user against an edit by the cloud': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await laptop.remove(OFFERED);
      await cloud.edit(OFFERED, 'changed late');
    },
    ends: { in: OFFERED, kept: 0 },
  },
  'deleted by the user while the cloud works on it': {
    before: async ({ cloud }) => cloud.move(NEEDS, CLOUD),
    apart: async ({ machines, laptop }) => {
      await laptop.remove(CLOUD);
      await machines.cloud.draft();
    },
    ends: { in: OFFERED, kept: 0 },
  },
  'sent back for another draft while the cloud deletes the card': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.remove(OFFERED);
      await laptop.edit(OFFERED, 'shorter please');
      await laptop.move(OFFERED, NEEDS);
    },
    ends: { in: OFFERED },
  },
  'both put it into the same folder': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.move(OFFERED, 'Rejected');
      await laptop.move(OFFERED, 'Rejected');
    },
    ends: { in: 'Rejected', kept: 0 },
  },
  'both put it into the same folder with words of their own': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.edit(OFFERED, 'no, says the cloud');
      await cloud.move(OFFERED, 'Rejected');
      await laptop.edit(OFFERED, 'no, says the laptop');
      await laptop.move(OFFERED, 'Rejected');
    },
    ends: { in: 'Rejected', kept: 1 },
  },
});
