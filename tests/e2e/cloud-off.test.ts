/**
 * The cloud dies and comes back: real processes, real Syncthings. It takes minutes, since a silence shorter than
 * three heartbeats is none.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Story, storyOf } from './story.ts';
import { drag, fillBlanks, startTwoHosts, type TwoHosts } from './two-hosts.ts';

const LONG_MS = 600_000;
const TAKEOVER_MS = 300_000;

let hosts: TwoHosts;
let story: Story;
let stop = (): Promise<void> => Promise.resolve();
beforeAll(async () => {
  hosts = await startTwoHosts();
  stop = () => hosts.stop();
  story = storyOf(hosts);
  await Promise.all([hosts.cloud.on(), hosts.laptop.on()]);
}, LONG_MS);
afterAll(() => stop(), LONG_MS);

it(
  'the laptop sends on, drafts what waits after a while, and nothing is doubled when the cloud is back',
  async () => {
    const { cloud, laptop } = hosts;
    const approve = async (name: string): Promise<void> => {
      const card = await story.pending(laptop, name);
      await fillBlanks(laptop.node.vault, card);
      await drag(laptop.node.vault, card, 'Approved');
    };
    await story.deliver('before');
    await story.pending(laptop, 'before');
    await cloud.stopProcess('draft-replier');
    await story.deliver('waits');
    await story.eventually('the mail waits on the laptop', () =>
      story.noteOf(laptop, 'waits', /^Needs_Action\/email$/),
    );
    await cloud.powerCut();

    await approve('before');
    await hosts.smtp.waitForMails(1);

    await story.eventually(
      'the laptop drafts it',
      () => story.noteOf(laptop, 'waits', /^Pending_Approval\/email$/),
      TAKEOVER_MS,
    );
    expect(await story.noteOf(cloud, 'waits', /^Needs_Action\/email$/)).toBeDefined();

    // Its processes find the mail where it lay and begin to draft before the two are connected.
    await cloud.on();
    await story.eventually(
      'both have one card of it, the same',
      async () => {
        const [here] = await liveCopies(laptop, 'waits');
        const [there] = await liveCopies(cloud, 'waits');
        const counts = [
          (await liveCopies(laptop, 'waits')).length,
          (await liveCopies(cloud, 'waits')).length,
        ];
        if (!here || !there || counts.some((count) => count !== 1)) return false;
        return (
          here.folder === 'Pending_Approval/email' && there.folder === here.folder && here.text === there.text
        );
      },
      TAKEOVER_MS,
    );
    await story.endsDoneOnce('before');
    await approve('waits');
    await story.endsDoneOnce('waits');

    // The cloud drafts again.
    await story.deliver('after');
    await approve('after');
    await story.endsDoneOnce('after');
    expect(hosts.smtp.mails).toHaveLength(3);
  },
  LONG_MS,
);

async function liveCopies(machine: TwoHosts['cloud'], name: string) {
  return (await story.allOf(machine, name)).filter((note) => note.folder !== 'Conflicts');
}
