/**
 * What the user reads of a draft and what the laptop compares before it posts: the same text. The cloud renders it from what Odoo
 * computed, the laptop renders it again from what Odoo holds then; equal byte for byte, or the card comes back.
 */
import { createHash } from 'node:crypto';
import { propertyText } from '../neutralise.ts';
import { decimalText, moneyText } from './amounts.ts';
import { cellText, inlineText } from './cell-text.ts';
import type { Invoice, InvoiceLine, MoveType, Named } from './invoice.ts';

const DOCUMENT_WORDS: Readonly<Record<MoveType, string>> = {
  out_invoice: 'Customer invoice',
  in_invoice: 'Vendor bill',
  out_refund: 'Credit note to a customer',
  in_refund: 'Credit note of a vendor',
};

/** The text under `## Invoice`, without the heading. */
export function invoiceSection(invoice: Invoice): string {
  return [
    ...headLines(invoice),
    '',
    ...lineTable(invoice),
    '',
    ...totals(invoice),
    ...(invoice.terms === '' ? [] : ['', `**Terms on the document** ${cellText(invoice.terms)}`]),
    '',
    `Fingerprint: ${fingerprint(invoice)}`,
  ].join('\n');
}

/** The properties of a card that are compared as well, since they are what Obsidian shows first. */
export function invoiceProperties(invoice: Invoice) {
  return {
    odoo_id: invoice.id,
    partner: propertyText(invoice.partner?.name ?? '', 200),
    currency: propertyText(invoice.currency.name, 20),
    amount_total: Object.is(invoice.total, -0) ? 0 : invoice.total,
    invoice_date: invoice.invoiceDate,
    due_date: invoice.dueDate,
  } as const;
}

/**
 * First 16 hex digits of SHA-256 over everything that must not change between the card and the posting, line ids included: all but
 * state, number, write date and payment state.
 */
export function fingerprint(invoice: Invoice): string {
  const fixed = Object.entries(invoice).filter(([key]) => !VOLATILE.has(key));
  return createHash('sha256')
    .update(JSON.stringify(sorted(Object.fromEntries(fixed))))
    .digest('hex')
    .slice(0, 16);
}

const VOLATILE = new Set(['state', 'postedBefore', 'number', 'writeDate', 'paymentState']);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, sorted(inner)]);
}

function headLines(invoice: Invoice): string[] {
  const { type, partner } = invoice;
  const bill = type === 'in_invoice' || type === 'in_refund';
  const named = (what: string, value: Named | null) =>
    value === null ? [] : [[what, inlineText(value.name)]];
  const plain = (what: string, value: string) => (value === '' ? [] : [[what, inlineText(value)]]);
  const rows: readonly (readonly string[])[] = [
    ['Document', `${DOCUMENT_WORDS[type]}, ${inlineText(invoice.company.name)}`],
    ['Journal', inlineText(invoice.journal.name)],
    [
      bill ? 'Vendor' : 'Customer',
      partner === null ? 'nobody' : `${inlineText(partner.name)} (#${partner.id})`,
    ],
    ...plain('E-mail', invoice.partnerEmail),
    ...plain('VAT', invoice.partnerVat),
    ['Date', invoice.invoiceDate ?? 'the day of posting'],
    ['Due', invoice.dueDate ?? 'as the payment terms say on the day of posting'],
    ...named('Payment terms', invoice.paymentTerm),
    ...plain('Reference', invoice.reference),
    ...plain('Origin', invoice.origin),
    ...named('Fiscal position', invoice.fiscalPosition),
    ...named('Bank account', invoice.bankAccount),
    ...(invoice.autoPost === 'no' || invoice.autoPost === ''
      ? []
      : [['Posts by itself', inlineText(invoice.autoPost)]]),
  ];
  return rows.map(([what = '', value = '']) => `- **${what}** ${value}`);
}

/** Columns that are empty in every line are left out; with them, an account only where it decides (bills). */
function lineTable(invoice: Invoice): string[] {
  const { lines, decimals, type } = invoice;
  const bill = type === 'in_invoice' || type === 'in_refund';
  const columns: readonly Column[] = [
    {
      head: 'Description',
      right: false,
      cell: (line) => (line.display === 'product' ? cellText(line.label) : `*${cellText(line.label)}*`),
    },
    { head: 'Product', right: false, cell: (line) => inlineText(line.product?.name ?? '') },
    { head: 'Quantity', right: true, cell: (line) => decimalText(line.quantity) },
    { head: 'Unit', right: false, cell: (line) => inlineText(line.unit?.name ?? '') },
    { head: 'Price', right: true, cell: (line) => moneyText(line.priceUnit, decimals) },
    {
      head: 'Discount',
      right: true,
      cell: (line) => (line.discount === 0 ? '' : `${decimalText(line.discount)} %`),
    },
    { head: 'Taxes', right: false, cell: (line) => line.taxes.map((tax) => inlineText(tax.name)).join(', ') },
    ...(bill
      ? [{ head: 'Account', right: false, cell: (line: InvoiceLine) => inlineText(line.account?.name ?? '') }]
      : []),
    { head: 'Amount', right: true, cell: (line) => moneyText(line.subtotal, decimals) },
  ];
  const rows = lines.map((line) =>
    columns.map((column, at) => (at === 0 || line.display === 'product' ? column.cell(line) : '')),
  );
  const shown = columns.map((column, at) => ALWAYS.has(column.head) || rows.some((row) => row[at] !== ''));
  const render = (cells: readonly string[]) =>
    `| ${cells.filter((_, at) => shown[at] === true).join(' | ')} |`;
  return [
    render(columns.map((column) => column.head)),
    render(columns.map((column) => (column.right ? '---:' : '---'))),
    ...rows.map(render),
  ];
}

interface Column {
  readonly head: string;
  readonly right: boolean;
  readonly cell: (line: InvoiceLine) => string;
}

const ALWAYS = new Set(['Description', 'Quantity', 'Price', 'Taxes', 'Amount']);

function totals(invoice: Invoice): string[] {
  const money = (amount: number) => moneyText(amount, invoice.decimals);
  const currency = inlineText(invoice.currency.name);
  return [
    `| Sum | ${currency} |`,
    '| --- | ---: |',
    `| Without tax | ${money(invoice.untaxed)} |`,
    ...invoice.taxLines.map((tax) => `| ${inlineText(tax.name)} | ${money(tax.amount)} |`),
    // With one tax, its row is the sum.
    ...(invoice.taxLines.length === 1 && invoice.taxLines[0]?.amount === invoice.tax
      ? []
      : [`| Tax | ${money(invoice.tax)} |`]),
    `| **Total** | **${money(invoice.total)}** |`,
  ];
}
