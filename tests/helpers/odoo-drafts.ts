import type { OdooKind } from '../../src/core/odoo/invoice.ts';
import { externalIdOf } from '../../src/core/odoo/external-id.ts';
import { invoiceProperties, invoiceSection } from '../../src/core/odoo/invoice-section.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { DRAFT_CALLS, LIVE_CALLS } from '../../src/odoo/allow-list.ts';
import { createDraft } from '../../src/odoo/create-draft.ts';
import type { DraftInput } from '../../src/odoo/draft-input.ts';
import { type OdooConnection, odooConnection, type OdooSettings } from '../../src/odoo/open-odoo.ts';
import type { Target } from '../../src/odoo/posting/look-at-target.ts';
import type { PostTarget } from '../../src/odoo/posting/sealed-post.ts';
import { readInvoice } from '../../src/odoo/read-invoice.ts';
import { type OdooServer, type OdooUser, startOdoo } from './odoo.ts';

/** A real Odoo with a billing user, a customer and a vendor. */
export interface Books {
  readonly server: OdooServer;
  readonly billing: OdooUser;
  readonly customer: number;
  readonly vendor: number;
  readonly settings: (protocol: OdooSettings['protocol']) => OdooSettings;
  /** Live mode. */
  readonly connect: (protocol?: OdooSettings['protocol']) => OdooConnection;
  /** A draft of this task as the cloud makes it, and what its card would show. */
  readonly draft: (id: TaskId, change?: Partial<DraftInput>) => Promise<PostTarget>;
  /** As a person in Odoo's own pages. */
  readonly person: (method: string, id: number, args?: Record<string, unknown>) => Promise<unknown>;
  readonly look: (id: number) => Promise<MoveRow>;
}

export interface MoveRow {
  readonly state: string;
  readonly name: string | false;
  readonly amount_total: number;
  readonly invoice_line_ids: readonly number[];
}

export async function openBooks(): Promise<Books> {
  const server = await startOdoo();
  const billing = await server.user('billing', ['account.group_account_invoice']);
  const made = async (vals: object) =>
    ((await server.call('res.partner', 'create', { vals_list: [vals] })) as number[])[0] ?? 0;
  const customer = await made({ name: 'ACME & Söhne', email: 'billing@acme.example', is_company: true });
  const vendor = await made({ name: 'Paper Supply', email: 'paper@example.org', is_company: true });
  const taxOf = async (use: string) => {
    const domain = [
      ['type_tax_use', '=', use],
      ['name', '=', '15%'],
    ];
    return ((await server.call('account.tax', 'search', { domain })) as number[]).slice(0, 1);
  };
  const taxes = { sale: await taxOf('sale'), purchase: await taxOf('purchase') };
  const place = { url: server.url, db: server.db, username: billing.login, apiKey: billing.apiKey };
  const settings: Books['settings'] = (protocol) => ({ ...place, protocol, allow: LIVE_CALLS });
  const drafting = odooConnection({ ...settings('auto'), allow: DRAFT_CALLS });
  return {
    server,
    billing,
    customer,
    vendor,
    settings,
    connect: (protocol = 'auto') => odooConnection(settings(protocol)),
    draft: async (id, change = {}) => {
      const odoo = await drafting.get();
      const externalId = externalIdOf(id);
      const taxIds =
        change.type === 'in_invoice' || change.type === 'in_refund' ? taxes.purchase : taxes.sale;
      const lines = LINES.map((line) => ({ ...line, taxIds }));
      const input: DraftInput = { type: 'out_invoice', partnerId: customer, lines, ...change };
      const { id: odooId } = await createDraft(odoo, externalId, input);
      const invoice = await readInvoice(odoo, odooId);
      if (invoice === null) throw new Error('the draft is not there');
      const shown = { section: invoiceSection(invoice), properties: invoiceProperties(invoice) };
      const target: Target = { kind: KINDS[input.type], odooId, externalId, ...shown };
      return { id, ...target, again: false, url: server.url, db: server.db };
    },
    person: (method, id, args = {}) => server.call('account.move', method, { ids: [id], ...args }),
    look: async (id) => {
      const fields = ['state', 'name', 'amount_total', 'invoice_line_ids'];
      const [row] = (await server.call('account.move', 'read', { ids: [id], fields })) as MoveRow[];
      if (row === undefined) throw new Error('it is not there');
      return row;
    },
  };
}

const LINES: DraftInput['lines'] = [
  { label: 'Consulting, November', quantity: 2, priceUnit: 150.25 },
  { label: 'Travel', quantity: 1, priceUnit: 19.99, discount: 10 },
];

const KINDS: Readonly<Record<DraftInput['type'], OdooKind>> = {
  out_invoice: 'odoo_invoice',
  in_invoice: 'odoo_bill',
  out_refund: 'odoo_credit_note',
  in_refund: 'odoo_credit_note',
};
