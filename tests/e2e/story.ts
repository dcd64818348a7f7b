import { access } from 'node:fs/promises';
import PostalMime, { type Email } from 'postal-mime';
import { expect } from 'vitest';
import type { SeenNote } from '../../src/demo/vault-view.ts';
import { until } from '../helpers/until.ts';
import type { Machine, TwoHosts } from './two-hosts.ts';

const WAIT_MS = 90_000;

/** What happens between two machines, in the words of a test. Mails are known by a short name. */
export interface Story {
  deliver(name: string): Promise<void>;
  /** As `until`; when it does not come, with what everybody said and everything that lies where. */
  eventually<T>(
    what: string,
    look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
    limitMs?: number,
  ): Promise<T>;
  noteOf(machine: Machine, name: string, folder: RegExp): Promise<SeenNote | undefined>;
  allOf(machine: Machine, name: string): Promise<readonly SeenNote[]>;
  pending(machine: Machine, name: string): Promise<SeenNote>;
  repliesTo(name: string): Promise<readonly Email[]>;
  /** Sent once, in its thread; the same single file on both replicas, but for versions in Conflicts. */
  endsDoneOnce(name: string): Promise<void>;
}

export function storyOf(hosts: TwoHosts): Story {
  const eventually: Story['eventually'] = (what, look, limitMs = WAIT_MS) =>
    until(what, look, limitMs).catch(async (error: unknown) => {
      const both = await Promise.all([hosts.cloud, hosts.laptop].map(whereabouts));
      throw new Error(both.join('\n\n'), { cause: error });
    });
  const allOf: Story['allOf'] = async (machine, name) =>
    (await machine.notes()).filter((note) => note.messageId === messageId(name));
  const noteOf: Story['noteOf'] = async (machine, name, folder) =>
    (await allOf(machine, name)).find((note) => folder.test(note.folder));
  const done = (machine: Machine, name: string): Promise<SeenNote> =>
    eventually(`${machine.node.name} has ${name} in Done`, () => noteOf(machine, name, /^Done\//));
  const repliesTo: Story['repliesTo'] = async (name) => {
    const mails = await Promise.all(hosts.smtp.mails.map((mail) => PostalMime.parse(mail.raw)));
    return mails.filter((mail) => mail.inReplyTo === messageId(name));
  };
  return {
    ...{ eventually, allOf, noteOf, repliesTo },
    deliver: (name) => hosts.dovecot.deliver('office', question(name), 'ann.berg@example.org'),
    pending: (machine, name) =>
      eventually(`${machine.node.name} has the draft of ${name}`, () =>
        noteOf(machine, name, /^Pending_Approval\/email$/),
      ),
    endsDoneOnce: async (name) => {
      const there = await done(hosts.laptop, name);
      await done(hosts.cloud, name);
      await hosts.sync.idle();
      const place = [`${there.folder}/${there.name}`];
      expect(await tracesOf(hosts.laptop, there)).toEqual(place);
      expect(await tracesOf(hosts.cloud, there)).toEqual(place);
      const replies = await repliesTo(name);
      expect(replies).toHaveLength(1);
      expect(replies[0]?.references).toBe(messageId(name));
      expect(replies[0]?.to?.map(({ address }) => address)).toEqual(['ann.berg@example.org']);
    },
  };
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const messageId = (name: string): string => `<${name}@mail.example.org>`;

function question(name: string): string {
  return [
    'From: Ann Berg <ann.berg@example.org>',
    `Subject: Question ${name}`,
    'To: office@example.net',
    `Message-ID: ${messageId(name)}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'Hello,',
    '',
    'Does the price of your offer include delivery?',
    '',
    'Kind regards',
    'Ann Berg',
    '',
  ].join('\r\n');
}

async function whereabouts(machine: Machine): Promise<string> {
  const notes = (await machine.notes()).map((note) => `  ${note.folder}/${note.name}`);
  return [`${machine.node.name}:`, ...notes, await machine.logs()].join('\n');
}

/** Everything in the vault that is named like the task's note: files, half files, folders, conflict copies. */
async function tracesOf(machine: Machine, note: SeenNote): Promise<string[]> {
  const stem = note.name.replace(/\.md$/, '');
  const named = (await machine.paths()).filter((path) => path.includes(stem));
  // Syncthing keeps what it had begun to fetch for a day, also of a file that went elsewhere meanwhile.
  return named.filter((path) => !/^(\.stversions|Conflicts)\/|\/\.syncthing\.[^/]*\.tmp$/.test(path));
}
