/**
 * The table of cases: what the two sides do while they are apart, and how it must end on both. Each case has its
 * own mail, so one pair serves them all.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskFolder } from '../../../src/core/states.ts';
import { mailNote } from '../../helpers/replier.ts';
import { until } from '../../helpers/until.ts';
import { tree } from '../../helpers/vault-tree.ts';
import { type Machine, type Machines, startMachines } from './machines.ts';

/** A person or a program with its hands in one replica. */
export interface Hands {
  /** A rename, as Obsidian does it. */
  move(from: TaskFolder, to: TaskFolder, name?: string): Promise<void>;
  /** Writes words of its own into the reply, in place; they must be somewhere at the end. */
  edit(folder: TaskFolder, words: string): Promise<void>;
  remove(folder: TaskFolder): Promise<void>;
  put(folder: TaskFolder, text: string): Promise<void>;
  read(folder: TaskFolder): Promise<string>;
  /** Sets the file's time, which Syncthing takes for the truth. */
  stamp(folder: TaskFolder, when: Date): Promise<void>;
  /** A copy that Syncthing made on another device. */
  conflictCopy(folder: TaskFolder, words: string): Promise<void>;
  path(folder: string): string;
}

export interface Trial {
  readonly machines: Machines;
  readonly name: string;
  readonly id: string;
  readonly cloud: Hands;
  readonly laptop: Hands;
  /** This text must be somewhere in the laptop's vault or its versions at the end. */
  readonly mustKeep: (words: string) => void;
}

export interface Case {
  /** Where the mail is on both sides when the link breaks; default: it waits for a draft. */
  readonly from?: 'Needs_Action/email' | 'Pending_Approval/email';
  /** While they are still connected; both sides have what it did before the link breaks. */
  readonly before?: (t: Trial) => Promise<void>;
  readonly apart: (t: Trial) => Promise<void>;
  /** The link does not break at all. */
  readonly connected?: boolean;
  /** After both met again, before anybody works. */
  readonly met?: (t: Trial) => Promise<void>;
  readonly ends: {
    /** The one place of the task; a month of Done is `Done`. Null: nowhere, it was taken away by the user. */
    readonly in: TaskFolder | null;
    readonly sent?: 0 | 1;
    /** Versions in Conflicts. */
    readonly kept?: number;
    /** Words the dashboard has about one of them. */
    readonly says?: RegExp;
    readonly told?: RegExp;
    /** What the note says in the end. */
    readonly holds?: RegExp;
    /** Other places where something with this id is left lying, for which nothing was done. */
    readonly beside?: readonly string[];
    /** Words that no mail may hold. */
    readonly unsent?: string;
  };
}

const WAITING = 'Needs_Action/email';
const OFFERED = 'Pending_Approval/email';

export function cases(title: string, table: Readonly<Record<string, Case>>): void {
  describe(title, () => {
    let machines: Machines | null = null;
    beforeAll(async () => {
      machines = await startMachines();
    });
    afterAll(() => machines?.stop());
    it.each(Object.entries(table))('%s', async (name, one) => {
      if (machines === null) throw new Error('the machines did not start');
      await play(machines, name, one);
    });
  });
}

async function play(machines: Machines, title: string, one: Case): Promise<void> {
  const { pair, laptop } = machines;
  machines.shareDrafting(false);
  const { name, source } = mailNote({ message_id: `<${title.replace(/\W+/g, '.')}@example.org>` });
  const id = /((?:em|od)-[0-9a-f]{16})\.md$/.exec(name)?.[1] ?? '';
  const kept = new Set<string>();
  const draftsBefore = machines.drafts.length;
  const sentBefore = laptop.sent.length;
  const trial: Trial = {
    ...{ machines, name, id },
    cloud: hands(machines.cloud, name, kept),
    laptop: hands(laptop, name, kept),
    mustKeep: (words) => void kept.add(words),
  };
  await machines.cloud.vault.create({ folder: WAITING, name }, source);
  await pair.idle();
  if (one.from === OFFERED) await machines.cloud.draft();
  // A link that was just made may break once more; what is idle then is only not connected.
  await until(`${title}: both have it`, () => laptop.vault.exists({ folder: one.from ?? WAITING, name }));
  await pair.idle();
  await laptop.keep(0);
  if (one.before) {
    await one.before(trial);
    await pair.idle();
    await laptop.keep(0);
  }
  if (one.connected !== true) await pair.disconnect();
  try {
    await one.apart(trial);
  } finally {
    if (one.connected !== true) await pair.connect();
  }
  await pair.idle();
  await one.met?.(trial);
  await converge(machines);
  await judge(machines, trial, one, {
    kept: [...kept, ...machines.drafts.slice(draftsBefore)],
    sent: laptop.sent.slice(sentBefore),
  });
}

