/** What a draft is made of, checked, and said in the two ways that Odoo wants it. */
import { z } from 'zod';
import { MOVE_TYPES, type MoveType } from '../core/odoo/invoice.ts';
import { OdooFault } from './faults.ts';
import type { OdooValue } from './odoo.ts';
import { termsToOdoo } from './versions.ts';

/** Everything left out is Odoo's own default for the partner, the product and the company. */
export interface DraftInput {
  readonly type: MoveType;
  readonly partnerId: number;
  readonly currencyId?: number | undefined;
  readonly journalId?: number | undefined;
  /** `YYYY-MM-DD` */
  readonly invoiceDate?: string | undefined;
  /** `YYYY-MM-DD`. Not together with a payment term, which decides the date itself. */
  readonly dueDate?: string | undefined;
  readonly paymentTermId?: number | undefined;
  readonly reference?: string | undefined;
  readonly origin?: string | undefined;
  /** Plain text. */
  readonly terms?: string | undefined;
  readonly lines: readonly DraftLine[];
}

export interface DraftLine {
  readonly productId?: number | undefined;
  readonly label: string;
  readonly quantity: number;
  readonly priceUnit: number;
  /** Per cent, 0 to 100. */
  readonly discount?: number | undefined;
  /** Left out: the default of the product; a line without a product gets none. `[]`: no tax. Given for every line or for none. */
  readonly taxIds?: readonly number[] | undefined;
  /** Given for every line or for none. */
  readonly accountId?: number | undefined;
}

export const MAX_LINES = 200;
export const MAX_LABEL = 2000;

const id = z.int().positive();
const amount = z.number().min(-1e12).max(1e12);
const line = z.strictObject({
  productId: id.optional(),
  label: z.string().trim().min(1).max(MAX_LABEL),
  quantity: amount,
  priceUnit: amount,
  discount: z.number().min(0).max(100).optional(),
  taxIds: z.array(id).max(20).optional(),
  accountId: id.optional(),
});
const draft = z.strictObject({
  type: z.enum(MOVE_TYPES),
  partnerId: id,
  currencyId: id.optional(),
  journalId: id.optional(),
  invoiceDate: z.iso.date().optional(),
  dueDate: z.iso.date().optional(),
  paymentTermId: id.optional(),
  reference: z.string().trim().max(200).optional(),
  origin: z.string().trim().max(200).optional(),
  terms: z.string().max(10_000).optional(),
  lines: z.array(line).min(1).max(MAX_LINES),
});

