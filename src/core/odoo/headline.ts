import { moneyText } from './amounts.ts';
import { inlineText } from './cell-text.ts';
import type { OdooKind } from './invoice.ts';

const WORDS: Readonly<Record<OdooKind, string>> = {
  odoo_invoice: 'Invoice for',
  odoo_bill: 'Bill from',
  odoo_credit_note: 'Credit note for',
};

/** `Invoice for ACME GmbH: 1,190.00 EUR`, made of nothing but properties that are compared before posting. */
export function invoiceHeadline(facts: {
  readonly kind: OdooKind;
  readonly partner: string;
  readonly total: number;
  readonly currency: string;
}): string {
  const amount = `${moneyText(facts.total, places(facts.currency))} ${inlineText(facts.currency, 10)}`;
  return `${invoiceTitle(facts.kind, facts.partner)}: ${amount}`;
}

/** `Invoice for ACME GmbH`. */
export function invoiceTitle(kind: OdooKind, partner: string): string {
  const name = inlineText(partner, 80);
  return `${WORDS[kind]} ${name === '' ? 'nobody' : name}`;
}

/** ISO 4217's number of decimals; two where the code is none. */
function places(currency: string): number {
  if (!/^[A-Z]{3}$/.test(currency)) return 2;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
}
