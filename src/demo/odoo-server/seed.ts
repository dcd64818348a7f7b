import { allGroups, GROUPS } from './models/groups.ts';
import { timestamp } from './orm/env.ts';
import type { Tables } from './orm/tables.ts';
import type { Cell } from './orm/shapes.ts';

type Cells = Readonly<Record<string, Cell>>;

export interface SeedUser {
  readonly login: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** The people of the demo, and what they may. */
export const SEED_USERS = {
  admin: {
    login: 'admin',
    name: 'Administrator',
    groups: ['base.group_system', 'account.group_account_manager'],
  },
  billing: { login: 'billing', name: 'Billing', groups: ['account.group_account_invoice'] },
  /** The cloud's user: behind the draft guard. */
  draftBot: { login: 'draft-bot', name: 'Draft bot', groups: ['handover_bridge.group_draft_bot'] },
  readOnly: { login: 'readonly', name: 'Auditor', groups: ['account.group_account_readonly'] },
  internal: { login: 'internal', name: 'Clerk', groups: ['base.group_user'] },
} as const satisfies Record<string, SeedUser>;

/**
 * The books of a new company: the generic chart as far as invoices need it, as the real Odoo of the tests has it.
 * @returns the ids of `SEED_USERS`, by login
 */
export function seed(tables: Tables, series: number, guard: boolean, now: Date): ReadonlyMap<string, number> {
  const stamp = { create_date: timestamp(now), write_date: timestamp(now), create_uid: 1, write_uid: 1 };
  const put = (model: string, cells: Cells): number => tables.insert(model, { ...stamp, ...cells }).id;
  const country = put('res.country', { name: 'United States', code: 'US' });
  for (const [name, symbol, decimal_places, active] of CURRENCIES) {
    put('res.currency', { name, symbol, decimal_places, active, rounding: 10 ** -decimal_places, rate: 1 });
  }
  const own = put('res.partner', {
    ...{ name: 'Example Books', email: 'books@example.com', is_company: true, active: true },
    country_id: country,
  });
  const company = put('res.company', {
    ...{ name: 'Example Books', partner_id: own, currency_id: 1 },
    ...{ account_sale_tax_id: 1, account_purchase_tax_id: 2 },
    tax_calculation_rounding_method: series >= 18 ? 'round_globally' : 'round_per_line',
  });
  seedAccounts(put);
  seedTaxes(put, company);
  seedJournals(tables, put, company);
  seedTerms(put, company);
  for (const name of ['Units', 'Hours', 'Days', 'kg', 'm']) put('uom.uom', { name, active: true });
  if (guard) put('base.automation', { name: 'Handover: drafts only', active: true });
  return seedUsers(put, company);
}

/** The company's own is the first; the others wait to be switched on. */
const CURRENCIES = [
  ['USD', '$', 2, true],
  ['EUR', '€', 2, false],
  ['JPY', '¥', 0, false],
] as const;

/** Ids of accounts, in the order they are made below. */
const TAX_RECEIVED = 3;
const TAX_PAID = 4;

type Put = (model: string, cells: Cells) => number;

function seedAccounts(put: Put): void {
  const accounts = [
    ['121000', 'Account Receivable', 'asset_receivable'],
    ['211000', 'Account Payable', 'liability_payable'],
    ['251000', 'Tax Received', 'liability_current'],
    ['131000', 'Tax Paid', 'asset_current'],
    ['400000', 'Product Sales', 'income'],
    ['600000', 'Expenses', 'expense'],
    ['101401', 'Bank', 'asset_cash'],
  ] as const;
  for (const [code, name, account_type] of accounts) {
    const reconcile = account_type === 'asset_receivable' || account_type === 'liability_payable';
    put('account.account', { code, name, account_type, reconcile, active: true });
  }
}

function seedTaxes(put: Put, company: number): void {
  for (const name of ['Tax 15%', 'Tax 0%']) put('account.tax.group', { name });
  const taxes = [
    ['15%', 15, 'sale', 1],
    ['15%', 15, 'purchase', 1],
    ['0% Exports', 0, 'sale', 2],
    ['0% Imports', 0, 'purchase', 2],
    ['7%', 7, 'sale', 1],
  ] as const;
  for (const [name, amount, type_tax_use, tax_group_id] of taxes) {
    const booked_on = type_tax_use === 'sale' ? TAX_RECEIVED : TAX_PAID;
    const rest = {
      booked_on,
      amount_type: 'percent',
      sequence: 1,
      tax_group_id,
      company_id: company,
      active: true,
    };
    put('account.tax', { name, amount, type_tax_use, ...rest });
  }
}

function seedJournals(tables: Tables, put: Put, company: number): void {
  const account = (name: string): number | null =>
    tables.all('account.account').find(({ cells }) => cells['name'] === name)?.id ?? null;
  const journals = [
    ['Sales', 'INV', 'sale', 5, account('Product Sales')],
    ['Purchases', 'BILL', 'purchase', 6, account('Expenses')],
    ['Miscellaneous Operations', 'MISC', 'general', 9, null],
    ['Bank', 'BNK1', 'bank', 7, account('Bank')],
  ] as const;
  for (const [name, code, type, sequence, default_account_id] of journals) {
    put('account.journal', {
      name,
      code,
      type,
      sequence,
      default_account_id,
      company_id: company,
      active: true,
    });
  }
}

function seedTerms(put: Put, company: number): void {
  const terms = [
    ['Immediate Payment', '0'],
    ['15 Days', '15'],
    ['21 Days', '21'],
    ['30 Days', '30'],
    ['45 Days', '45'],
    ['30% Now, Balance 60 Days', '30:0,70:60'],
  ] as const;
  for (const [name, due_days] of terms) {
    put('account.payment.term', { name, due_days, sequence: 10, company_id: company, active: true });
  }
}

/** The first user of a database is Odoo itself; people begin with 2. */
function seedUsers(put: Put, company: number): ReadonlyMap<string, number> {
  const groups = new Map<string, number>();
  for (const [external, { label }] of Object.entries(GROUPS)) {
    const id = put('res.groups', { name: label.split('/').at(-1)?.trim() ?? label, external_id: external });
    groups.set(external, id);
    const [module = '', name = ''] = external.split('.');
    put('ir.model.data', { module, name, model: 'res.groups', res_id: id, noupdate: true });
  }
  put('res.users', {
    login: '__system__',
    name: 'OdooBot',
    active: false,
    company_id: company,
    group_ids: [],
  });
  const ids = new Map<string, number>();
  for (const { login, name, groups: held } of Object.values(SEED_USERS)) {
    const partner = put('res.partner', { name, active: true });
    const all = [...allGroups(held)].flatMap((external) => groups.get(external) ?? []);
    const cells = { login, name, active: true, lang: 'en_US', partner_id: partner, company_id: company };
    ids.set(login, put('res.users', { ...cells, group_ids: all }));
  }
  return ids;
}
