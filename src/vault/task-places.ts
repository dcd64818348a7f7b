/** Where a task lies, by the id in the note's name. One task lies in one place; more are a conflict. */
import { OPEN_FOLDERS, STATES, type TaskFolder } from '../core/states.ts';
import { idInName, type TaskId } from '../core/task-id.ts';
import type { NoteRef, Vault } from './vault.ts';

/** All places of a task among `folders`. */
export async function placesOf(
  vault: Pick<Vault, 'list'>,
  id: TaskId,
  folders: readonly TaskFolder[],
): Promise<NoteRef[]> {
  const places: NoteRef[] = [];
  for (const folder of folders) {
    for (const name of await vault.list(folder)) if (idInName(name) === id) places.push({ folder, name });
  }
  return places;
}

/** Every folder a task can lie in, the months of `Done` included, newest month first. */
export async function allFolders(vault: Pick<Vault, 'listStrays'>): Promise<TaskFolder[]> {
  const closed = STATES.filter((row) => !row.open).map((row) => row.folder);
  return [...OPEN_FOLDERS, ...closed, ...(await doneMonths(vault))];
}

export async function doneMonths(vault: Pick<Vault, 'listStrays'>): Promise<TaskFolder[]> {
  const entries = await vault.listStrays('Done');
  return entries
    .filter((entry) => /^\d{4}-\d{2}$/.test(entry.name))
    .map((entry) => `Done/${entry.name}` as TaskFolder)
    .sort()
    .reverse();
}
