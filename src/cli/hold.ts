import type { Command } from 'commander';
import type { Vault } from '../vault/vault.ts';
import { taskId, thePlaceOf } from './find-task.ts';
import { moved, moveOrFault, pendingFolderOf } from './move-verb.ts';
import { openVault, type Outcome, verb, type VerbContext } from './verb.ts';

/** `handover hold <id>`: takes a yes back, as moving the card out of `Approved/` does. */
export function holdVerb(context: VerbContext): Command {
  const summary =
    'take a yes back: move a card from Approved/ to Pending_Approval/, while it still lies there';
  return verb(context, { name: 'hold', arguments: '<id>', summary }, async ([id]) =>
    hold(await openVault(context), id),
  );
}

/** Claimed cards are not touched: `In_Progress` is its agent's own, and what is sealed there leaves. */
async function hold(vault: Vault, id: string | undefined): Promise<Outcome> {
  const task = taskId(id);
  const place = await thePlaceOf(vault, task, ['Approved']);
  const to = pendingFolderOf(task);
  await moveOrFault(vault, place, to);
  return moved(task, place, { folder: to, name: place.name });
}
