import type { Command } from 'commander';
import { OPEN_FOLDERS, type TaskFolder } from '../core/states.ts';
import { idInName, type TaskId } from '../core/task-id.ts';
import { doneMonths, placesOf } from '../vault/task-places.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import { taskId } from './find-task.ts';
import { moved, moveOrFault, needsFolderOf } from './move-verb.ts';
import { openVault, type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/** Where tasks lie that nobody works on, and that the user may move (core/states.ts). */
export const ASIDE = ['Skipped', 'Rejected', 'Quarantine', 'Conflicts'] as const;

/** `handover release <id>`: gives a task that lies aside back to the agents, as moving it to `Needs_Action/` does. */
export function releaseVerb(context: VerbContext): Command {
  const summary = `move a task out of ${ASIDE.join('/, ')}/ to Needs_Action/: it is drafted (again)`;
  return verb(context, { name: 'release', arguments: '<id>', summary }, async ([id]) =>
    release(await openVault(context), id),
  );
}

async function release(vault: Vault, id: string | undefined): Promise<Outcome> {
  const task = taskId(id);
  await refuseSecond(vault, task);
  const from = await theAsidePlace(vault, task);
  const to = { folder: needsFolderOf(task), name: plainName(from.name) };
  await moveOrFault(vault, from, to.folder, to.name);
  return moved(task, from, to);
}

/** One task lies in one place: what is under way or done already is not begun a second time. */
async function refuseSecond(vault: Vault, task: TaskId): Promise<void> {
  const folders: readonly TaskFolder[] = [...OPEN_FOLDERS, 'Done', ...(await doneMonths(vault))];
  const [there] = await placesOf(vault, task, folders);
  if (there) {
    throw new VerbFault(
      'under-way',
      `${task} lies in ${there.folder}/ already: releasing another version would make it two tasks`,
    );
  }
}

async function theAsidePlace(vault: Vault, task: TaskId): Promise<NoteRef> {
  const places: NoteRef[] = [];
  for (const folder of ASIDE) {
    for (const name of await vault.list(folder)) {
      if (idInName(plainName(name)) === task) places.push({ folder, name });
    }
  }
  const [first, ...others] = places;
  if (!first) {
    throw new VerbFault('not-there', `${task} is not in ${ASIDE.join(' or ')}; see: handover show ${task}`);
  }
  if (others.length === 0) return first;
  const all = places.map(({ folder, name }) => `${folder}/${name}`).join(', ');
  throw new VerbFault(
    'ambiguous',
    `${task} lies aside in more than one version: ${all}. Move the right one to ${needsFolderOf(task)}/ yourself.`,
  );
}

/** Aside, a taken name gets a number: `Anna - Offer em-… (2).md`. */
function plainName(name: string): string {
  return name.replace(/ \(\d{1,3}\)(?=\.md$)/, '');
}
