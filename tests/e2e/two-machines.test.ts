/**
 * Two machines and a phone: three real Syncthings, two PM2s with the processes of each host, Dovecot and an
 * SMTP server. The story of a week, in the order of the tests; each leaves everything running and in step.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeenNote } from '../../src/demo/vault-view.ts';
import { FOLDER } from '../helpers/syncthing.ts';
import { exists, type Story, storyOf } from './story.ts';
import { drag, filesWith, fillBlanks, startTwoHosts, type TwoHosts } from './two-hosts.ts';

const LONG_MS = 180_000;

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

/** Words that stand nowhere else, in a place that only trusted devices share. */
const YES = 'zebra-yes-2f9d1c';
const YES_TEXT = 'quagga-text-88e0ab';

function onPhone(card: SeenNote): Promise<boolean> {
  return exists(join(hosts.sync.phone.vault, card.folder, card.name));
}

describe('the laptop sleeps while mail arrives', () => {
  it(
    'finds the drafts when it wakes, sends the one that is approved, and the cloud shows it done',
    async () => {
      await hosts.laptop.off();
      for (const name of ['night-1', 'night-2', 'night-3']) await story.deliver(name);
      for (const name of ['night-1', 'night-2', 'night-3']) await story.pending(hosts.cloud, name);
      await hosts.laptop.on();
      for (const name of ['night-2', 'night-3']) await story.pending(hosts.laptop, name);
      const card = await story.pending(hosts.laptop, 'night-1');
      expect(hosts.smtp.mails).toHaveLength(0);
      await fillBlanks(hosts.laptop.node.vault, card);
      await drag(hosts.laptop.node.vault, card, 'Approved');
      await story.endsDoneOnce('night-1');
      for (const machine of [hosts.cloud, hosts.laptop]) {
        expect((await machine.notes()).filter((n) => n.folder === 'Pending_Approval/email')).toHaveLength(2);
      }
      expect(hosts.smtp.mails).toHaveLength(1);
    },
    LONG_MS,
  );
});

