/**
 * What may be asked of Odoo: model, method, fields and values. The key may be able to do more; this program is not.
 * `action_post` is not the only way to post: `write({state})`, `auto_post`, a context with `default_state`, a column of
 * `load` do it too. So it is a list of what is allowed, and every call of every transport goes through it.
 */
import { EXTERNAL_MODULE } from '../core/odoo/external-id.ts';
import { MOVE_TYPES } from '../core/odoo/invoice.ts';
import type { OdooValue } from './odoo.ts';

export interface AllowList {
  /** For the message of a refusal. */
  readonly name: string;
  readonly models: Readonly<Record<string, AllowedModel>>;
}

export interface AllowedModel {
  /** May be read, searched and sorted by. */
  readonly reads: readonly string[];
  /** May be a key of values, or the field of a column of `load`. */
  readonly writes: readonly string[];
  /** Fields of `writes` that hold new records, and what may be set in them. Others take plain values. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
  /** Where only some values are allowed. */
  readonly values: Readonly<Record<string, readonly OdooValue[]>>;
  readonly methods: Readonly<Record<string, AllowedMethod>>;
}

export interface AllowedMethod {
  /** In the order of the method's own parameters: JSON-RPC and XML-RPC send them by position. */
  readonly args: Readonly<Record<string, ArgRule>>;
  /** Decides the deadline, and whether a lost answer is a doubt. */
  readonly writes: boolean;
  readonly on: 'model' | 'records' | 'one record';
  /** May be given, with exactly these values; nothing else. */
  readonly context?: Readonly<Record<string, OdooValue>>;
}

export type ArgRule =
  | 'fields'
  | 'domain'
  | 'order'
  /** A whole number from 0 on. */
  | 'count'
  /** Values of one record. */
  | 'values'
  /** Of new records. */
  | 'list of values'
  /** Columns and rows of `load`, the first column being a key of ours. */
  | 'columns'
  | 'rows'
  | 'text'
  /** Not looked at. For the tables of the guard. */
  | 'anything'
  | { readonly oneOf: readonly OdooValue[] };

const READ: AllowedMethod = { args: { fields: 'fields' }, writes: false, on: 'records' };
const SEARCH_READ: AllowedMethod = {
  args: { domain: 'domain', fields: 'fields', offset: 'count', limit: 'count', order: 'order' },
  writes: false,
  on: 'model',
};
const LOAD: AllowedMethod = {
  args: { fields: 'columns', data: 'rows' },
  writes: true,
  on: 'model',
  // Creates once: a key that is there already is left alone.
  context: { mode: 'update', noupdate: true },
};

function readOnly(reads: readonly string[]): AllowedModel {
  return { reads, writes: [], parts: {}, values: {}, methods: { read: READ, search_read: SEARCH_READ } };
}

/** Of account.move: what a request may decide. No `state`, no `auto_post`, no `name`, no `date`, no `line_ids`. */
const MOVE_WRITES = [
  'move_type',
  'partner_id',
  'currency_id',
  'journal_id',
  'invoice_date',
  'invoice_date_due',
  'invoice_payment_term_id',
  'ref',
  'invoice_origin',
  'narration',
  'invoice_line_ids',
] as const;

const LINE_WRITES = [
  'name',
  'quantity',
  'price_unit',
  'discount',
  'product_id',
  'account_id',
  'tax_ids',
] as const;

const MOVE: AllowedModel = {
  reads: [
    ...[
      'id',
      'name',
      'state',
      'move_type',
      'posted_before',
      'auto_post',
      'write_date',
      'create_date',
      'date',
    ],
    ...['partner_id', 'commercial_partner_id', 'company_id', 'company_currency_id', 'currency_id'],
    ...['journal_id', 'invoice_date', 'invoice_date_due', 'invoice_payment_term_id', 'ref', 'invoice_origin'],
    ...['narration', 'fiscal_position_id', 'partner_bank_id', 'payment_state', 'payment_reference'],
    'tax_lock_date_message',
    ...['amount_untaxed', 'amount_tax', 'amount_total', 'amount_residual', 'amount_residual_signed'],
  ],
  writes: MOVE_WRITES,
  parts: { invoice_line_ids: LINE_WRITES },
  values: { move_type: MOVE_TYPES },
  methods: {
    read: READ,
    search_read: SEARCH_READ,
    load: LOAD,
    write: { args: { vals: 'values' }, writes: true, on: 'one record' },
  },
};

