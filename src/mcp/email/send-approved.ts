import { z } from 'zod';
import type { EffectState } from '../../core/effect-state.ts';
import type { TaskId } from '../../core/task-id.ts';
import type { SendResult } from '../../mail/submission/send-sealed.ts';
import { taskIdInput } from '../open-tasks.ts';
import type { Tool } from '../tool.ts';
import { type SendAnswer, sendAnswer } from './answers.ts';
import type { EmailDeps } from './email-deps.ts';

const input = z.strictObject({ task_id: taskIdInput });

export const sendApproved: Tool<typeof input, typeof sendAnswer, EmailDeps> = {
  name: 'send_approved',
  title: 'Send an approved mail',
  description:
    'Sends the mail that the user approved under this task id, exactly as it was sealed, at most once. Without a sealed approval nothing happens; recipients and text cannot be given here. Repeating the call never sends twice.',
  input,
  output: sendAnswer,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  run: async ({ task_id }, { send }) => answer(await send(task_id as TaskId)),
};

function answer(result: SendResult): SendAnswer {
  switch (result.kind) {
    case 'settled':
      return settled(result.state);
    case 'paused':
      return { result: 'paused', words: 'PAUSE.md is there' };
    case 'limited':
      return { result: 'limited', until: new Date(result.until).toISOString() };
    case 'no_account':
      return { result: 'no_account', words: result.words };
    case 'quiet':
      return { result: 'quiet', until: new Date(result.until).toISOString() };
    case 'dry_run':
      return { result: 'dry_run', file: result.file };
  }
}

function settled(state: EffectState): SendAnswer {
  switch (state.state) {
    case 'none':
    case 'withdrawn':
      return { result: 'not_approved', words: 'nothing is approved under this id' };
    case 'done':
      return state.refused.length > 0
        ? { result: 'sent_partly', words: state.words, refused: [...state.refused] }
        : { result: 'sent', words: state.words };
    case 'failed':
    case 'in_doubt':
      return { result: state.state, words: state.words };
    case 'running':
      return { result: 'running' };
    case 'retry':
      return { result: 'retry', words: state.words, until: new Date(state.after).toISOString() };
    case 'sealed':
      return { result: 'retry', words: 'another process was faster' };
    case 'unreadable':
      return { result: 'unreadable', words: 'the journal of this task is damaged' };
  }
}
