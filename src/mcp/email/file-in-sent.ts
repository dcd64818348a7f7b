import { z } from 'zod';
import type { TaskId } from '../../core/task-id.ts';
import { taskIdInput } from '../open-tasks.ts';
import type { Tool } from '../tool.ts';
import { fileAnswer } from './answers.ts';
import type { EmailDeps } from './email-deps.ts';

const input = z.strictObject({ task_id: taskIdInput });

export const fileInSent: Tool<typeof input, typeof fileAnswer, EmailDeps> = {
  name: 'file_in_sent',
  title: 'Put the copy into Sent',
  description:
    'Puts a copy of a mail that was sent into the Sent folder, unless it is there already or the provider does that itself. Does nothing for a mail that was not sent. Repeating it changes nothing.',
  input,
  output: fileAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  run: async ({ task_id }, { journal, mailboxes }) => {
    const id = task_id as TaskId;
    const { state, sealed, filed } = await journal.view(id);
    if (state.state !== 'done' || !sealed) return { filed: 'not_sent' };
    if (filed) return { filed: filed.how === 'off' ? 'off' : 'already' };
    const mailbox = mailboxes.ofSender(sealed.account);
    if (!mailbox) return { filed: 'unknown' };
    const { sent, filing } = mailbox;
    if (filing === 'off') {
      await journal.recordFiled(id, { how: 'off' });
      return { filed: 'off' };
    }
    const result = await sent.file(sealed.messageId, await journal.payload(sealed));
    if (result === 'unknown') return { filed: result };
    // Our own copy has our id; a provider's may have another, which is what readers answer to.
    const looked = result === 'already' ? await sent.look(sealed.messageId) : null;
    const as = looked?.found === 'found' && looked.foundAs !== null ? looked.foundAs : sealed.messageId;
    await journal.recordFiled(id, as === sealed.messageId ? { how: result } : { how: result, as });
    return { filed: result };
  },
};
