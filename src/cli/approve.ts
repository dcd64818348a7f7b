import type { Command } from 'commander';
import { moveCard } from './move-verb.ts';
import { openVault, verb, type VerbContext } from './verb.ts';

/** `handover approve <id>`: moves the card to `Approved/`. */
export function approveVerb(context: VerbContext): Command {
  const summary = 'move a card to Approved/: it is sent or posted as it stands, after UNDO_SECONDS';
  return verb(context, { name: 'approve', arguments: '<id>', summary }, async ([id]) =>
    moveCard(await openVault(context), id, 'Approved'),
  );
}
