/** What the contract is tried on: a server, its people, and books that are the same on every server. */
import { type AllowList, DRAFT_CALLS, LIVE_CALLS } from '../../../src/odoo/allow-list.ts';
import { createDraft } from '../../../src/odoo/create-draft.ts';
import type { DraftInput, DraftLine } from '../../../src/odoo/draft-input.ts';
import type { Invoice } from '../../../src/core/odoo/invoice.ts';
import { OdooFault } from '../../../src/odoo/faults.ts';
import type { Odoo, OdooProtocol, OdooValue } from '../../../src/odoo/odoo.ts';
import { openOdoo } from '../../../src/odoo/open-odoo.ts';
import { readInvoice } from '../../../src/odoo/read-invoice.ts';

export interface ContractUser {
  readonly login: string;
  readonly apiKey: string;
  readonly uid: number;
}

export interface ContractServer {
  readonly url: string;
  readonly db: string;
  readonly admin: ContractUser;
  /** Invoicing. */
  readonly billing: ContractUser;
  /** Behind the draft guard. */
  readonly draftBot: ContractUser;
  /** Accounting, readonly. */
  readonly readOnly: ContractUser;
  /** A user of Odoo with no right to the books. */
  readonly internal: ContractUser;
  /** Invoicing, with a key that has ended. */
  readonly lapsed: ContractUser;
  stop(): Promise<void>;
}

export const PROTOCOLS: readonly OdooProtocol[] = ['json2', 'jsonrpc', 'xmlrpc'];

export const TAXES = ['t15', 't7', 'in20', 'in5', 'eco', 'base3', 'div10', 'inbase4', 'buy15'] as const;
export type TaxName = (typeof TAXES)[number];

export interface Books {
  readonly server: ContractServer;
  /** JSON-2 as administrator, for arranging. @throws Error for everything but 200 */
  call(model: string, method: string, args: object): Promise<unknown>;
  /** The id of a new record. */
  make(model: string, values: object): Promise<number>;
  readonly taxes: Readonly<Record<TaxName, number>>;
  readonly customer: number;
  readonly vendor: number;
  /** Pays within 15 days. */
  readonly termed: number;
  readonly product: number;
  readonly currencies: Readonly<Record<'EUR' | 'JPY', number>>;
}

export async function openBooks(server: ContractServer): Promise<Books> {
  const call: Books['call'] = async (model, method, args) => {
    const answer = await fetch(`${server.url}/json/2/${model}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `bearer ${server.admin.apiKey}` },
      body: JSON.stringify(args),
    });
    if (answer.status !== 200) throw new Error(`${model}.${method}: ${await answer.text()}`);
    return answer.json();
  };
  const make: Books['make'] = async (model, values) =>
    ((await call(model, 'create', { vals_list: [values] })) as [number])[0];
  const find = async (model: string, ...domain: unknown[]): Promise<number> =>
    ((await call(model, 'search', { domain })) as [number])[0];
  const currency = async (name: string): Promise<number> => {
    const id = await find('res.currency', ['name', '=', name], ['active', 'in', [true, false]]);
    await call('res.currency', 'write', { ids: [id], vals: { active: true } });
    return id;
  };
  const included = { price_include_override: 'tax_included' };
  const taxes: Record<TaxName, number> = {
    t15: await find('account.tax', ['name', '=', '15%'], ['type_tax_use', '=', 'sale']),
    t7: await find('account.tax', ['name', '=', '7%'], ['type_tax_use', '=', 'sale']),
    buy15: await find('account.tax', ['name', '=', '15%'], ['type_tax_use', '=', 'purchase']),
    in20: await make('account.tax', { name: '20% in it', amount: 20, sequence: 2, ...included }),
    in5: await make('account.tax', { name: '5% in it', amount: 5, sequence: 3, ...included }),
    eco: await make('account.tax', { name: 'eco', amount: 1.13, amount_type: 'fixed', sequence: 1 }),
    base3: await make('account.tax', { name: '3% first', amount: 3, include_base_amount: true, sequence: 1 }),
    div10: await make('account.tax', {
      name: '10% of all',
      amount: 10,
      amount_type: 'division',
      sequence: 5,
    }),
    inbase4: await make('account.tax', {
      ...{ name: '4% first, in it', amount: 4, include_base_amount: true, sequence: 1 },
      ...included,
    }),
  };
  const term = await find('account.payment.term', ['name', '=', '15 Days']);
  return {
    ...{ server, call, make, taxes },
    currencies: { EUR: await currency('EUR'), JPY: await currency('JPY') },
    customer: await make('res.partner', {
      ...{ name: 'Müller & Söhne <GmbH> ☕', email: 'billing@mueller.example', vat: 'X-77' },
      ...{ ref: 'C-1', city: 'Wien', is_company: true },
    }),
    vendor: await make('res.partner', { name: 'Paper Supply', email: 'paper@example.org' }),
    termed: await make('res.partner', { name: 'Later & Co', property_payment_term_id: term }),
    product: await make('product.product', {
      ...{ name: 'Consulting', default_code: 'CONS', barcode: '4006381333931', list_price: 120 },
      taxes_id: [[6, 0, [taxes.t7]]],
    }),
  };
}

export function connect(
  { url, db }: ContractServer,
  protocol: OdooProtocol | 'auto',
  user: ContractUser,
  allow: AllowList = DRAFT_CALLS,
): Promise<Odoo> {
  return openOdoo({ url, db, username: user.login, apiKey: user.apiKey, protocol, allow });
}

/** One protocol's way to the books, as the person of billing. */
export interface Desk extends Books {
  readonly protocol: OdooProtocol;
  readonly odoo: Odoo;
  /** May also post. */
  readonly live: Odoo;
}

export async function openDesk(books: Books, protocol: OdooProtocol): Promise<Desk> {
  const { server } = books;
  return {
    ...books,
    protocol,
    odoo: await connect(server, protocol, server.billing),
    live: await connect(server, protocol, server.billing, LIVE_CALLS),
  };
}

/** Different for each protocol: they share the books. */
export const keyOf = ({ protocol }: Desk, name: string): string => `handover_bridge.od_${protocol}_${name}`;

export const line = (label: string, priceUnit: number, change: Partial<DraftLine> = {}): DraftLine => ({
  ...{ label, quantity: 1, priceUnit, taxIds: [] },
  ...change,
});

export const draftOf = ({ customer }: Books, change: Partial<DraftInput> = {}): DraftInput => ({
  ...{ type: 'out_invoice', partnerId: customer, invoiceDate: '2026-11-20', lines: [line('Work', 100)] },
  ...change,
});

export async function drafted(desk: Desk, name: string, change: Partial<DraftInput> = {}): Promise<number> {
  return (await createDraft(desk.odoo, keyOf(desk, name), draftOf(desk, change))).id;
}

export const post = ({ live }: Desk, id: number): Promise<OdooValue> =>
  live.call({ model: 'account.move', method: 'action_post', ids: [id], args: {} });

export async function invoice(odoo: Odoo, id: number): Promise<Invoice> {
  const found = await readInvoice(odoo, id);
  if (found === null) throw new Error('it is gone');
  return found;
}

/** What follows from the failure, and its words. */
export async function faultOf(call: Promise<unknown>): Promise<readonly [code: string, words: string]> {
  try {
    return ['none', JSON.stringify(await call)];
  } catch (error) {
    if (!(error instanceof OdooFault)) throw error;
    return [error.code, error.message];
  }
}
