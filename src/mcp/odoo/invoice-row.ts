import { z } from 'zod';
import type { InvoiceSummary } from '../../odoo/invoices.ts';
import { moveState, moveType, named } from './shapes.ts';

/** A document in a list; `read_invoice` has all of it. */
export const invoiceRow = z.strictObject({
  id: z.int(),
  type: moveType,
  state: moveState,
  number: z.string().nullable(),
  partner: named.nullable(),
  date: z.string().nullable(),
  dueDate: z.string().nullable(),
  reference: z.string(),
  currency: named,
  total: z.number(),
  residual: z.number().describe('still to be paid'),
  paymentState: z.string(),
}) satisfies z.ZodType<InvoiceSummary>;
