import {
  boolean,
  char,
  date,
  html,
  integer,
  many2many,
  many2one,
  monetary,
  one2many,
  selection,
  text,
} from '../orm/field.ts';
import { isInvoiceLine } from './move-line.ts';
import { commercialId } from './partner.ts';
import type { Env, Field, Row } from '../orm/shapes.ts';

export const MOVE_FIELDS: Readonly<Record<string, Field>> = {
  name: char('Number'),
  ref: char('Reference'),
  state: selection(
    'Status',
    [
      ['draft', 'Draft'],
      ['posted', 'Posted'],
      ['cancel', 'Cancelled'],
    ],
    { required: true, readonly: true, initial: 'draft' },
  ),
  move_type: selection(
    'Type',
    [
      ['entry', 'Journal Entry'],
      ['out_invoice', 'Customer Invoice'],
      ['out_refund', 'Customer Credit Note'],
      ['in_invoice', 'Vendor Bill'],
      ['in_refund', 'Vendor Credit Note'],
      ['out_receipt', 'Sales Receipt'],
      ['in_receipt', 'Purchase Receipt'],
    ],
    { required: true, readonly: true, initial: 'entry' },
  ),
  auto_post: selection(
    'Auto-post',
    [
      ['no', 'No'],
      ['at_date', 'At Date'],
      ['monthly', 'Monthly'],
      ['quarterly', 'Quarterly'],
      ['yearly', 'Yearly'],
    ],
    { required: true, initial: 'no' },
  ),
  posted_before: boolean('Posted Before'),
  date: date('Date'),
  company_id: many2one('Company', 'res.company', { initial: 1 }),
  company_currency_id: many2one('Company Currency', 'res.currency', {
    compute: (_row, env) => env.tables.find('res.company', 1)?.cells['currency_id'] ?? null,
  }),
  journal_id: many2one('Journal', 'account.journal', { required: true }),
  partner_id: many2one('Partner', 'res.partner'),
  commercial_partner_id: many2one('Commercial Entity', 'res.partner', {
    compute: ({ cells }, env) => {
      const partner = env.tables.find('res.partner', Number(cells['partner_id']));
      return partner ? commercialId(partner, env) : null;
    },
  }),
  currency_id: many2one('Currency', 'res.currency', { required: true }),
  invoice_date: date('Invoice/Bill Date'),
  invoice_date_due: date('Due Date'),
  invoice_payment_term_id: many2one('Payment Terms', 'account.payment.term'),
  invoice_origin: char('Origin'),
  narration: html('Terms and Conditions'),
  fiscal_position_id: many2one('Fiscal Position', 'account.fiscal.position'),
  partner_bank_id: many2one('Recipient Bank', 'res.partner.bank'),
  payment_reference: char('Payment Reference'),
  payment_state: selection(
    'Payment Status',
    [
      ['not_paid', 'Not Paid'],
      ['in_payment', 'In Payment'],
      ['paid', 'Paid'],
      ['partial', 'Partially Paid'],
      ['reversed', 'Reversed'],
    ],
    { initial: 'not_paid' },
  ),
  invoice_line_ids: one2many('Invoice lines', 'account.move.line', 'move_id', { shows: isInvoiceLine }),
  line_ids: one2many('Journal Items', 'account.move.line', 'move_id'),
  amount_untaxed: monetary('Untaxed Amount'),
  amount_tax: monetary('Tax'),
  amount_total: monetary('Total'),
  amount_residual: monetary('Amount Due'),
  amount_total_signed: monetary('Total Signed'),
  amount_residual_signed: monetary('Amount Due Signed'),
  invoice_pdf_report_id: many2one('PDF Attachment', 'ir.attachment', { since: 17 }),
  duplicated_ref_ids: many2many('Duplicated Refs', 'account.move', { since: 17, compute: twins }),
  sequence_number: integer('Sequence Number', {
    compute: ({ cells }) => Number(/\d*$/.exec(String(cells['name'] ?? ''))?.[0] ?? 0),
  }),
};

export const MOVE_FIELDS_14: Readonly<Record<string, Field>> = {
  auto_post: boolean('Post Automatically', { initial: null }),
  narration: text('Terms and Conditions'),
};

/** Nothing refuses them on 19; this field is all that tells. */
function twins(row: Row, env: Env): readonly number[] {
  const { ref, move_type: type, partner_id: partner } = row.cells;
  if (typeof ref !== 'string') return [];
  return env.tables
    .all('account.move')
    .filter(({ id, cells }) => id !== row.id && cells['ref'] === ref && cells['move_type'] === type)
    .filter(({ cells }) => cells['partner_id'] === partner && cells['state'] !== 'cancel')
    .map(({ id }) => id);
}