/** Everybody works until nothing changes any more. */
async function converge({ pair, cloud, laptop }: Machines): Promise<void> {
  let before = '';
  await until('they come to rest, both with the same', async () => {
    await pair.idle();
    await laptop.keep(3_000);
    await laptop.keep(150_000);
    await cloud.draft();
    await laptop.handle();
    await pair.idle();
    const now = JSON.stringify([...(await replica(laptop))]);
    const same = now === before && now === JSON.stringify([...(await replica(cloud))]);
    before = now;
    return same;
  });
}

async function judge(
  { cloud, laptop }: Machines,
  trial: Trial,
  { ends }: Case,
  seen: { readonly kept: readonly string[]; readonly sent: readonly string[] },
): Promise<void> {
  const here = await replica(laptop, trial.id);
  expect(await replica(cloud, trial.id), 'both replicas are the same').toEqual(here);
  const approved = (await laptop.vault.list('Approved')).filter((n) => n.includes(trial.id));
  const places = [...[...here.keys()].map(folderOf), ...approved.map(() => 'Approved')];
  const owners = places.filter((place) => place !== 'Conflicts');
  const expected = [...(ends.in === null ? [] : [ends.in]), ...(ends.beside ?? [])];
  expect(owners.sort(), 'one task, one place').toEqual(expected.sort());
  expect(seen.sent, 'mails sent').toHaveLength(ends.sent ?? 0);
  if (ends.unsent !== undefined) expect(seen.sent.join('\n')).not.toContain(ends.unsent);
  if (ends.kept !== undefined) {
    expect(places.filter((place) => place === 'Conflicts')).toHaveLength(ends.kept);
  }
  if (ends.holds && ends.in !== null) {
    expect(await readFile(join(laptop.vault.root, ends.in, trial.name), 'utf8')).toMatch(ends.holds);
  }
  // What the user deletes is gone.
  if (ends.in === null) return;
  const versions = await everything(laptop.vault.root);
  const lost = seen.kept.filter((words) => !versions.includes(words));
  expect(lost, 'versions that are nowhere any more').toEqual([]);
  if (ends.says) {
    const names = [...here.keys()].filter((path) => path.startsWith('Conflicts/'));
    const words = names.map((path) => laptop.reasons.of(path.slice('Conflicts/'.length)) ?? '');
    expect(words.join('\n')).toMatch(ends.says);
  }
  if (ends.told) expect(laptop.told.filter((w) => w.includes(trial.id)).join('\n')).toMatch(ends.told);
}

/** Path -> fingerprint of all that carries the id, and by default of every note. */
async function replica({ vault }: Machine, id = ''): Promise<ReadonlyMap<string, string>> {
  const files = [...(await tree(vault.root))].filter(
    ([path]) => path.includes(id) && !path.startsWith('.st'),
  );
  return new Map(
    files.map(([path, text]) => [path, createHash('sha256').update(text).digest('hex').slice(0, 8)]),
  );
}

function folderOf(path: string): string {
  const folder = path.slice(0, path.lastIndexOf('/'));
  return folder.startsWith('Done/') ? 'Done' : folder;
}

/** All text of a vault and of `.stversions`, which no device syncs. */
async function everything(root: string): Promise<string> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(md|txt)$/.test(entry.name));
  const texts = await Promise.all(files.map((e) => readFile(join(e.parentPath, e.name), 'utf8')));
  return texts.join('\n');
}

function hands({ vault }: Machine, name: string, kept: Set<string>): Hands {
  const path = (folder: string) => join(vault.root, folder, name);
  const withWords = async (folder: TaskFolder, words: string) => {
    kept.add(words);
    return (await readFile(path(folder), 'utf8')).replace('## Reply\n', `## Reply\n\n${words}\n`);
  };
  return {
    path,
    move: (from, to, as = name) => rename(path(from), join(vault.root, to, as)),
    edit: async (folder, words) => writeFile(path(folder), await withWords(folder, words)),
    remove: (folder) => unlink(path(folder)),
    put: (folder, text) => writeFile(path(folder), text),
    read: (folder) => readFile(path(folder), 'utf8'),
    stamp: (folder, when) => utimes(path(folder), when, when),
    conflictCopy: async (folder, words) =>
      writeFile(
        path(folder).replace(/\.md$/, '.sync-conflict-20261120-120000-ABCDEFG.md'),
        await withWords(folder, words),
      ),
  };
}
