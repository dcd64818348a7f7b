import { z } from 'zod';
import type { Named } from '../core/odoo/invoice.ts';
import { readCompany } from './company.ts';
import { type InvoiceSummary, listInvoices } from './invoices.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import { named, readRow, roundTo, searchRows } from './read-rows.ts';

export interface PartnerAccount {
  /** The company, when a contact was asked for. */
  readonly partner: Named;
  /** Code of the company's currency; the balances are in it. */
  readonly currency: string;
  /** Owed to us by open posted invoices, less credit notes. */
  readonly receivable: number;
  /** Owed by us by open posted bills, less the vendor's credit notes. */
  readonly payable: number;
  /** More open documents than are counted (1000): the balances are not whole. */
  readonly cut: boolean;
  readonly open: Page<InvoiceSummary>;
}

export interface PartnerAccountWish extends PageWish {
  readonly partnerId: number;
}

const MOST = 1000;
const openRow = z.object({ move_type: z.string(), amount_residual_signed: z.number() });

/** Open items and balances of one partner and its contacts; null: no such partner. @throws OdooFault */
export async function partnerAccount(odoo: Odoo, wish: PartnerAccountWish): Promise<PartnerAccount | null> {
  const row = z.object({ commercial_partner_id: named });
  const found = await readRow(odoo, 'res.partner', wish.partnerId, ['commercial_partner_id'], row);
  if (found === null) return null;
  const partner = found.commercial_partner_id;
  const { id: company, currency } = await readCompany(odoo);
  const documents = await searchRows(
    odoo,
    {
      model: 'account.move',
      domain: [
        ['commercial_partner_id', '=', partner.id],
        ['company_id', '=', company],
        ['move_type', 'in', ['out_invoice', 'out_refund', 'in_invoice', 'in_refund']],
        ['state', '=', 'posted'],
        ['amount_residual', '>', 0],
      ],
      fields: ['move_type', 'amount_residual_signed'],
      order: 'id',
      limit: MOST + 1,
    },
    openRow,
  );
  const sum = (prefix: string): number =>
    documents
      .slice(0, MOST)
      .filter(({ move_type: type }) => type.startsWith(prefix))
      .reduce((total, { amount_residual_signed: part }) => roundTo(total + part, currency.decimals), 0);
  const { limit, after } = wish;
  return {
    partner,
    currency: currency.code,
    receivable: sum('out_'),
    payable: roundTo(-sum('in_'), currency.decimals),
    cut: documents.length > MOST,
    open: await listInvoices(odoo, { partnerId: partner.id, open: true, limit, after }),
  };
}
