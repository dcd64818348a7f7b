/**
 * A note that asks for an invoice, a bill or a credit note, read without guessing: what is missing or can be read in two ways is
 * said to the user, every fault at once.
 */
import { isMailAddress } from '../address-list.ts';
import { visibleText } from '../neutralise.ts';
import { flag, list, type TaskNote, text } from '../task-file.ts';
import { parseAmount } from './amounts.ts';
import type { MoveType, OdooKind } from './invoice.ts';
import { readInvoiceBody } from './invoice-body.ts';
import { findTable, readLinesTable, type RequestLine } from './lines-table.ts';
import { odooKind } from './post-action.ts';
import { linesPart, notePart } from './request-text.ts';

export type PartnerWish =
  | { readonly by: 'id'; readonly id: number }
  | { readonly by: 'email'; readonly email: string }
  | { readonly by: 'name'; readonly name: string };

export interface AskedLine {
  /** Name, code or `#12`; '' for none. */
  readonly product: string;
  /** '' only with a product: its own words then. */
  readonly description: string;
  /** Exact decimal text; so are price and discount. */
  readonly quantity: string;
  readonly unit: string;
  /** Null only with a product: Odoo's price. */
  readonly price: string | null;
  /** Per cent. */
  readonly discount: string | null;
  /** Null: not said. Empty: none, in so many words. */
  readonly taxes: readonly string[] | null;
}

export interface InvoiceRequest {
  readonly kind: OdooKind;
  readonly type: MoveType;
  readonly role: 'customer' | 'vendor';
  readonly partner: PartnerWish;
  /** ISO code; null: the company's. */
  readonly currency: string | null;
  /** `YYYY-MM-DD`. */
  readonly invoiceDate: string | null;
  readonly dueDate: string | null;
  readonly paymentTerms: string | null;
  readonly reference: string;
  /** Number of the document that a credit note is for; '' for other kinds. */
  readonly credits: string;
  readonly journal: string | null;
  readonly coveringMail: boolean;
  readonly lines: readonly AskedLine[];
  /** Plain text for the document. */
  readonly terms: string;
}

export type ReadRequest =
  | { readonly ok: true; readonly request: InvoiceRequest }
  | { readonly ok: false; readonly faults: readonly string[] };

const MAX_TEXT = 200;
const MAX_LABEL = 2_000;
const MAX_TERMS = 4_000;
const MAX_FAULTS = 20;

/** @param note a request, or a card that comes back with its request below `## Request` */
export function readRequest(note: TaskNote): ReadRequest {
  const faults: string[] = [];
  const kind = odooKind(note);
  if (kind === null) faults.push('The property `kind` must be odoo_invoice, odoo_bill or odoo_credit_note.');
  const field = fieldReader(note, faults);
  const whom = partnerOf(field, kind, faults);
  const currency = currencyOf(field('currency'), faults);
  const invoiceDate = dateOf(field('invoice_date'), 'invoice_date', faults);
  const dueDate = dateOf(field('due_date'), 'due_date', faults);
  if (invoiceDate !== null && dueDate !== null && dueDate < invoiceDate)
    faults.push(`\`due_date\` (${dueDate}) lies before \`invoice_date\` (${invoiceDate}).`);
  const reference = field('purchase_reference');
  const credits = kind === 'odoo_credit_note' ? field('credits') : '';
  const ofVendor = kind === 'odoo_bill' || (kind === 'odoo_credit_note' && whom?.role === 'vendor');
  const document = kind === 'odoo_bill' ? 'A bill' : "A vendor's credit note";
  if (ofVendor && invoiceDate === null)
    faults.push(`${document} needs the date on it: write it into \`invoice_date\`.`);
  if (ofVendor && reference === '')
    faults.push(`${document} needs the vendor's number: write it into \`purchase_reference\`.`);
  const paymentTerms = field('payment_terms') || null;
  if (paymentTerms !== null && dueDate !== null)
    faults.push('Both `payment_terms` and `due_date` are filled in: empty one of them.');
  if (kind === 'odoo_credit_note' && credits === '')
    faults.push('Which document is credited? Write its number into `credits`, such as INV/2026/00001.');
  const source = readInvoiceBody(note.body).request;
  const lines = linesOf(source, currency, faults);
  const terms = termsOf(source, faults);
  if (faults.length > 0 || kind === null || whom === null) return { ok: false, faults: some(faults) };
  const { role, partner } = whom;
  return {
    ok: true,
    request: {
      kind,
      type: TYPES[kind][role],
      role,
      partner,
      currency,
      invoiceDate,
      dueDate,
      paymentTerms,
      reference,
      credits,
      journal: field('journal') || null,
      coveringMail: flag(note, 'covering_mail') ?? false,
      lines,
      terms,
    },
  };
}

