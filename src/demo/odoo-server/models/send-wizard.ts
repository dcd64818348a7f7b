import { kindOf } from '../accounting/move-types.ts';
import { currencyOf, linesOf } from '../accounting/recompute-move.ts';
import { userError } from '../errors.ts';
import { sudo } from '../orm/env.ts';
import { jsonList, many2one } from '../orm/field.ts';
import { createRecord } from '../orm/write-records.ts';
import { drawPdf } from '../pdf.ts';
import { attachment } from './attachment.ts';
import { INVOICING } from './groups.ts';
import { modelOf } from './model-of.ts';
import type { Env, Method, Model, Row } from '../orm/shapes.ts';

/** "Send & Print". This server mails nothing; it draws the invoice, once, and keeps it. */
const sendAndPrint: Method = {
  on: 'records',
  params: [],
  run: ({ env, records }) => {
    for (const { cells } of records) {
      const move = env.tables.find('account.move', Number(cells['move_id']));
      if (move?.cells['state'] !== 'posted') {
        throw userError("You can't Print & Send invoices that are not posted.");
      }
      if (typeof move.cells['invoice_pdf_report_id'] !== 'number') keep(env, move);
    }
    return { type: 'ir.actions.act_url', url: '/account/download_invoice_documents', close: true };
  },
};

function keep(env: Env, move: Row): void {
  const id = createRecord(sudo(env), attachment, {
    name: `${String(move.cells['name']).replaceAll('/', '_')}.pdf`,
    datas: drawPdf(linesOfPaper(env, move)).toString('base64'),
    mimetype: 'application/pdf',
    res_model: 'account.move',
    res_id: move.id,
  });
  env.tables.update('account.move', move.id, { invoice_pdf_report_id: id });
}

function linesOfPaper(env: Env, move: Row): readonly string[] {
  const { cells } = move;
  const partner = env.tables.find('res.partner', Number(cells['partner_id']));
  const currency = env.tables.find('res.currency', Number(cells['currency_id']));
  const { decimals } = currencyOf(env, move);
  const money = (name: string): string =>
    `${Number(cells[name] ?? 0).toFixed(decimals)} ${String(currency?.cells['name'])}`;
  const items = linesOf(env, move.id).filter((line) => line.cells['display_type'] === 'product');
  return [
    `${kindOf(cells['move_type']).label} ${String(cells['name'])}`,
    String(partner?.cells['name'] ?? ''),
    `Date ${String(cells['invoice_date'])}   Due ${String(cells['invoice_date_due'])}`,
    '',
    ...items.map((line) => {
      const { name, quantity, price_unit: price, price_subtotal: subtotal } = line.cells;
      return `${String(name ?? '')}   ${Number(quantity)} x ${Number(price)}   ${Number(subtotal).toFixed(decimals)}`;
    }),
    '',
    `Untaxed ${money('amount_untaxed')}   Tax ${money('amount_tax')}   Total ${money('amount_total')}`,
  ];
}

export const sendWizard: Model = modelOf({
  name: 'account.move.send.wizard',
  label: 'Account Move Send Wizard',
  access: { read: [INVOICING], write: [INVOICING], create: [INVOICING], unlink: [INVOICING] },
  methods: { action_send_and_print: sendAndPrint },
  fields: {
    move_id: many2one('Move', 'account.move', { required: true, since: 18 }),
    sending_methods: jsonList('Sending Methods', { since: 18 }),
  },
});
