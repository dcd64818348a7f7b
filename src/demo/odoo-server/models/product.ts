import { boolean, char, float, many2one, many2many } from '../orm/field.ts';
import { modelOf } from './model-of.ts';
import type { Env, Model } from '../orm/shapes.ts';

const companyTax = (name: string) => (env: Env) => {
  const tax = env.tables.find('res.company', 1)?.cells[name];
  return typeof tax === 'number' ? [tax] : [];
};

export const product: Model = modelOf({
  name: 'product.product',
  label: 'Product Variant',
  order: 'default_code, name, id',
  access: {
    write: ['base.group_system'],
    create: ['base.group_system'],
    unlink: ['base.group_system'],
  },
  displayName: ({ cells }) => {
    const code = cells['default_code'];
    return typeof code === 'string' ? `[${code}] ${String(cells['name'])}` : (cells['name'] ?? null);
  },
  fields: {
    name: char('Name', { required: true }),
    default_code: char('Internal Reference'),
    barcode: char('Barcode'),
    list_price: float('Sales Price', { initial: 1 }),
    lst_price: float('Sales Price', { compute: ({ cells }) => cells['list_price'] ?? 0 }),
    standard_price: float('Cost'),
    uom_id: many2one('Unit', 'uom.uom', { initial: 1 }),
    taxes_id: many2many('Sales Taxes', 'account.tax', { initial: companyTax('account_sale_tax_id') }),
    supplier_taxes_id: many2many('Purchase Taxes', 'account.tax', {
      initial: companyTax('account_purchase_tax_id'),
    }),
    sale_ok: boolean('Sales', { initial: true }),
    purchase_ok: boolean('Purchase', { initial: true }),
    description_sale: char('Sales Description'),
    company_id: many2one('Company', 'res.company'),
    active: boolean('Active', { initial: true }),
  },
});

export const unit: Model = modelOf({
  name: 'uom.uom',
  label: 'Product Unit of Measure',
  fields: { name: char('Unit Name', { required: true }), active: boolean('Active', { initial: true }) },
});
