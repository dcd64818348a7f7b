import { cases } from './cases.ts';

const NEEDS = 'Needs_Action/email';
const CLOUD = 'In_Progress/cloud-agent';
const OFFERED = 'Pending_Approval/email';

cases('the answer of the user', {
  'approved here while the card is rewritten there': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.edit(OFFERED, 'pay to another account');
      await laptop.move(OFFERED, 'Approved');
    },
    ends: {
      in: 'Done',
      sent: 1,
      kept: 1,
      unsent: 'another account',
      says: /changed on another device after you approved it/,
    },
  },
  'approved and sent here while the card is rewritten there': {
    from: OFFERED,
    apart: async ({ machines, cloud, laptop }) => {
      await laptop.move(OFFERED, 'Approved');
      await machines.laptop.handle();
      await cloud.edit(OFFERED, 'too late');
    },
    ends: { in: 'Done', sent: 1, kept: 1, unsent: 'too late' },
  },
  'approved here and rejected there': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.move(OFFERED, 'Rejected');
      await laptop.move(OFFERED, 'Approved');
    },
    ends: { in: 'Rejected', sent: 0, kept: 1, says: /approved on one device and rejected on another/ },
  },
  'sent here and rejected there': {
    from: OFFERED,
    apart: async ({ machines, cloud, laptop }) => {
      await laptop.move(OFFERED, 'Approved');
      await machines.laptop.handle();
      await cloud.move(OFFERED, 'Rejected');
    },
    ends: { in: 'Done', sent: 1, kept: 1 },
  },
  'approved here and deleted there': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.remove(OFFERED);
      await laptop.move(OFFERED, 'Approved');
    },
    ends: { in: 'Done', sent: 1, kept: 0 },
  },
  'edited and approved here, drafted anew there': {
    from: OFFERED,
    apart: async ({ machines, cloud, laptop }) => {
      await cloud.move(OFFERED, NEEDS);
      await machines.cloud.draft();
      await laptop.edit(OFFERED, 'with my own words');
      await laptop.move(OFFERED, 'Approved');
    },
    // Its own words would do, but the card of this name is not the one that was shown: the user is asked again.
    ends: { in: OFFERED, sent: 0, kept: 1 },
  },
  'rejected here while the cloud takes it back to work': {
    from: OFFERED,
    apart: async ({ cloud, laptop }) => {
      await cloud.move(OFFERED, CLOUD);
      await laptop.move(OFFERED, 'Rejected');
    },
    ends: { in: 'Rejected', sent: 0, kept: 1 },
  },
  'done, and then it comes back as a new mail': {
    from: OFFERED,
    before: async ({ machines, laptop }) => {
      await laptop.move(OFFERED, 'Approved');
      await machines.laptop.handle();
    },
    apart: async ({ machines, cloud, name }) => {
      const done = await machines.cloud.vault.list('Done/2026-11');
      await cloud.put(NEEDS, `---\nkind: "email_reply"\n---\nagain ${done.length} ${name}`);
    },
    // The cloud may have drafted it before it knew better.
    ends: { in: 'Done', sent: 1, says: /came back after its task was done/ },
  },
  'done, and then its card comes back': {
    from: OFFERED,
    before: async ({ machines, laptop, cloud, mustKeep }) => {
      const card = await cloud.read(OFFERED);
      await laptop.move(OFFERED, 'Approved');
      await machines.laptop.handle();
      await machines.pair.idle();
      await cloud.put(OFFERED, card.replace('draft', 'once more'));
      mustKeep('once more');
    },
    apart: async ({ laptop }) => laptop.move(OFFERED, 'Approved'),
    ends: { in: 'Done', sent: 1, kept: 1, unsent: 'once more' },
  },
  'a copy that Syncthing made of an approved note is never sent': {
    from: OFFERED,
    apart: async ({ laptop }) => {
      await laptop.move(OFFERED, 'Approved');
      await laptop.conflictCopy('Approved', 'words of a copy');
    },
    ends: { in: 'Done', sent: 1, kept: 1, unsent: 'words of a copy' },
  },
});
