import { z } from 'zod';
import type { TaskId } from '../../../core/task-id.ts';
import { OdooFault } from '../../../odoo/faults.ts';
import { lookAtTarget, type TargetLook } from '../../../odoo/posting/look-at-target.ts';
import { isPostable } from '../../../odoo/posting/post-once.ts';
import { readTarget } from '../../../odoo/posting/sealed-post.ts';
import type { Tool } from '../../tool.ts';
import { odooTaskId } from '../shapes.ts';
import { postingStatusAnswer } from './answers.ts';
import type { LiveDeps } from './live-deps.ts';

const input = z.strictObject({ task_id: odooTaskId });
type Status = z.output<typeof postingStatusAnswer>;

export const postingStatus: Tool<typeof input, typeof postingStatusAnswer, LiveDeps> = {
  name: 'posting_status',
  title: 'What became of an approved posting',
  description:
    'Holds what was approved under this task id against the document in Odoo: posted as approved, still the draft that was approved, or something else. `unknown` means that Odoo gave no answer. Changes nothing.',
  input,
  output: postingStatusAnswer,
  annotations: { readOnlyHint: true, openWorldHint: true },
  run: async ({ task_id }, { journal, odoo }) => {
    const { sealed } = await journal.view(task_id as TaskId);
    if (sealed === null) return { is: 'not_approved', words: 'nothing is approved under this id' };
    const target = readTarget(await journal.payload(sealed));
    try {
      return statusOf(await lookAtTarget(await odoo.get(), target), target.again);
    } catch (error) {
      if (!(error instanceof OdooFault)) throw error;
      return { is: 'unknown', words: error.message };
    }
  },
};

function statusOf(look: TargetLook, again: boolean): Status {
  if (isPostable(look, again)) return { is: 'not_posted', words: 'it is a draft as it was approved' };
  if (look.is === 'posted' && look.changed === null)
    return { is: 'posted', words: `posted as ${look.number}` };
  const lines = 'changed' in look && look.changed !== null ? look.changed.lines : [];
  return { is: 'changed', words: [WORDS[look.is], ...lines].join(' ').slice(0, 2000) };
}

const WORDS: Readonly<Record<TargetLook['is'], string>> = {
  as_shown: 'It is a draft as it was approved.',
  changed: 'The draft was changed in Odoo.',
  deleted: 'The draft is no longer in Odoo.',
  reset: 'It was posted once and set back to draft in Odoo.',
  cancelled: 'The draft was cancelled in Odoo.',
  posted: 'It is posted in Odoo, and not as it was approved.',
};
