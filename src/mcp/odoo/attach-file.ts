import { z } from 'zod';
import { externalIdOf } from '../../core/odoo/external-id.ts';
import type { TaskId } from '../../core/task-id.ts';
import { attach } from '../../odoo/attach.ts';
import type { Tool } from '../tool.ts';
import type { OdooDeps } from './odoo-deps.ts';
import { odooTaskId } from './shapes.ts';

export const ATTACHED_BYTES = 5_000_000;

const input = z.strictObject({
  task_id: odooTaskId,
  name: z
    .string()
    .trim()
    .min(1)
    .max(120)
    .regex(/^[^/\\\p{C}]+$/u, 'a file name, without folders')
    .describe('File name, such as quote.pdf'),
  base64: z
    .base64()
    .min(1)
    .max(Math.ceil(ATTACHED_BYTES / 3) * 4)
    .describe('The file, at most 5 MB'),
});

const output = z.strictObject({
  id: z.int().describe('of the attachment in Odoo'),
  created: z.boolean().describe('false: the same file was attached before'),
});

export const attachFile: Tool<typeof input, typeof output, OdooDeps> = {
  name: 'attach_file',
  title: 'Attach a file to the draft',
  description:
    'Attaches one file of at most 5 MB to the draft of this task. The same file a second time is there once. `missing` when the task has no document in Odoo.',
  input,
  output,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  run: async ({ task_id, name, base64 }, deps) => {
    await deps.mayWrite();
    const file = { name, mimeType: mimeTypeOf(name), bytes: Buffer.from(base64, 'base64') };
    const { id, created } = await attach(await deps.odoo.get(), externalIdOf(task_id as TaskId), file);
    return { id, created };
  },
};

/** Nothing that a browser would run: Odoo serves attachments from its own address. */
const MIME_TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  txt: 'text/plain',
  csv: 'text/csv',
};

function mimeTypeOf(name: string): string {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return MIME_TYPES[ending] ?? 'application/octet-stream';
}