/** A form from a template that nobody filled in yet: no partner and not one line. Anything else is read, faults and all. */
export function isBlankRequest(note: TaskNote): boolean {
  if (odooKind(note) === null) return false;
  if (['customer', 'vendor'].some((key) => (text(note, key) ?? '').trim() !== '')) return false;
  const { request, invoice } = readInvoiceBody(note.body);
  if (invoice !== null || text(note, 'drafted_at') !== undefined) return false;
  const part = linesPart(request);
  const table = findTable(part);
  if (table === null) return false;
  const read = readLinesTable(part.slice(table.from, table.to));
  return read.ok && read.lines.length === 0;
}

const TYPES: Readonly<Record<OdooKind, Readonly<Record<'customer' | 'vendor', MoveType>>>> = {
  odoo_invoice: { customer: 'out_invoice', vendor: 'out_invoice' },
  odoo_bill: { customer: 'in_invoice', vendor: 'in_invoice' },
  odoo_credit_note: { customer: 'out_refund', vendor: 'in_refund' },
};

function some(faults: readonly string[]): readonly string[] {
  const shown = faults.slice(0, MAX_FAULTS);
  return faults.length > shown.length ? [...shown, `(and ${faults.length - shown.length} more)`] : shown;
}

/**
 * Text of a property, one line. A value that Odoo filled in on the card is not the user's wish: it is remembered in `from_odoo` as
 * `key=value`, and counts as empty while it is unchanged.
 */
function fieldReader(note: TaskNote, faults: string[]): (key: string) => string {
  const filled = new Set(list(note, 'from_odoo'));
  return (key) => {
    const typed = (text(note, key) ?? '').replace(/\s+/g, ' ').trim();
    if (typed === '' || filled.has(`${key}=${typed}`)) return '';
    if (visibleText(typed).hidden > 0) faults.push(`\`${key}\` holds a hidden character. Type it again.`);
    if (typed.length <= MAX_TEXT) return typed;
    faults.push(`\`${key}\` is longer than ${MAX_TEXT} characters.`);
    return typed.slice(0, MAX_TEXT);
  };
}

function partnerOf(
  field: (key: string) => string,
  kind: OdooKind | null,
  faults: string[],
): { readonly role: 'customer' | 'vendor'; readonly partner: PartnerWish } | null {
  const [customer, vendor] = [field('customer'), field('vendor')];
  const right = kind === 'odoo_bill' ? 'vendor' : 'customer';
  if (customer !== '' && vendor !== '') {
    faults.push('Both `customer` and `vendor` are filled in: empty one of them.');
    return null;
  }
  const role = vendor !== '' ? 'vendor' : 'customer';
  const name = customer || vendor;
  if (name === '') {
    faults.push(
      `For whom? Write a name, an e-mail address or Odoo's number ("#42") into the property \`${right}\`.`,
    );
    return null;
  }
  if (kind !== 'odoo_credit_note' && role !== right) {
    faults.push(
      kind === 'odoo_bill'
        ? 'A bill comes from a vendor: move the name from `customer` to `vendor`.'
        : 'An invoice goes to a customer: move the name from `vendor` to `customer`.',
    );
    return null;
  }
  const partner = partnerWish(name);
  if (partner === null) {
    faults.push(
      `\`${role}: ${name}\` is only a number. For Odoo's own number write "#${name}", otherwise the name.`,
    );
    return null;
  }
  return { role, partner };
}

/** `#42`, `jane@acme.example`, `Jane <jane@acme.example>`, `[[ACME GmbH]]`, `ACME GmbH`; null for bare digits. */
export function partnerWish(typed: string): PartnerWish | null {
  const name = linkTarget(typed);
  const id = /^#\s?(\d{1,9})$/.exec(name)?.[1];
  if (id !== undefined && Number(id) > 0) return { by: 'id', id: Number(id) };
  if (/^\d+$/.test(name)) return null;
  const email = (/<([^<>]+)>$/.exec(name)?.[1] ?? name).trim();
  if (isMailAddress(email)) return { by: 'email', email };
  return { by: 'name', name };
}

