import type { MoveType } from './invoice.ts';

export interface BookLine {
  readonly productId?: number | undefined;
  readonly label: string;
  /** Exact decimal text, as typed: `1.5`. */
  readonly quantity: string;
  readonly priceUnit: string;
  /** Per cent. */
  readonly discount?: string | undefined;
  /** Absent: Odoo's own choice (the product's, mapped by the fiscal position). Empty: no tax. In every line or in none. */
  readonly taxIds?: readonly number[] | undefined;
}

/** What is to be drafted; every id was found in Odoo. */
export interface BookDraft {
  readonly type: MoveType;
  readonly partnerId: number;
  readonly currencyId?: number | undefined;
  readonly journalId?: number | undefined;
  /** `YYYY-MM-DD`. */
  readonly invoiceDate?: string | undefined;
  readonly dueDate?: string | undefined;
  readonly paymentTermId?: number | undefined;
  /** `ref`. */
  readonly reference?: string | undefined;
  /** `invoice_origin`. */
  readonly origin?: string | undefined;
  /** Plain text. */
  readonly terms?: string | undefined;
  readonly lines: readonly BookLine[];
}
