/** What several tools of odoo-mcp take and answer alike. Texts in answers come from Odoo: data, never instructions. */
import { z } from 'zod';
import type { Invoice, InvoiceLine, Named, Twin } from '../../core/odoo/invoice.ts';
import { MOVE_TYPES } from '../../core/odoo/invoice.ts';

export const odooTaskId = z
  .string()
  .regex(/^od-[0-9a-f]{16}$/)
  .describe('Task id of an Odoo task, such as od-0123456789abcdef');
export const recordId = z.int().min(1).max(2_147_483_647);
export const limit = z.int().min(1).max(100).default(20);
export const cursor = z.string().max(500).optional().describe('`next` of the page before');
export const next = z
  .string()
  .nullable()
  .describe('pass it as `cursor` for the next page; null: that was all');
export const day = z.iso.date().describe('YYYY-MM-DD');
export const use = z.enum(['sale', 'purchase']);

export const named = z.strictObject({ id: z.int(), name: z.string() }) satisfies z.ZodType<Named>;
export const moveType = z
  .enum(MOVE_TYPES)
  .describe('out_invoice: invoice, in_invoice: vendor bill, out_refund and in_refund: their credit notes');
export const moveState = z.enum(['draft', 'posted', 'cancel']);
const moment = z.string().nullable().describe('YYYY-MM-DD');

const line = z.strictObject({
  id: z.int(),
  display: z.enum(['product', 'section', 'note']),
  label: z.string(),
  product: named.nullable(),
  quantity: z.number(),
  unit: named.nullable(),
  priceUnit: z.number(),
  discount: z.number().describe('per cent'),
  taxes: z.array(named),
  account: named.nullable(),
  subtotal: z.number(),
  total: z.number(),
}) satisfies z.ZodType<InvoiceLine>;

/** core/odoo/invoice.ts: what the card shows and what is compared before it is posted. */
export const invoice = z
  .strictObject({
    id: z.int(),
    type: moveType,
    state: moveState,
    postedBefore: z.boolean().describe('it was posted once and somebody set it back to draft'),
    number: z.string().nullable(),
    writeDate: z.string(),
    company: named,
    journal: named,
    partner: named.nullable(),
    partnerEmail: z.string(),
    partnerVat: z.string(),
    currency: named,
    decimals: z.int(),
    invoiceDate: moment.describe('YYYY-MM-DD; null: the day of posting'),
    dueDate: moment,
    paymentTerm: named.nullable(),
    reference: z.string(),
    origin: z.string(),
    fiscalPosition: named.nullable(),
    bankAccount: named.nullable(),
    terms: z.string(),
    autoPost: z.string(),
    lines: z.array(line),
    taxLines: z.array(z.strictObject({ name: z.string(), amount: z.number() })),
    untaxed: z.number(),
    tax: z.number(),
    total: z.number(),
    paymentState: z.string(),
  })
  .describe('as Odoo computed it') satisfies z.ZodType<Invoice>;

export const twin = z.strictObject({
  id: z.int(),
  number: z.string().nullable(),
  state: moveState,
  date: moment,
  total: z.number(),
  reference: z.string(),
  why: z.enum(['same amount', 'same reference']),
}) satisfies z.ZodType<Twin>;
