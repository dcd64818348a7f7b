import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newBody } from '../../src/core/body.ts';
import type { CrashPoint } from '../../src/core/crash-points.ts';
import { noteName } from '../../src/core/filename.ts';
import type { Property } from '../../src/core/front-matter.ts';
import { originalSection } from '../../src/core/neutralise.ts';
import type { Agent } from '../../src/core/states.ts';
import { parseNote, renderNote, type TaskNote } from '../../src/core/task-file.ts';
import { taskIdForNote, taskIdFromMessage } from '../../src/core/task-id.ts';
import type { Drafter } from '../../src/drafting/drafter.ts';
import { templateDrafter } from '../../src/drafting/template-drafter.ts';
import { onlyWriter } from '../../src/stages/account-writers.ts';
import type { Move } from '../../src/stages/draft-notes.ts';
import { type DraftReplyDeps, draftReplies } from '../../src/stages/draft-reply.ts';
import { Vault } from '../../src/vault/vault.ts';
import { testDir } from './testdir.ts';

/** What a kill would do: nothing after this point runs. */
class Killed extends Error {}

export interface Replier {
  readonly root: string;
  readonly vault: Vault;
  readonly moves: Move[];
  readonly offers: { id: string; name: string; note: TaskNote }[];
  readonly errors: unknown[];
  /** One pass with these changes to the dependencies. */
  pass(change?: Partial<DraftReplyDeps>): Promise<{ more: boolean; lookAgainAt: number | null }>;
  /** A pass that dies at a point, as the process would. */
  killAt(point: CrashPoint, change?: Partial<DraftReplyDeps>): Promise<void>;
  /** Names of everything in a folder. */
  names(folder: string): Promise<string[]>;
  note(path: string): Promise<TaskNote>;
  put(path: string, text: string | Uint8Array): Promise<void>;
}

const NOW = Date.UTC(2026, 10, 20, 9, 0, 0);

/** What a replier needs on one machine; the template drafter, one note at a time, no patience for typists. */
export function replierDeps(vault: Vault, agent: Agent): DraftReplyDeps {
  let serial = 0;
  return {
    vault,
    agent,
    drafter: templateDrafter,
    house: () => Promise.resolve(HOUSE),
    writerFor: onlyWriter({ name: 'Mia', addresses: ['mia@example.net'], replyAll: false }),
    settle: () => Promise.resolve('mine'),
    mayClaim: () => true,
    replicas: false,
    marks: null,
    recordOffer: () => Promise.resolve(),
    audit: () => Promise.resolve(),
    log: () => undefined,
    onError: () => undefined,
    at: () => undefined,
    now: () => NOW,
    newClaim: () => `01CLAIM${(serial += 1)}`,
    newId: taskIdForNote,
    timeZone: 'Europe/Berlin',
    expiresMs: 72 * 3_600_000,
    perPass: 50,
    parallel: 1,
    quietMs: 0,
  };
}

/** A replier on a real vault, with the template drafter unless told otherwise. */
export async function openReplier(drafter: Drafter = templateDrafter): Promise<Replier> {
  const root = await testDir();
  const vault = await Vault.open(root);
  await vault.ensureFolders();
  const moves: Move[] = [];
  const offers: Replier['offers'] = [];
  const errors: unknown[] = [];
  const deps: DraftReplyDeps = {
    ...replierDeps(vault, 'cloud-agent'),
    drafter,
    recordOffer: (id, name, note) => {
      offers.push({ id, name, note });
      return Promise.resolve();
    },
    log: (line) => moves.push(line),
    onError: (error) => errors.push(error),
  };
  // The stage remembers what failed, so a plain pass is always one of the same stage.
  const stage = draftReplies(deps);
  const pass: Replier['pass'] = (change) =>
    (change ? draftReplies({ ...deps, ...change }) : stage)(new AbortController().signal);
  return {
    root,
    vault,
    moves,
    offers,
    errors,
    pass,
    killAt: async (point, change) => {
      // Everything the stage would do after the point throws as well, as if the process were gone.
      let dead = false;
      const alive =
        <A extends unknown[], R>(f: (...args: A) => R) =>
        (...args: A): R => {
          if (dead) throw new Killed(point);
          return f(...args);
        };
      const mortal = {
        list: alive(vault.list.bind(vault)),
        read: alive(vault.read.bind(vault)),
        stat: alive(vault.stat.bind(vault)),
        find: alive(vault.find.bind(vault)),
        update: alive(vault.update.bind(vault)),
        move: alive(vault.move.bind(vault)),
        moveToFreeName: alive(vault.moveToFreeName.bind(vault)),
        quarantine: alive(vault.quarantine.bind(vault)),
        setAside: alive(vault.setAside.bind(vault)),
      };
      const { marks } = change ?? {};
      await pass({
        ...change,
        ...(marks && {
          marks: {
            add: alive(marks.add.bind(marks)),
            remove: alive(marks.remove.bind(marks)),
            ours: alive(marks.ours.bind(marks)),
          },
        }),
        vault: mortal,
        at: (here) => {
          if (here !== point) return;
          dead = true;
          throw new Killed(point);
        },
      });
    },
    names: (folder) =>
      readdir(join(root, folder)).then((all) => all.filter((name) => name !== '.keep').sort()),
    note: async (path) => {
      const parsed = parseNote(await readFile(join(root, path), 'utf8'));
      if (!parsed.ok) throw new Error(parsed.fault.message);
      return parsed.note;
    },
    put: (path, text) => writeFile(join(root, path), text),
  };
}

const HOUSE = {
  handbook: { text: '', signature: 'Kind regards\nMia' },
  templates: [
    {
      name: 'Default',
      for: 'email_reply' as const,
      language: null,
      keywords: [],
      priority: 0,
      body: 'Hello {{name}},\n\nthank you for "{{subject}}".\n\n{{signature}}',
    },
    {
      name: 'New',
      for: 'email_new' as const,
      language: null,
      keywords: [],
      priority: 0,
      body: 'Hello {{name}},\n\n[your message]\n\n{{signature}}',
    },
  ],
};

/** A note as the watcher makes it from a mail. */
export function mailNote(
  change: Record<string, Property> = {},
  text = 'How much is it?\nAnna',
): { name: string; source: string } {
  const messageId = typeof change['message_id'] === 'string' ? change['message_id'] : '<m1@example.org>';
  const id = taskIdFromMessage('mia@example.net', messageId);
  const data = {
    id,
    kind: 'email_reply',
    title: 'Anna Berg: Offer',
    created: '2026-11-20T09:31:00',
    rev: 1,
    from: 'Anna Berg <anna@example.org>',
    to: ['mia@example.net', 'Bo <bo@example.com>'],
    subject: 'Offer',
    message_id: messageId,
    received: '2026-11-20T09:31:00',
    ...change,
  };
  const { section } = originalSection({
    from: 'Anna Berg',
    when: '2026-11-20 09:31',
    text,
    maxBytes: 100_000,
  });
  const body = newBody({
    verdict: { kind: 'todo', title: 'New mail', lines: ['Waits for a draft.'] },
    reply: '',
    feedback: '',
    original: section,
  });
  return { name: noteName('Anna Berg - Offer', id), source: renderNote({ data, body }) };
}