/** `[[Contacts/ACME GmbH|them]]` is ACME GmbH; anything else is itself. */
function linkTarget(typed: string): string {
  const target = /^\[\[([^\]|#]+)(?:[#|][^\]]*)?\]\]$/.exec(typed)?.[1];
  return (target === undefined ? typed : (target.split('/').at(-1) ?? target).replace(/\.md$/, '')).trim();
}

/** Signs that mean one currency only; `$` and `kr` mean several. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  ['€', 'EUR'],
  ['EURO', 'EUR'],
  ['£', 'GBP'],
]);

function currencyOf(typed: string, faults: string[]): string | null {
  if (typed === '') return null;
  const code = SIGNS.get(typed.toUpperCase()) ?? typed.toUpperCase();
  if (/^[A-Z]{3}$/.test(code)) return code;
  faults.push(`\`currency: ${typed.slice(0, 20)}\` is no currency code. Write EUR, USD, CHF …`);
  return null;
}

function dateOf(typed: string, key: string, faults: string[]): string | null {
  if (typed === '') return null;
  const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$/.exec(typed);
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(typed);
  const [year, month, day] = iso ? iso.slice(1, 4) : dotted ? [dotted[3], dotted[2], dotted[1]] : [];
  const date = `${year ?? ''}-${(month ?? '').padStart(2, '0')}-${(day ?? '').padStart(2, '0')}`;
  const ms = Date.parse(`${date}T00:00:00Z`);
  if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)) return date;
  faults.push(`\`${key}: ${typed.slice(0, 30)}\` is no date. Write it as 2026-11-30.`);
  return null;
}

function linesOf(source: string, currency: string | null, faults: string[]): readonly AskedLine[] {
  const part = linesPart(source);
  const table = findTable(part);
  if (table === null) {
    faults.push('There is no table of lines under `## Lines`.');
    return [];
  }
  if (findTable(part, table.to) !== null)
    faults.push('There is a second table under `## Lines`; only one is read.');
  const read = readLinesTable(part.slice(table.from, table.to));
  if (!read.ok) {
    faults.push(...read.faults);
    return [];
  }
  if (read.lines.length === 0) faults.push('The table under `## Lines` has no lines yet.');
  return read.lines.map((line, at) => askedLine(line, `Line ${at + 1}`, currency, faults));
}

function askedLine(line: RequestLine, where: string, currency: string | null, faults: string[]): AskedLine {
  const amount = (what: string, typed: string): string | null => {
    if (typed === '') return null;
    const read = parseAmount(typed);
    if (read.ok) return read.value;
    faults.push(`${where}, ${what}: ${read.words}`);
    return null;
  };
  const product = linkTarget(line.product);
  const description = line.description;
  if (product === '' && description === '') faults.push(`${where} has neither a product nor a description.`);
  for (const cell of [product, description, line.unit, line.taxes]) {
    if (visibleText(cell).hidden === 0) continue;
    faults.push(`${where} holds a hidden character. Type it again.`);
  }
  if (description.length > MAX_LABEL)
    faults.push(`${where}: the description is longer than ${MAX_LABEL} characters.`);
  for (const [what, cell] of Object.entries({ product, unit: line.unit, taxes: line.taxes })) {
    if (cell.length > MAX_TEXT) faults.push(`${where}: ${what} is longer than ${MAX_TEXT} characters.`);
  }
  const price = amount('price', withoutCurrency(line.price, currency, where, faults));
  if (line.price === '' && product === '') faults.push(`${where} has no price.`);
  const discount = amount('discount', line.discount.replace(/\s*%$/, ''));
  if (discount !== null && (Number(discount) < 0 || Number(discount) > 100))
    faults.push(`${where}: a discount of ${discount} % is not between 0 and 100.`);
  return {
    product,
    description,
    quantity: amount('quantity', line.quantity) ?? '1',
    unit: line.unit,
    price,
    discount,
    taxes: taxesOf(line.taxes),
  };
}

/** `100 €` and `EUR 100` are read where they say what the property `currency` says. */
function withoutCurrency(typed: string, currency: string | null, where: string, faults: string[]): string {
  const found = /^(?:(€|£|[A-Za-z]{3}|\$)\s*)?(.*?)(?:\s*(€|£|[A-Za-z]{3}|\$))?$/su.exec(typed);
  const sign = found?.[1] ?? found?.[3];
  if (sign === undefined) return typed;
  const code = SIGNS.get(sign) ?? sign.toUpperCase();
  if (code !== currency)
    faults.push(
      `${where}: the price is in ${code}, the property \`currency\` says ${currency ?? 'nothing'}. Write the same currency into it.`,
    );
  return found?.[2] ?? typed;
}

const NO_TAX = new Set(['none', 'no', 'no tax', 'without', '-', '–', 'keine', 'keine steuer', 'ohne']);

/** Tax names may hold commas, so only `;`, a new line and a plus between spaces part them. */
function taxesOf(cell: string): readonly string[] | null {
  if (cell === '') return null;
  if (NO_TAX.has(cell.toLowerCase())) return [];
  return cell
    .split(/[;\n]| \+ /)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function termsOf(source: string, faults: string[]): string {
  const terms = notePart(source);
  if (visibleText(terms).hidden > 0) faults.push('The text under `## Note` holds a hidden character.');
  if (terms.length > MAX_TERMS)
    faults.push(`The text under \`## Note\` is longer than ${MAX_TERMS} characters.`);
  return terms;
}
