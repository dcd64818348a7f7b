import { externalIdOf } from '../../core/odoo/external-id.ts';
import type { TaskId } from '../../core/task-id.ts';
import { reviseDraft as revise } from '../../odoo/revise-draft.ts';
import type { Tool } from '../tool.ts';
import { draftAnswer } from './answers.ts';
import { describeOwnDocument } from './documents.ts';
import { draftInput, draftOf } from './draft-shape.ts';
import type { OdooDeps } from './odoo-deps.ts';

export const reviseDraft: Tool<typeof draftInput, typeof draftAnswer, OdooDeps> = {
  name: 'revise_draft',
  title: 'Replace a draft’s content',
  description:
    'Replaces partner, lines, dates and references of the draft of this task in one write, and answers it as Odoo computed it; `created` is false. Refused when the document is no draft any more or was posted before; `missing` when the task has none. What a person changed in the draft is lost.',
  input: draftInput,
  output: draftAnswer,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  run: async (input, deps) => {
    await deps.mayWrite();
    const odoo = await deps.odoo.get();
    const { id } = await revise(odoo, externalIdOf(input.task_id as TaskId), draftOf(input));
    return { ...(await describeOwnDocument(odoo, id, deps)), created: false };
  },
};
