import type { Command } from 'commander';
import { moveCard } from './move-verb.ts';
import { openVault, verb, type VerbContext } from './verb.ts';

/** `handover reject <id>`: moves the card to `Rejected/`. */
export function rejectVerb(context: VerbContext): Command {
  const summary = 'move a card to Rejected/: nothing is sent';
  return verb(context, { name: 'reject', arguments: '<id>', summary }, async ([id]) =>
    moveCard(await openVault(context), id, 'Rejected'),
  );
}
