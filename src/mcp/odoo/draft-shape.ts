import { z } from 'zod';
import { type DraftInput, MAX_LABEL, MAX_LINES } from '../../odoo/draft-input.ts';
import { day, moveType, odooTaskId, recordId } from './shapes.ts';

/** What a document is drafted from, in `create_draft` and `revise_draft` alike. */

const MOST = 1e12;

const amount = z
  .union([
    z.number().min(-MOST).max(MOST),
    z
      .string()
      .regex(/^-?\d{1,12}(?:\.\d{1,6})?$/)
      .describe('exact decimal text, such as "1234.50"'),
  ])
  .transform(Number);

const line = z.strictObject({
  product_id: recordId.optional(),
  label: z.string().trim().min(1).max(MAX_LABEL).describe('What stands on the document'),
  quantity: amount,
  price_unit: amount.describe('Per unit, in the currency of the document'),
  discount: amount.optional().describe('Per cent, 0 to 100'),
  tax_ids: z
    .array(recordId)
    .max(20)
    .optional()
    .describe('Left out: Odoo’s default. Empty: no tax. For every line or for none'),
  account_id: recordId.optional(),
});

export const draftInput = z.strictObject({
  task_id: odooTaskId.describe(
    'The task it belongs to; its document is made once, however often this is called',
  ),
  type: moveType,
  partner_id: recordId,
  currency_id: recordId.optional(),
  journal_id: recordId.optional(),
  invoice_date: day.optional().describe('Left out: the day of posting. YYYY-MM-DD'),
  due_date: day.optional(),
  payment_term_id: recordId.optional(),
  reference: z.string().trim().max(200).optional().describe('The partner’s own number or purchase order'),
  origin: z
    .string()
    .trim()
    .max(200)
    .optional()
    .describe('Where it comes from, such as the number of the invoice it credits'),
  terms: z.string().trim().max(10_000).optional().describe('Plain text at the foot of the document'),
  lines: z.array(line).min(1).max(MAX_LINES),
});

export function draftOf(input: z.output<typeof draftInput>): DraftInput {
  return {
    type: input.type,
    partnerId: input.partner_id,
    currencyId: input.currency_id,
    journalId: input.journal_id,
    invoiceDate: input.invoice_date,
    dueDate: input.due_date,
    paymentTermId: input.payment_term_id,
    reference: input.reference,
    origin: input.origin,
    terms: input.terms,
    lines: input.lines.map((one) => ({
      productId: one.product_id,
      label: one.label,
      quantity: one.quantity,
      priceUnit: one.price_unit,
      discount: one.discount,
      taxIds: one.tax_ids,
      accountId: one.account_id,
    })),
  };
}
