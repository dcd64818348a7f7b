/** Moving a card on the command line: exactly what moving the file in Obsidian does, nothing more. */
import { edgeOf } from '../core/card-action.ts';
import type { StateFolder } from '../core/states.ts';
import type { TaskId } from '../core/task-id.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import { taskId, thePlaceOf } from './find-task.ts';
import { type Outcome, VerbFault } from './verb.ts';

export const PENDING = ['Pending_Approval/email', 'Pending_Approval/odoo'] as const;

/** Where a card of this task waits for the user. */
export function pendingFolderOf(task: TaskId): (typeof PENDING)[number] {
  return edgeOf(task) === 'odoo' ? 'Pending_Approval/odoo' : 'Pending_Approval/email';
}

/** Where a task waits for an agent. */
export function needsFolderOf(task: TaskId): 'Needs_Action/email' | 'Needs_Action/odoo' {
  return edgeOf(task) === 'odoo' ? 'Needs_Action/odoo' : 'Needs_Action/email';
}

export async function moveCard(
  vault: Vault,
  id: string | undefined,
  to: 'Approved' | 'Rejected',
): Promise<Outcome> {
  const task = taskId(id);
  const place = await thePlaceOf(vault, task, PENDING);
  await moveOrFault(vault, place, to);
  return moved(task, place, { folder: to, name: place.name });
}

/** What a verb that moved a note answers. */
export function moved(task: TaskId, from: NoteRef, to: NoteRef): Outcome {
  const renamed = from.name === to.name ? '' : to.name;
  return {
    exit: EXIT.ok,
    text: `${from.folder}/${from.name} -> ${to.folder}/${renamed}`,
    json: { task, from: from.folder, to: to.folder, name: to.name },
  };
}

export async function moveOrFault(
  vault: Vault,
  place: NoteRef,
  to: StateFolder,
  name = place.name,
): Promise<void> {
  const result = await vault.move(place, to, name);
  if (result === 'lost')
    throw new VerbFault('moved-away', `${place.name} was moved by somebody else just now`);
  if (result === 'exists') throw new VerbFault('name-taken', `${to}/ already holds a note named ${name}`);
}
