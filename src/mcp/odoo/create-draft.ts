import { externalIdOf } from '../../core/odoo/external-id.ts';
import type { TaskId } from '../../core/task-id.ts';
import { createDraft as create } from '../../odoo/create-draft.ts';
import type { Tool } from '../tool.ts';
import { draftAnswer } from './answers.ts';
import { describeOwnDocument } from './documents.ts';
import { draftInput, draftOf } from './draft-shape.ts';
import type { OdooDeps } from './odoo-deps.ts';

export const createDraft: Tool<typeof draftInput, typeof draftAnswer, OdooDeps> = {
  name: 'create_draft',
  title: 'Draft an invoice, bill or credit note',
  description:
    'Makes one draft in Odoo for this task and answers it as Odoo computed it, with possible duplicates. Repeating it never makes a second one: then `created` is false, nothing is written and the first is answered. A draft has no effect on the books; nothing here can post it.',
  input: draftInput,
  output: draftAnswer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  run: async (input, deps) => {
    await deps.mayWrite();
    const odoo = await deps.odoo.get();
    const { id, created } = await create(odoo, externalIdOf(input.task_id as TaskId), draftOf(input));
    return { ...(await describeOwnDocument(odoo, id, deps)), created };
  },
};
