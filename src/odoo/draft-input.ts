import type { MoveType } from '../core/odoo/invoice.ts';

/** What a draft is made of. Everything left out is Odoo's own default for the partner, product and company. */
export interface DraftInput {
  readonly type: MoveType;
  readonly partnerId: number;
  readonly currencyId?: number | undefined;
  readonly journalId?: number | undefined;
  /** `YYYY-MM-DD` */
  readonly invoiceDate?: string | undefined;
  /** `YYYY-MM-DD` */
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
  /** Left out: the default of product or company. `[]`: no tax. Given for every line or for none. */
  readonly taxIds?: readonly number[] | undefined;
  readonly accountId?: number | undefined;
}

export const MAX_LINES = 200;
export const MAX_LABEL = 2000;
