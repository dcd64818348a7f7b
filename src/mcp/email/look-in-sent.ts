import { z } from 'zod';
import type { TaskId } from '../../core/task-id.ts';
import { taskIdInput } from '../open-tasks.ts';
import type { Tool } from '../tool.ts';
import { lookAnswer } from './answers.ts';
import type { EmailDeps } from './email-deps.ts';

const input = z.strictObject({ task_id: taskIdInput });

export const lookInSent: Tool<typeof input, typeof lookAnswer, EmailDeps> = {
  name: 'look_in_sent',
  title: 'Look for the mail in Sent',
  description:
    'Looks for the approved mail of this task, by its Message-ID, in Sent and All Mail. `unknown` means that the mailbox gave no answer; it does not mean that the mail is not there.',
  input,
  output: lookAnswer,
  annotations: { readOnlyHint: true, openWorldHint: true },
  run: async ({ task_id }, { journal, mailboxes }) => {
    const { sealed } = await journal.view(task_id as TaskId);
    if (!sealed) return { found: 'not_approved' };
    const mailbox = mailboxes.ofSender(sealed.account);
    return { found: mailbox ? await mailbox.sent.find(sealed.messageId) : 'unknown' };
  },
};
