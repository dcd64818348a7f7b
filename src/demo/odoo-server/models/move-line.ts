import { cellOf, displayName, modelOf as findModel, today } from '../orm/env.ts';
import {
  boolean,
  char,
  date,
  float,
  integer,
  many2many,
  many2one,
  monetary,
  selection,
} from '../orm/field.ts';
import { kindOf } from '../accounting/move-types.ts';
import { usualAccount } from '../accounting/usual-account.ts';
import { recomputeMove } from '../accounting/recompute-move.ts';
import { postedItem, userError } from '../errors.ts';
import { DRAFT_BOT, INVOICING } from './groups.ts';
import { guardLine, ruleOnLines } from './guard.ts';
import { modelOf, READERS } from './model-of.ts';
import type { Cell, Env, Model, Row } from '../orm/shapes.ts';

const WRITERS: readonly string[] = [INVOICING, DRAFT_BOT];
const TEXTS: readonly Cell[] = ['line_section', 'line_subsection', 'line_note'];

/** What the form of an invoice shows; the rest (taxes, what is to be paid) Odoo makes itself. */
export const isInvoiceLine = ({ cells }: Row): boolean =>
  cells['display_type'] === 'product' || TEXTS.includes(cells['display_type'] ?? null);

const moveOf = (env: Env, { cells }: { readonly cells: Row['cells'] }): Row | undefined =>
  env.tables.find('account.move', Number(cells['move_id']));

export const moveLine: Model = modelOf({
  name: 'account.move.line',
  label: 'Journal Item',
  order: 'date desc, move_name desc, id',
  allows: ruleOnLines,
  access: { read: [...READERS, DRAFT_BOT], write: WRITERS, create: WRITERS, unlink: WRITERS },
  displayName: (row, env) => {
    const { name, ref } = moveOf(env, row)?.cells ?? {};
    const label = row.cells['name'];
    const words = [
      name === '/' ? null : name,
      ref === null ? null : `(${String(ref)})`,
      label === name || label === ref ? null : label,
    ];
    return words.filter((word) => typeof word === 'string').join(' ') || 'Draft Entry';
  },
  fields: {
    move_id: many2one('Journal Entry', 'account.move', { required: true }),
    move_name: char('Number'),
    parent_state: selection('Status', [
      ['draft', 'Draft'],
      ['posted', 'Posted'],
      ['cancel', 'Cancelled'],
    ]),
    date: date('Date'),
    sequence: integer('Sequence', { initial: (env) => (env.series >= 19 ? 100 : 10) }),
    display_type: selection('Display Type', [
      ['product', 'Product'],
      ['tax', 'Tax'],
      ['payment_term', 'Payment Term'],
      ['line_section', 'Section'],
      ['line_subsection', 'Subsection'],
      ['line_note', 'Note'],
    ]),
    name: char('Label'),
    product_id: many2one('Product', 'product.product'),
    product_uom_id: many2one('Unit', 'uom.uom'),
    quantity: float('Quantity', { initial: 1 }),
    price_unit: float('Unit Price'),
    discount: float('Discount (%)'),
    tax_ids: many2many('Taxes', 'account.tax'),
    tax_line_id: many2one('Originator Tax', 'account.tax'),
    tax_base_amount: monetary('Base Amount'),
    account_id: many2one('Account', 'account.account'),
    account_type: char('Internal Type', { since: 16, compute: accountCell('account_type') }),
    partner_id: many2one('Partner', 'res.partner'),
    company_id: many2one('Company', 'res.company'),
    journal_id: many2one('Journal', 'account.journal'),
    currency_id: many2one('Currency', 'res.currency'),
    price_subtotal: monetary('Subtotal'),
    price_total: monetary('Total'),
    amount_currency: monetary('Amount in Currency'),
    balance: monetary('Balance'),
    debit: monetary('Debit'),
    credit: monetary('Credit'),
    date_maturity: date('Due Date'),
    amount_residual: monetary('Residual Amount'),
    amount_residual_currency: monetary('Residual Amount in Currency'),
    reconciled: boolean('Reconciled'),
  },
  fields14: {
    display_type: selection(
      'Display Type',
      [
        ['line_section', 'Section'],
        ['line_note', 'Note'],
      ],
      {
        compute: ({ cells }) =>
          TEXTS.includes(cells['display_type'] ?? null) ? (cells['display_type'] ?? null) : null,
      },
    ),
    exclude_from_invoice_tab: boolean('Exclude From Invoice Tab', { compute: (row) => !isInvoiceLine(row) }),
    account_internal_type: char('Internal Type', { compute: accountCell('internal_type') }),
  },
  beforeCreate: complete,
  beforeWrite: (env, rows, names) => {
    // Taxes alone are looked after here: on 19 even price and balance of a posted line can be written.
    if (names.includes('tax_ids') && rows.some((row) => isPosted(env, row))) {
      throw userError(
        'You cannot modify the taxes related to a posted journal item, you should reset the journal entry to ' +
          'draft to do so.',
      );
    }
  },
  beforeUnlink: (env, rows) => {
    if (rows.some((row) => isPosted(env, row))) throw postedItem();
  },
  afterChange: (env, ids) => {
    guardLine(env, ids);
    const rows = ids.flatMap((id) => env.tables.find('account.move.line', id) ?? []);
    const drafts = rows.filter((row) => !isPosted(env, row)).map(({ cells }) => Number(cells['move_id']));
    for (const id of new Set(drafts)) recomputeMove(env, id);
  },
});

const isPosted = (env: Env, row: Row): boolean => moveOf(env, row)?.cells['state'] === 'posted';

function accountCell(name: string) {
  return ({ cells }: Row, env: Env): Cell => {
    const account = env.tables.find('account.account', Number(cells['account_id']));
    return account ? cellOf(env, findModel(env, 'account.account'), account, name) : null;
  };
}

/** What Odoo takes from product, journal and company when a line does not say it. */
function complete(env: Env, cells: Row['cells']): Row['cells'] {
  const display = cells['display_type'] ?? 'product';
  if (TEXTS.includes(display)) {
    return { ...cells, display_type: display, quantity: 0, price_unit: 0, tax_ids: [], account_id: null };
  }
  const move = moveOf(env, { cells });
  const journal = env.tables.find('account.journal', Number(move?.cells['journal_id']));
  const product = env.tables.find('product.product', Number(cells['product_id']));
  const purchase = kindOf(move?.cells['move_type']).journal === 'purchase';
  const taxes = product?.cells[purchase ? 'supplier_taxes_id' : 'taxes_id'] ?? [];
  return {
    display_type: display,
    account_id: usualAccount(env, move) ?? journal?.cells['default_account_id'] ?? null,
    date: move?.cells['date'] ?? today(env),
    ...(product
      ? {
          name: displayName(env, findModel(env, 'product.product'), product),
          product_uom_id: product.cells['uom_id'] ?? null,
          price_unit: product.cells[purchase ? 'standard_price' : 'list_price'] ?? 0,
        }
      : {}),
    ...cells,
    tax_ids: cells['tax_ids'] ?? taxes,
  };
}
