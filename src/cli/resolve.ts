import type { Command } from 'commander';
import { type Edge, edgeOf } from '../core/card-action.ts';
import type { EffectState } from '../core/effect-state.ts';
import type { TaskId } from '../core/task-id.ts';
import type { JournalOptions } from '../journal/journal.ts';
import { type MailJournal, openMailJournal } from '../mail/submission/sealed-mail.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import { placesOf } from '../vault/task-places.ts';
import type { Vault } from '../vault/vault.ts';
import { taskId } from './find-task.ts';
import { moveOrFault, PENDING } from './move-verb.ts';
import { openVault, type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

/**
 * `handover resolve <id> --sent|--resend`: the user's word on a mail of which nobody knows whether it left.
 *
 * `--sent` goes into the journal; the approval handler then takes the card from `Pending_Approval` to `Done`.
 * `--resend` is what moving the card to `Approved` says, so that is what it does: the handler writes the
 * answer when it claims the card, and until then the user may take it back. Only where no card asks (it is
 * still being looked for in Sent, or was deleted) the answer goes into the journal at once.
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
      const task = taskId(id);
      if (edgeOf(task) === 'odoo') {
        throw new VerbFault(
          'settles-itself',
          `${task} is an invoice: whether it was posted is read in Odoo by the approval handler, nobody has to say it`,
        );
      }
      const journal = await openMailJournal(journalOptions(context));
      return resolve({ journal, vault: await openVault(context) }, task, sent);
    },
  )
    .option('--sent', 'it was sent: nothing is sent again')
    .option('--resend', 'it was not sent: send exactly what was approved once more');
}

export function journalOptions(context: VerbContext): JournalOptions {
  const { STATE_DIR: stateDir } = context.config();
  return { stateDir, self: ownIdentity(), isAlive, now: context.now };
}

interface ResolveDeps {
  readonly journal: MailJournal;
  readonly vault: Vault;
}

async function resolve(deps: ResolveDeps, id: TaskId, sent: boolean): Promise<Outcome> {
  const before = (await deps.journal.view(id)).state;
  if (before.state !== 'in_doubt') {
    throw new VerbFault('not-in-doubt', `${id} is not in doubt: ${stateWords(before)}`);
  }
  if (sent) {
    await settle(deps, id, 'user_sent');
    return answer(id, 'sent', null, `${id}: counted as sent; nothing is sent again`);
  }
  const [card] = await placesOf(deps.vault, id, [...PENDING, 'Approved']);
  if (card?.folder === 'Approved') throw new VerbFault('approved-already', `${id} is in Approved already`);
  if (!card) {
    await settle(deps, id, 'user_resend');
    return answer(id, 'resend', null, `${id}: will be sent again`);
  }
  await moveOrFault(deps.vault, card, 'Approved');
  return answer(id, 'resend', 'Approved', `${card.folder}/${card.name} -> Approved/: will be sent again`);
}

async function settle(deps: ResolveDeps, id: TaskId, how: 'user_sent' | 'user_resend'): Promise<void> {
  const after = await deps.journal.resolve(id, how, 'the user, by `handover resolve`');
  const settled = how === 'user_sent' ? after.state === 'done' && after.how === how : after.state === 'retry';
  // Somebody was faster, with the other answer or with what the Sent folder said: theirs stands.
  if (!settled) throw new VerbFault('settled-otherwise', `${id} was settled meanwhile: ${stateWords(after)}`);
}

function answer(task: TaskId, resolved: 'sent' | 'resend', moved: 'Approved' | null, text: string): Outcome {
  return { exit: EXIT.ok, json: { task, resolved, moved }, text };
}

export function stateWords(state: EffectState, edge: Edge = 'mail'): string {
  const did = edge === 'odoo' ? 'posted' : 'sent';
  switch (state.state) {
    case 'none':
      return `nothing was sealed, nothing ${did}`;
    case 'sealed':
      return `sealed, not ${did} yet`;
    case 'running':
      return `being ${did} right now`;
    case 'done':
      return `${did} (${state.how.replaceAll('_', ' ')})`;
    case 'failed':
      return `refused for good: ${state.words}`;
    case 'retry':
      return `will be tried again: ${state.words}`;
    case 'in_doubt':
      return `in doubt: ${state.words}`;
    case 'withdrawn':
      return `withdrawn, will not be ${did}`;
    case 'unreadable':
      return `the journal cannot be read: ${state.why}`;
  }
}
