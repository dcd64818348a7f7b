/** Moving a card on the command line: exactly what moving the file in Obsidian does, nothing more. */
import { EXIT } from '../runtime/exit-codes.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import { taskId, thePlaceOf } from './find-task.ts';
import { type Outcome, VerbFault } from './verb.ts';

export const PENDING = ['Pending_Approval/email', 'Pending_Approval/odoo'] as const;

export async function moveCard(
  vault: Vault,
  id: string | undefined,
  to: 'Approved' | 'Rejected',
): Promise<Outcome> {
  const task = taskId(id);
  const place = await thePlaceOf(vault, task, PENDING);
  await moveOrFault(vault, place, to);
  return {
    exit: EXIT.ok,
    text: `${place.folder}/${place.name} -> ${to}/`,
    json: { task, from: place.folder, to, name: place.name },
  };
}

export async function moveOrFault(vault: Vault, place: NoteRef, to: 'Approved' | 'Rejected'): Promise<void> {
  const result = await vault.move(place, to);
  if (result === 'lost')
    throw new VerbFault('moved-away', `${place.name} was moved by somebody else just now`);
  if (result === 'exists')
    throw new VerbFault('name-taken', `${to}/ already holds a note named ${place.name}`);
}
