import { z } from 'zod';
import { parseLocalTime } from '../../core/local-time.ts';
import { accountOf } from '../../core/mail-account.ts';
import { list, parseNote, text } from '../../core/task-file.ts';
import type { TaskId } from '../../core/task-id.ts';
import type { Tool } from '../tool.ts';
import { threadAnswer } from './answers.ts';
import type { EmailDeps } from './email-deps.ts';
import { findOpenTask, taskIdInput } from '../open-tasks.ts';

const input = z.strictObject({ task_id: taskIdInput });

export const threadStatus: Tool<typeof input, typeof threadAnswer, EmailDeps> = {
  name: 'thread_status',
  title: 'Has the thread moved on',
  description:
    'Tells whether the user already answered the mail of this task (`answered`), or a newer mail came in its thread (`newer`). `unknown` means that the mailbox gave no answer.',
  input,
  output: threadAnswer,
  annotations: { readOnlyHint: true, openWorldHint: true },
  run: async ({ task_id }, { vault, mailboxes, journal, timeZone }) => {
    const found = await findOpenTask(vault, task_id as TaskId);
    const parsed = found ? parseNote(found.text) : null;
    if (!parsed?.ok) return { status: 'no_such_task' };
    const mailbox = mailboxes.ofAccount(accountOf(parsed.note));
    if (!mailbox) return { status: 'unknown' };
    const received = text(parsed.note, 'received');
    const { returned } = await journal.view(task_id as TaskId);
    return {
      status: await mailbox.sent.threadStatus({
        messageId: text(parsed.note, 'message_id') ?? null,
        // Only what the journal knows to have come back is no answer. A mail of this very task that it does not know
        // of left after the backup that this state folder was restored from.
        cameBack: returned.map(({ messageId }) => messageId),
        references: list(parsed.note, 'references').slice(0, 100),
        since: received === undefined ? null : parseLocalTime(received, timeZone),
      }),
    };
  },
};
