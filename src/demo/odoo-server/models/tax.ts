import { boolean, char, float, integer, many2one, many2many, selection } from '../orm/field.ts';
import { modelOf, SETTINGS } from './model-of.ts';
import type { Model } from '../orm/shapes.ts';

export const tax: Model = modelOf({
  name: 'account.tax',
  label: 'Tax',
  order: 'sequence, id',
  access: SETTINGS,
  fields: {
    name: char('Tax Name', { required: true }),
    type_tax_use: selection(
      'Tax Type',
      [
        ['sale', 'Sales'],
        ['purchase', 'Purchases'],
        ['none', 'None'],
      ],
      { required: true, initial: 'sale' },
    ),
    amount_type: selection(
      'Tax Computation',
      [
        ['group', 'Group of Taxes'],
        ['fixed', 'Fixed'],
        ['percent', 'Percentage'],
        ['division', 'Percentage Tax Included'],
      ],
      { required: true, initial: 'percent' },
    ),
    amount: float('Amount', { required: true }),
    price_include: boolean('Price Include', {
      since: 18,
      compute: ({ cells }) => cells['price_include_override'] === 'tax_included',
    }),
    price_include_override: selection(
      'Included in Price',
      [
        ['tax_included', 'Tax Included'],
        ['tax_excluded', 'Tax Excluded'],
      ],
      { since: 18 },
    ),
    include_base_amount: boolean('Affect Base of Subsequent Taxes'),
    children_tax_ids: many2many('Children Taxes', 'account.tax'),
    sequence: integer('Sequence', { initial: 1 }),
    invoice_label: char('Label on Invoices', { since: 17 }),
    description: char('Description'),
    tax_group_id: many2one('Tax Group', 'account.tax.group', { initial: 1 }),
    company_id: many2one('Company', 'res.company', { initial: 1 }),
    active: boolean('Active', { initial: true }),
  },
  fields14: { price_include: boolean('Included in Price') },
});

export const taxGroup: Model = modelOf({
  name: 'account.tax.group',
  label: 'Tax Group',
  access: SETTINGS,
  fields: { name: char('Name', { required: true }) },
});

export const paymentTerm: Model = modelOf({
  name: 'account.payment.term',
  label: 'Payment Terms',
  access: SETTINGS,
  fields: {
    name: char('Payment Terms', { required: true }),
    /** Ours: days until it is due, by instalment; Odoo has a model of lines for it. */
    due_days: char('Due', { initial: '0' }),
    sequence: integer('Sequence', { initial: 10 }),
    company_id: many2one('Company', 'res.company'),
    active: boolean('Active', { initial: true }),
  },
});

export const fiscalPosition: Model = modelOf({
  name: 'account.fiscal.position',
  label: 'Fiscal Position',
  access: SETTINGS,
  fields: { name: char('Fiscal Position', { required: true }) },
});

export const bankAccount: Model = modelOf({
  name: 'res.partner.bank',
  label: 'Bank Account',
  access: SETTINGS,
  displayName: ({ cells }) => cells['acc_number'] ?? null,
  fields: {
    acc_number: char('Account Number', { required: true }),
    partner_id: many2one('Account Holder', 'res.partner'),
    active: boolean('Active', { initial: true }),
  },
});