/** @throws OdooFault `invalid_call` */
export function checkDraft(input: DraftInput): DraftInput {
  const parsed = draft.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw wrong(`${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
  }
  const { lines, dueDate, paymentTermId } = parsed.data;
  // `load` writes an empty cell as "none", so a column is there for all lines or for none.
  const some = (of: (line: DraftLine) => unknown): boolean => lines.some((l) => of(l) !== undefined);
  const all = (of: (line: DraftLine) => unknown): boolean => lines.every((l) => of(l) !== undefined);
  if (some((l) => l.taxIds) && !all((l) => l.taxIds)) throw wrong('taxes: for every line or for none');
  if (some((l) => l.accountId) && !all((l) => l.accountId))
    throw wrong('accounts: for every line or for none');
  if (dueDate !== undefined && paymentTermId !== undefined) {
    throw wrong('a due date and a payment term: one of them decides');
  }
  return parsed.data;
}

function wrong(words: string): OdooFault {
  return new OdooFault('invalid_call', `this is no draft that can be made in Odoo: ${words}`);
}

/** Columns and rows of `load`; the first row holds the document and its first line. */
export interface Sheet {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

type Cell = readonly [column: string, cell: string];

export function sheetOf(externalId: string, input: DraftInput, version: string): Sheet {
  const head = headCells(externalId, input, version);
  const columns = [...head.map(([column]) => column), ...lineColumns(input.lines)];
  const rows = input.lines.map((l, i) => [
    ...head.map(([, cell]) => (i === 0 ? cell : '')),
    ...lineColumns(input.lines).map((column) => LINE_CELLS[column](l)),
  ]);
  return { columns, rows };
}

function headCells(externalId: string, input: DraftInput, version: string): Cell[] {
  const given: (readonly [string, string | number | undefined])[] = [
    ['id', externalId],
    ['move_type', input.type],
    ['partner_id/.id', input.partnerId],
    ['currency_id/.id', input.currencyId],
    ['journal_id/.id', input.journalId],
    ['invoice_date', input.invoiceDate],
    ['invoice_date_due', input.dueDate],
    ['invoice_payment_term_id/.id', input.paymentTermId],
    ['ref', input.reference],
    ['invoice_origin', input.origin],
    ['narration', input.terms ? termsToOdoo(input.terms, version) : undefined],
  ];
  const cells = given.flatMap(([column, cell]): Cell[] =>
    cell === undefined || cell === '' ? [] : [[column, String(cell)]],
  );
  // The partner's own term would decide the date again: an empty cell says "no term".
  return input.dueDate === undefined ? cells : [...cells, ['invoice_payment_term_id/.id', '']];
}

const LINE_CELLS = {
  'invoice_line_ids/name': (l: DraftLine) => l.label,
  'invoice_line_ids/quantity': (l: DraftLine) => String(l.quantity),
  'invoice_line_ids/price_unit': (l: DraftLine) => String(l.priceUnit),
  'invoice_line_ids/discount': (l: DraftLine) => String(l.discount ?? 0),
  'invoice_line_ids/product_id/.id': (l: DraftLine) => String(l.productId ?? ''),
  'invoice_line_ids/account_id/.id': (l: DraftLine) => String(l.accountId ?? ''),
  'invoice_line_ids/tax_ids/.id': (l: DraftLine) => (l.taxIds ?? []).join(','),
} as const;

function lineColumns(lines: readonly DraftLine[]): (keyof typeof LINE_CELLS)[] {
  const used = (of: (line: DraftLine) => unknown): boolean => lines.some((l) => of(l) !== undefined);
  return [
    'invoice_line_ids/name',
    ...(used((l) => l.productId) ? (['invoice_line_ids/product_id/.id'] as const) : []),
    'invoice_line_ids/quantity',
    'invoice_line_ids/price_unit',
    ...(used((l) => l.discount) ? (['invoice_line_ids/discount'] as const) : []),
    ...(used((l) => l.accountId) ? (['invoice_line_ids/account_id/.id'] as const) : []),
    ...(used((l) => l.taxIds) ? (['invoice_line_ids/tax_ids/.id'] as const) : []),
  ];
}

/** All that a revision sets: what the input leaves out is emptied, but for currency and journal. */
export function valuesOf(input: DraftInput, version: string): Record<string, OdooValue> {
  return {
    partner_id: input.partnerId,
    ...(input.currencyId === undefined ? {} : { currency_id: input.currencyId }),
    ...(input.journalId === undefined ? {} : { journal_id: input.journalId }),
    invoice_date: input.invoiceDate ?? false,
    ...termsOfPayment(input),
    ref: input.reference || false,
    invoice_origin: input.origin || false,
    narration: input.terms ? termsToOdoo(input.terms, version) : false,
    invoice_line_ids: [[5, 0, 0], ...input.lines.map((l) => [0, 0, lineValues(l)])],
  };
}

function termsOfPayment(input: DraftInput): Record<string, OdooValue> {
  if (input.paymentTermId !== undefined) return { invoice_payment_term_id: input.paymentTermId };
  if (input.dueDate === undefined) return {};
  return { invoice_payment_term_id: false, invoice_date_due: input.dueDate };
}

/**
 * To be written before `valuesOf`, or null. A due date that an earlier revision set stays for ever where no payment term
 * replaces it; written as empty together with the partner, it keeps the partner's term from being computed.
 */
export function forgottenDueDate(input: DraftInput): Record<string, OdooValue> | null {
  if (input.dueDate !== undefined || input.paymentTermId !== undefined) return null;
  const day = input.invoiceDate ?? false;
  return { invoice_date: day, invoice_payment_term_id: false, invoice_date_due: day };
}

function lineValues(l: DraftLine): Record<string, OdooValue> {
  return {
    name: l.label,
    quantity: l.quantity,
    price_unit: l.priceUnit,
    ...(l.discount === undefined ? {} : { discount: l.discount }),
    ...(l.productId === undefined ? {} : { product_id: l.productId }),
    ...(l.accountId === undefined ? {} : { account_id: l.accountId }),
    ...(l.taxIds === undefined ? {} : { tax_ids: [[6, 0, l.taxIds]] }),
  };
}