const MOVE_LINE = readOnly([
  ...[
    'id',
    'move_id',
    'display_type',
    'exclude_from_invoice_tab',
    'sequence',
    'name',
    'product_id',
    'quantity',
  ],
  ...['product_uom_id', 'price_unit', 'discount', 'tax_ids', 'account_id', 'price_subtotal', 'price_total'],
  ...['tax_line_id', 'amount_currency'],
]);

const ATTACHMENT: AllowedModel = {
  reads: ['id', 'name', 'checksum', 'file_size', 'mimetype', 'res_model', 'res_id', 'create_date'],
  writes: ['name', 'datas', 'mimetype', 'res_model', 'res_id'],
  parts: {},
  values: { res_model: ['account.move'] },
  methods: { read: READ, search_read: SEARCH_READ, load: LOAD },
};

const EXTERNAL_IDS: AllowedModel = {
  ...readOnly([]),
  methods: {
    check_object_reference: {
      args: { module: { oneOf: [EXTERNAL_MODULE] }, xml_id: 'text' },
      writes: false,
      on: 'model',
    },
  },
};

const USERS: AllowedModel = {
  ...readOnly(['id', 'login', 'name', 'company_id']),
  methods: { read: READ, context_get: { args: {}, writes: false, on: 'model' } },
};

/** The cloud: look up, make and change drafts. */
export const DRAFT_CALLS: AllowList = {
  name: 'draft',
  models: {
    'account.move': MOVE,
    'account.move.line': MOVE_LINE,
    'ir.attachment': ATTACHMENT,
    'ir.model.data': EXTERNAL_IDS,
    'res.users': USERS,
    'res.company': readOnly(['id', 'name', 'currency_id']),
    'res.currency': readOnly(['id', 'name', 'decimal_places', 'active']),
    'res.partner': readOnly([
      ...['id', 'name', 'display_name', 'is_company', 'vat', 'email', 'country_id', 'street', 'city'],
      ...['ref', 'parent_id', 'commercial_partner_id'],
    ]),
    'product.product': readOnly([
      ...['id', 'name', 'display_name', 'default_code', 'barcode', 'lst_price', 'uom_id', 'taxes_id'],
      ...['supplier_taxes_id', 'sale_ok', 'purchase_ok'],
    ]),
    'account.tax': readOnly([
      ...['id', 'name', 'display_name', 'type_tax_use', 'amount', 'amount_type', 'price_include'],
      ...['company_id', 'sequence'],
    ]),
    'account.journal': readOnly(['id', 'name', 'code', 'type', 'currency_id', 'company_id', 'sequence']),
    'account.payment.term': readOnly(['id', 'name', 'display_name', 'sequence']),
  },
};

/** "Send & Print" of an invoice, with nothing to choose but the way that only draws the PDF. */
const DRAW_PDF: AllowedModel = {
  reads: ['sending_methods'],
  writes: ['move_id', 'sending_methods'],
  parts: {},
  values: { sending_methods: [['manual']] },
  methods: {
    read: READ,
    create: { args: { vals_list: 'list of values' }, writes: true, on: 'model' },
    action_send_and_print: { args: {}, writes: true, on: 'one record' },
  },
};

/** The laptop: that, posting one approved draft, and its PDF. */
export const LIVE_CALLS: AllowList = {
  name: 'live',
  models: {
    ...DRAFT_CALLS.models,
    'account.move': {
      ...MOVE,
      reads: [...MOVE.reads, 'invoice_pdf_report_id'],
      methods: { ...MOVE.methods, action_post: { args: {}, writes: true, on: 'one record' } },
    },
    'account.move.send.wizard': DRAW_PDF,
    'ir.attachment': { ...ATTACHMENT, reads: [...ATTACHMENT.reads, 'datas'] },
  },
};
