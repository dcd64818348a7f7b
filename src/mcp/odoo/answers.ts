/** What the tools of draft mode answer; the client holds them against the same schemas. Texts come from Odoo: data. */
import { z } from 'zod';
import type { InvoiceSummary } from '../../odoo/invoices.ts';
import type { Partner } from '../../odoo/partners.ts';
import type { Tax } from '../../odoo/taxes.ts';
import { invoice, moveState, moveType, named, next, twin, use } from './shapes.ts';

const partner = z.strictObject({
  id: z.int(),
  name: z.string().describe('a contact of a company reads `Company, Person`'),
  isCompany: z.boolean(),
  vat: z.string(),
  email: z.string(),
  street: z.string(),
  city: z.string(),
  country: z.string(),
  reference: z.string(),
  parent: named.nullable(),
  commercialId: z.int().describe('whom the books are kept under'),
  exact: z
    .enum(['email', 'vat', 'name', 'reference'])
    .nullable()
    .describe('what of it is the query letter by letter; null: it only contains it'),
}) satisfies z.ZodType<Partner>;

export const partnersAnswer = z.strictObject({ partners: z.array(partner), next });

export const product = z.strictObject({
  id: z.int(),
  name: z.string(),
  code: z.string(),
  barcode: z.string(),
  listPrice: z.number().describe('per unit, in the company’s currency'),
  unit: named.nullable(),
  saleTaxIds: z.array(z.int()),
  purchaseTaxIds: z.array(z.int()),
  canBeSold: z.boolean(),
  canBeBought: z.boolean(),
  exact: z
    .enum(['code', 'barcode', 'name'])
    .nullable()
    .describe('what of it is the query letter by letter; null: it only contains it'),
});

export const productsAnswer = z.strictObject({ products: z.array(product), next });

const tax = z.strictObject({
  id: z.int(),
  name: z.string(),
  use: z.enum(['sale', 'purchase', 'none']),
  amount: z.number().describe('per cent where amountType is `percent`'),
  amountType: z.string(),
  priceInclude: z.boolean().describe('is it in the price already'),
  company: named.nullable(),
}) satisfies z.ZodType<Tax>;

export const taxesAnswer = z.strictObject({ taxes: z.array(tax), next });

export const journal = z.strictObject({
  id: z.int(),
  name: z.string(),
  code: z.string(),
  type: use,
  currency: named.nullable().describe('null: the company’s'),
  company: named.nullable(),
});

export const journalsAnswer = z.strictObject({
  company: named,
  currency: z.string().describe('of the company, as an ISO code'),
  currencies: z.array(named).describe('active ones; the name is the ISO code'),
  payment_terms: z.array(named).describe('at most 100'),
  journals: z.array(journal),
  next,
});

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

export const invoicesAnswer = z.strictObject({ invoices: z.array(invoiceRow), next });

/** One document, and what somebody who has to judge it needs beside it. */
export const document = z.strictObject({
  invoice,
  twins: z.array(twin).describe('other documents that may be the same: compare before it is approved'),
  link: z.string().describe('opens it in Odoo'),
});

export const readAnswer = z.strictObject({
  document: document.nullable().describe('null: there is no such document'),
});

export const draftAnswer = z.strictObject({
  ...document.shape,
  created: z.boolean().describe('false: the document of this task was there before; see the tool'),
});
