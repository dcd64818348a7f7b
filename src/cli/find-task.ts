/** Where a task lies. One task lies in one place; more are a conflict that the user should see. */
import { OPEN_FOLDERS, STATES, type TaskFolder } from '../core/states.ts';
import { idInName, isTaskId, type TaskId } from '../core/task-id.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import { VerbFault } from './verb.ts';

export function taskId(value: string | undefined): TaskId {
  if (isTaskId(value)) return value;
  throw new VerbFault(
    'not-an-id',
    `not a task id: ${JSON.stringify((value ?? '').slice(0, 80))}; it stands at the end of the note's name, such as em-0123456789abcdef`,
    EXIT.usage,
  );
}

/** All places of a task among `folders`, by the id in the note's name. */
export async function placesOf(vault: Vault, id: TaskId, folders: readonly TaskFolder[]): Promise<NoteRef[]> {
  const places: NoteRef[] = [];
  for (const folder of folders) {
    for (const name of await vault.list(folder)) if (idInName(name) === id) places.push({ folder, name });
  }
  return places;
}

/** Every folder a task can lie in, the months of `Done` included, newest month first. */
export async function allFolders(vault: Vault): Promise<TaskFolder[]> {
  const closed = STATES.filter((row) => !row.open).map((row) => row.folder);
  return [...OPEN_FOLDERS, ...closed, ...(await doneMonths(vault))];
}

export async function doneMonths(vault: Vault): Promise<TaskFolder[]> {
  const entries = await vault.listStrays('Done');
  return entries
    .filter((entry) => /^\d{4}-\d{2}$/.test(entry.name))
    .map((entry) => `Done/${entry.name}` as TaskFolder)
    .sort()
    .reverse();
}

/** The one place of a task, or a fault that says why there is none. */
export async function thePlaceOf(vault: Vault, id: TaskId, folders: readonly TaskFolder[]): Promise<NoteRef> {
  const [first, ...others] = await placesOf(vault, id, folders);
  if (!first)
    throw new VerbFault('not-there', `${id} is not in ${folders.join(' or ')}; see: handover show ${id}`);
  if (others.length === 0) return first;
  const all = [first, ...others].map((place) => `${place.folder}/${place.name}`).join(', ');
  throw new VerbFault('ambiguous', `${id} lies in more than one place: ${all}. Keep one.`);
}
