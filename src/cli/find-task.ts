/** Where a task lies. One task lies in one place; more are a conflict that the user should see. */
import type { TaskFolder } from '../core/states.ts';
import { isTaskId, type TaskId } from '../core/task-id.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { placesOf } from '../vault/task-places.ts';
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

/** The one place of a task, or a fault that says why there is none. */
export async function thePlaceOf(vault: Vault, id: TaskId, folders: readonly TaskFolder[]): Promise<NoteRef> {
  const [first, ...others] = await placesOf(vault, id, folders);
  if (!first)
    throw new VerbFault('not-there', `${id} is not in ${folders.join(' or ')}; see: handover show ${id}`);
  if (others.length === 0) return first;
  const all = [first, ...others].map((place) => `${place.folder}/${place.name}`).join(', ');
  throw new VerbFault('ambiguous', `${id} lies in more than one place: ${all}. Keep one.`);
}
