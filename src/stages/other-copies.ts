/**
 * What else carries the name of a note that an agent is about to claim or to offer. Looked up by name, which
 * costs a few system calls however long the queue is. A move can be seen in two steps on the other machine,
 * the new place before the old one is empty, so what waits here may be a shadow of a card that was offered.
 */
import { type Copy, settleCopies } from '../core/claim-protocol.ts';
import type { Agent, StateFolder } from '../core/states.ts';
import { copyOf } from '../core/task-copy.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';

/** Further along than `Needs_Action`. Not Done: a note there is no proof that anything was done. */
const FURTHER: readonly StateFolder[] = [
  'In_Progress/cloud-agent',
  'In_Progress/local-agent',
  'Pending_Approval/email',
  'Pending_Approval/odoo',
  'Approved',
  'Rejected',
];

/**
 * Is a note of one of these names (its own, and the one it is claimed under) further along already, or in the hands
 * of an agent? Then it is not claimed.
 */
export async function isFurtherAlong(
  vault: Pick<Vault, 'find'>,
  names: readonly (string | null)[],
): Promise<boolean> {
  for (const name of new Set(names)) {
    if (name !== null && (await vault.find(name, FURTHER)) !== null) return true;
  }
  return false;
}

/**
 * Does another copy of this task stand against the drafted note `own`? Everybody decides alike, see
 * `settleCopies`; the loser withdraws its own.
 * @param names those the task may have elsewhere: its own, and the one it is offered under
 */
export async function losesToAnother(
  vault: Pick<Vault, 'read'>,
  agent: Agent,
  own: NoteRef,
  names: readonly string[],
): Promise<boolean> {
  const copies: Copy[] = [];
  for (const folder of FURTHER) {
    for (const name of new Set(names)) {
      const read = await vault.read({ folder, name });
      if (!read.ok) continue;
      const copy = copyOf(folder, name, read.text);
      const isOwn = folder === own.folder && name === own.name;
      // Ours is a draft under way, in the folder of the laptop too.
      copies.push(isOwn ? { ...copy, approved: false } : copy);
    }
  }
  const isOwn = (copy: Copy) => copy.folder === own.folder && copy.name === own.name;
  return settleCopies(copies, agent).some(({ copy, action }) => action === 'to_conflicts' && isOwn(copy));
}