describe('the user says yes on the phone', () => {
  it(
    'while the laptop is awake: it is sent, and the cloud sees it only when it is done',
    async () => {
      const { phone } = hosts.sync;
      const card = await story.pending(hosts.laptop, 'night-2');
      await story.eventually('the phone has the card', () => onPhone(card));
      await fillBlanks(phone.vault, card);
      await drag(phone.vault, card, 'Approved');
      await story.endsDoneOnce('night-2');
      expect(await filesWith(join(phone.vault, 'Approved'), card.name)).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'while the laptop sleeps: it is sent when it wakes; the cloud can neither see the yes nor make one',
    async () => {
      const { phone } = hosts.sync;
      // What a cloud in the wrong hands does: it takes and gives Approved if it can.
      const list = (await hosts.sync.cloud.client.ignores(FOLDER)).lines;
      await hosts.sync.cloud.ignores(list.filter((line) => !/approved/i.test(line)));
      await hosts.laptop.off();
      await story.deliver('phone-1');
      const card = await story.pending(hosts.cloud, 'phone-1');
      await story.eventually('the phone has the card', () => onPhone(card));
      await fillBlanks(phone.vault, card);
      await drag(phone.vault, card, 'Approved');
      await mkdir(join(phone.vault, 'Approved/mine'));
      await writeFile(join(phone.vault, 'Approved/mine', `${YES}.md`), `only for my own eyes: ${YES_TEXT}`);
      await story.eventually(
        'the card is gone from the cloud',
        async () => !(await story.noteOf(hosts.cloud, 'phone-1', /./)),
      );

      // The other way round: a yes that the cloud makes, and one for a card that was never answered.
      const other = await story.pending(hosts.cloud, 'night-3');
      const text = await readFile(join(hosts.cloud.node.vault, other.folder, other.name), 'utf8');
      await writeFile(join(hosts.cloud.node.vault, 'Approved', other.name), text);
      await writeFile(join(hosts.cloud.node.vault, 'Approved', 'forged.md'), text);
      await hosts.sync.cloud.client.scan(FOLDER, []);
      await hosts.sync.idle();

      await hosts.laptop.on();
      await story.endsDoneOnce('phone-1');
      await story.eventually('the laptop has what lies in Approved of the phone', () =>
        exists(join(hosts.laptop.node.vault, 'Approved/mine', `${YES}.md`)),
      );
      await hosts.sync.idle();
      for (const vault of [hosts.laptop.node.vault, phone.vault]) {
        expect(await filesWith(join(vault, 'Approved'), 'forged')).toEqual([]);
        expect(await filesWith(join(vault, 'Approved'), other.name)).toEqual([]);
      }
      expect(await story.repliesTo('night-3')).toEqual([]);

      // Vault, database of Syncthing, its keys and logs, STATE_DIR: nowhere a trace. That the search would
      // see one is shown on the laptop.
      for (const words of [YES, YES_TEXT, `Approved/${card.name}`]) {
        expect(await filesWith(dirname(hosts.cloud.node.vault), words)).toEqual([]);
        expect(await filesWith(hosts.cloud.stateDir, words)).toEqual([]);
      }
      const onLaptop = await filesWith(dirname(hosts.laptop.node.vault), YES);
      expect(onLaptop.some((path) => path.startsWith(join(dirname(hosts.laptop.node.vault), 'home')))).toBe(
        true,
      );
      expect(await hosts.sync.cloud.client.file(FOLDER, `Approved/mine/${YES}.md`)).toBeNull();
      const folders = (await hosts.sync.cloud.client.config()).folders.map(({ id }) => id);
      expect(folders).toEqual([FOLDER]);

      await rm(join(hosts.cloud.node.vault, 'Approved', other.name));
      await rm(join(hosts.cloud.node.vault, 'Approved', 'forged.md'));
      await rm(join(phone.vault, 'Approved/mine'), { recursive: true });
      await hosts.sync.cloud.ignores(list);
      await hosts.sync.idle();
    },
    LONG_MS,
  );
});

describe('secrets that got into the vault by mistake', () => {
  it(
    'do not travel, and every process that sees them says so',
    async () => {
      const [cloud, laptop] = [hosts.cloud.node.vault, hosts.laptop.node.vault];
      const value = 'hunter2-4711-do-not-travel';
      const mine = ['.env', 'Contacts/deploy.key', 'Needs_Action/email/api-token.json'];
      const theirs = ['.env.local', 'Templates/server.pem', 'client_secret_1.json'];
      for (const path of mine) await writeFile(join(cloud, path), value);
      for (const path of theirs) await writeFile(join(laptop, path), value);
      // What may travel does, so that waiting means something.
      await writeFile(join(cloud, 'Contacts/Zoe.md'), 'a friend');
      await writeFile(join(laptop, 'Contacts/Yan.md'), 'another');
      await hosts.sync.idle();
      expect(await exists(join(laptop, 'Contacts/Zoe.md'))).toBe(true);
      expect(await exists(join(cloud, 'Contacts/Yan.md'))).toBe(true);
      for (const path of mine) {
        expect([path, await exists(join(laptop, path)), await exists(join(cloud, path))]).toEqual([
          path,
          false,
          true,
        ]);
      }
      for (const path of theirs) {
        expect([path, await exists(join(cloud, path)), await exists(join(laptop, path))]).toEqual([
          path,
          false,
          true,
        ]);
      }
      for (const name of ['cloud-email-watcher', 'draft-replier']) {
        await story.eventually(`${name} tells of the secrets, and the laptop hears it`, async () => {
          const beat = await readFile(join(laptop, `Updates/cloud-agent/${name}.json`), 'utf8');
          return beat.includes('degraded') && beat.includes('.env') && !beat.includes(value);
        });
      }
      await story.eventually('the dashboard names the secrets of both machines', async () => {
        const page = await readFile(join(laptop, 'Dashboard.md'), 'utf8');
        return page.includes('.env.local') && page.includes('deploy.key') && !page.includes(value);
      });
      for (const [machine, paths] of [
        [hosts.cloud, mine],
        [hosts.laptop, theirs],
      ] as const) {
        const { exit, answer } = await machine.handover('vault', 'check');
        const { findings } = answer as { findings: { code: string; path: string }[] };
        expect(
          findings
            .filter(({ code }) => code === 'secret-name')
            .map(({ path }) => path)
            .sort(),
        ).toEqual([...paths].sort());
        expect([exit, JSON.stringify(answer).includes(value)]).toEqual([1, false]);
      }
      for (const path of mine) await rm(join(cloud, path));
      for (const path of theirs) await rm(join(laptop, path));
    },
    LONG_MS,
  );
});

describe('after all of it', () => {
  it('finds nothing amiss in either replica', async () => {
    await hosts.sync.idle();
    for (const machine of [hosts.cloud, hosts.laptop]) {
      const { exit, answer } = await machine.handover('vault', 'check');
      expect([machine.node.name, (answer as { findings: unknown }).findings]).toEqual([
        machine.node.name,
        [],
      ]);
      expect(exit).toBe(0);
    }
  });
});
