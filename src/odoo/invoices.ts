import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import type { InvoiceState, MoveType, Named } from '../core/odoo/invoice.ts';
export interface InvoiceSummary {
  readonly id: number;
  readonly type: MoveType;
  readonly state: InvoiceState['state'];
  readonly number: string | null;
  readonly partner: Named | null;
  readonly date: string | null;
  readonly dueDate: string | null;
  readonly reference: string;
  readonly currency: Named;
  readonly total: number /** What is still to be paid. */;
  readonly residual: number;
  readonly paymentState: string;
}
export interface InvoiceWish extends PageWish {
  readonly types?: readonly MoveType[] | undefined;
  readonly state?: InvoiceState['state'] | undefined;
  readonly partnerId?: number | undefined /** Posted, and something is still to be paid. */;
  readonly open?: boolean | undefined /** Open, and due before this day, YYYY-MM-DD. */;
  readonly overdueOn?: string | undefined;
  readonly dateFrom?: string | undefined;
  readonly dateTo?: string | undefined /** Part of the number or the reference. */;
  readonly query?: string | undefined;
}
/** Invoices, bills and credit notes, the newest first. @throws OdooFault */
export function listInvoices(odoo: Odoo, wish: InvoiceWish): Promise<Page<InvoiceSummary>> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, wish])));
}
