import { boolean, char, date, float, integer, many2one, many2many, selection } from '../orm/field.ts';
import { modelOf, SETTINGS } from './model-of.ts';
import type { Model } from '../orm/shapes.ts';

export const company: Model = modelOf({
  name: 'res.company',
  label: 'Companies',
  access: SETTINGS,
  fields: {
    name: char('Company Name', { required: true }),
    partner_id: many2one('Partner', 'res.partner'),
    currency_id: many2one('Currency', 'res.currency', { required: true }),
    tax_calculation_rounding_method: selection('Tax Calculation Rounding Method', [
      ['round_globally', 'Round per Tax'],
      ['round_per_line', 'Round per Line'],
    ]),
    account_sale_tax_id: many2one('Default Sale Tax', 'account.tax'),
    account_purchase_tax_id: many2one('Default Purchase Tax', 'account.tax'),
    /** Up to this day nothing may be posted or changed. */
    fiscalyear_lock_date: date('Global Lock Date'),
  },
});

export const currency: Model = modelOf({
  name: 'res.currency',
  label: 'Currency',
  access: SETTINGS,
  fields: {
    name: char('Currency', { required: true }),
    symbol: char('Symbol'),
    rounding: float('Rounding Factor', { initial: 0.01 }),
    decimal_places: integer('Decimal Places', { initial: 2 }),
    /** How much of it one unit of the company's currency is. */
    rate: float('Current Rate', { initial: 1 }),
    active: boolean('Active', { initial: true }),
  },
});

export const country: Model = modelOf({
  name: 'res.country',
  label: 'Country',
  order: 'name',
  access: SETTINGS,
  fields: { name: char('Country Name', { required: true }), code: char('Country Code') },
});

export const account: Model = modelOf({
  name: 'account.account',
  label: 'Account',
  order: 'code',
  access: SETTINGS,
  fields: {
    name: char('Account Name', { required: true }),
    code: char('Code'),
    account_type: selection(
      'Type',
      [
        ['asset_receivable', 'Receivable'],
        ['liability_payable', 'Payable'],
        ['liability_current', 'Current Liabilities'],
        ['asset_current', 'Current Assets'],
        ['asset_cash', 'Bank and Cash'],
        ['income', 'Income'],
        ['expense', 'Expenses'],
      ],
      { since: 16 },
    ),
    reconcile: boolean('Allow Reconciliation'),
    tax_ids: many2many('Default Taxes', 'account.tax'),
    active: boolean('Active', { initial: true, since: 18 }),
  },
  fields14: {
    internal_type: selection(
      'Internal Type',
      [
        ['receivable', 'Receivable'],
        ['payable', 'Payable'],
        ['liquidity', 'Liquidity'],
        ['other', 'Regular'],
      ],
      {
        compute: ({ cells }) =>
          cells['account_type'] === 'asset_receivable'
            ? 'receivable'
            : cells['account_type'] === 'liability_payable'
              ? 'payable'
              : 'other',
      },
    ),
  },
});

export const journal: Model = modelOf({
  name: 'account.journal',
  label: 'Journal',
  order: 'sequence, type, code',
  access: SETTINGS,
  fields: {
    name: char('Journal Name', { required: true }),
    code: char('Short Code', { required: true }),
    type: selection(
      'Type',
      [
        ['sale', 'Sales'],
        ['purchase', 'Purchase'],
        ['bank', 'Bank'],
        ['cash', 'Cash'],
        ['general', 'Miscellaneous'],
      ],
      { required: true },
    ),
    sequence: integer('Sequence', { initial: 10 }),
    currency_id: many2one('Currency', 'res.currency'),
    company_id: many2one('Company', 'res.company', { initial: 1 }),
    default_account_id: many2one('Default Account', 'account.account'),
    active: boolean('Active', { initial: true }),
  },
});
