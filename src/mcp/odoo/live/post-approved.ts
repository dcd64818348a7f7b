import { z } from 'zod';
import type { EffectState } from '../../../core/effect-state.ts';
import type { TaskId } from '../../../core/task-id.ts';
import type { PostResult } from '../../../odoo/posting/post-sealed.ts';
import type { Tool } from '../../tool.ts';
import { odooTaskId } from '../shapes.ts';
import { type PostAnswer, postAnswer } from './answers.ts';
import type { LiveDeps } from './live-deps.ts';

const input = z.strictObject({ task_id: odooTaskId });

export const postApproved: Tool<typeof input, typeof postAnswer, LiveDeps> = {
  name: 'post_approved',
  title: 'Post an approved invoice',
  description:
    'Posts the document that the user approved under this task id, if it still is what the card showed, at most once. Without a sealed approval nothing happens; no document and no amount can be given here. Repeating the call never posts twice.',
  input,
  output: postAnswer,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  run: async ({ task_id }, { post }) => answer(await post(task_id as TaskId)),
};

function answer(result: PostResult): PostAnswer {
  switch (result.kind) {
    case 'settled':
      return settled(result.state);
    case 'paused':
      return { result: 'paused', words: 'PAUSE.md is there' };
    case 'limited':
      return { result: 'limited', until: new Date(result.until).toISOString() };
    case 'dry_run':
      return { result: 'dry_run', file: result.file };
  }
}

function settled(state: EffectState): PostAnswer {
  switch (state.state) {
    case 'none':
    case 'withdrawn':
      return { result: 'not_approved', words: 'nothing is approved under this id' };
    case 'done':
      return { result: 'posted', words: state.words };
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
