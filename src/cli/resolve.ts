import type { Command } from 'commander';
import type { EffectState } from '../core/effect-state.ts';
import type { TaskId } from '../core/task-id.ts';
import { EffectJournal } from '../mail/submission/journal.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import type { Vault } from '../vault/vault.ts';
import { placesOf, taskId } from './find-task.ts';
import { moveOrFault, PENDING } from './move-verb.ts';
import { openVault, type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/**
 * `handover resolve <id> --sent|--resend`: the user's word on a mail of which nobody knows whether it left.
 * The answer goes into the journal first; the card then goes on to `Approved/`, where the approval handler
 * takes it up and does what the journal says.
 */
export function resolveVerb(context: VerbContext): Command {
  return verb(
    context,
    {
      name: 'resolve',
      arguments: '<id>',
      summary: 'settle a doubt: was the mail sent, or shall it be sent again?',
    },
    async ([id], options) => {
      const sent = options['sent'] === true;
      if (sent === (options['resend'] === true)) {
        throw new VerbFault('which', 'say either --sent or --resend', EXIT.usage);
      }
      const journal = await openJournal(context);
      return resolve({ journal, vault: await openVault(context) }, taskId(id), sent);
    },
  )
    .option('--sent', 'it was sent: nothing is sent again')
    .option('--resend', 'it was not sent: send exactly what was approved once more');
}

export function openJournal(context: VerbContext): Promise<EffectJournal> {
  const { STATE_DIR: stateDir } = context.config();
  return EffectJournal.open({ stateDir, self: ownIdentity(), isAlive, now: context.now });
}

async function resolve(
  deps: { journal: EffectJournal; vault: Vault },
  id: TaskId,
  sent: boolean,
): Promise<Outcome> {
  const before = (await deps.journal.view(id)).state;
  if (before.state !== 'in_doubt') {
    throw new VerbFault('not-in-doubt', `${id} is not in doubt: ${stateWords(before)}`);
  }
  const after = await deps.journal.resolve(
    id,
    sent ? 'user_sent' : 'user_resend',
    'the user, by `handover resolve`',
  );
  const settled = sent
    ? after.state === 'done' && after.how === 'user_sent'
    : after.state === 'retry' && after.cause === 'user';
  // Somebody was faster, with the other answer or with what the Sent folder said: theirs stands.
  if (!settled) throw new VerbFault('settled-otherwise', `${id} was settled meanwhile: ${stateWords(after)}`);
  const [place] = await placesOf(deps.vault, id, PENDING);
  if (place) await moveOrFault(deps.vault, place, 'Approved');
  return {
    exit: EXIT.ok,
    json: {
      task: id,
      resolved: sent ? 'sent' : 'resend',
      state: after.state,
      moved: place ? 'Approved' : null,
    },
    text: sent ? `${id}: counted as sent` : `${id}: will be sent again`,
  };
}

export function stateWords(state: EffectState): string {
  switch (state.state) {
    case 'none':
      return 'nothing was sealed, nothing sent';
    case 'sealed':
      return 'sealed, not sent yet';
    case 'running':
      return 'being sent right now';
    case 'done':
      return `sent (${state.how.replaceAll('_', ' ')})`;
    case 'failed':
      return `refused for good: ${state.words}`;
    case 'retry':
      return `will be tried again: ${state.words}`;
    case 'in_doubt':
      return `in doubt: ${state.words}`;
    case 'withdrawn':
      return 'withdrawn, will not be sent';
    case 'unreadable':
      return `the journal cannot be read: ${state.why}`;
  }
}
