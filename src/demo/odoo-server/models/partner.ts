import { OdooError, validationError } from '../errors.ts';
import { boolean, char, float, html, integer, many2many, many2one, monetary } from '../orm/field.ts';
import { openItems } from '../accounting/open-items.ts';
import { modelOf } from './model-of.ts';
import type { Env, Model, Row } from '../orm/shapes.ts';

const MAKERS: readonly string[] = ['base.group_partner_manager'];

/** The company a contact belongs to; a company, or a person alone, belongs to itself. */
export function commercialId(row: Row, env: Env): number {
  const parent = row.cells['parent_id'];
  const above = typeof parent === 'number' ? env.tables.find('res.partner', parent) : undefined;
  return above && row.cells['is_company'] !== true ? commercialId(above, env) : row.id;
}

function completeName(row: Row, env: Env): string {
  const parent = row.cells['parent_id'];
  const above = typeof parent === 'number' ? env.tables.find('res.partner', parent) : undefined;
  const own = String(row.cells['name'] ?? '');
  return above && row.cells['is_company'] !== true ? `${String(above.cells['name'])}, ${own}` : own;
}

export const partner: Model = modelOf({
  name: 'res.partner',
  label: 'Contact',
  order: 'complete_name, id desc',
  access: { write: MAKERS, create: MAKERS, unlink: MAKERS },
  displayName: completeName,
  fields: {
    name: char('Name'),
    complete_name: char('Complete Name', { compute: completeName }),
    is_company: boolean('Is a Company'),
    parent_id: many2one('Related Company', 'res.partner'),
    commercial_partner_id: many2one('Commercial Entity', 'res.partner', { compute: commercialId }),
    email: char('Email'),
    phone: char('Phone'),
    vat: char('Tax ID'),
    ref: char('Reference'),
    street: char('Street'),
    zip: char('Zip'),
    city: char('City'),
    country_id: many2one('Country', 'res.country'),
    category_id: many2many('Tags', 'res.partner.category'),
    credit_limit: float('Credit Limit'),
    customer_rank: integer('Customer Rank'),
    supplier_rank: integer('Supplier Rank'),
    comment: html('Notes'),
    credit: monetary('Total Receivable', {
      compute: ({ id }, env) => openItems(env, id, 'asset_receivable'),
    }),
    debit: monetary('Total Payable', { compute: ({ id }, env) => -openItems(env, id, 'liability_payable') }),
    property_payment_term_id: many2one('Customer Payment Terms', 'account.payment.term'),
    property_supplier_payment_term_id: many2one('Vendor Payment Terms', 'account.payment.term'),
    company_id: many2one('Company', 'res.company'),
    active: boolean('Active', { initial: true }),
  },
  beforeCreate: (_env, cells) => {
    if (cells['name'] === undefined || cells['name'] === null) {
      throw validationError('The operation cannot be completed: Contacts require a name');
    }
    return cells;
  },
  beforeUnlink: (env, rows) => {
    const used = env.tables
      .all('account.move')
      .some(({ cells }) => rows.some(({ id }) => cells['partner_id'] === id));
    if (used) {
      throw new OdooError('UserError', 'The partner cannot be deleted because it is used in Accounting');
    }
  },
});

export const partnerCategory: Model = modelOf({
  name: 'res.partner.category',
  label: 'Partner Tags',
  access: { write: MAKERS, create: MAKERS, unlink: MAKERS },
  fields: { name: char('Name', { required: true }) },
});
