import { propertyText } from '../neutralise.ts';
import { decimalText, moneyText } from './amounts.ts';
import type { BookDraft } from './book-draft.ts';
import type { Invoice } from './invoice.ts';

/** What Odoo made of a draft otherwise than it was asked for; a sentence each. Rules of the partner or the company do that. */
export function notAsAsked(draft: BookDraft, currency: string, invoice: Invoice): readonly string[] {
  const found: string[] = [];
  const say = (what: string, asked: string, is: string) => {
    if (asked !== is) found.push(`${what}: asked for ${shown(asked)}, Odoo has ${shown(is)}.`);
  };
  say('Partner', `#${draft.partnerId}`, `#${invoice.partner?.id ?? 0}`);
  say('Currency', currency, invoice.currency.name);
  if (draft.invoiceDate !== undefined) say('Date', draft.invoiceDate, invoice.invoiceDate ?? 'none');
  if (draft.dueDate !== undefined) say('Due date', draft.dueDate, invoice.dueDate ?? 'none');
  if (draft.reference !== undefined) say('Reference', draft.reference, invoice.reference);
  const lines = invoice.lines.filter((line) => line.display === 'product');
  say('Lines', String(draft.lines.length), String(lines.length));
  if (draft.lines.length !== lines.length) return found;
  draft.lines.forEach((asked, at) => {
    const is = lines[at];
    if (is === undefined) return;
    say(`Quantity of line ${at + 1}`, plain(asked.quantity), decimalText(is.quantity));
    say(`Price of line ${at + 1}`, plain(asked.priceUnit), decimalText(is.priceUnit));
    say(`Discount of line ${at + 1}`, plain(asked.discount ?? '0'), decimalText(is.discount));
    if (asked.taxIds === undefined) return;
    const wanted = [...asked.taxIds].sort((a, b) => a - b);
    const taxes = is.taxes.map((tax) => tax.id).sort((a, b) => a - b);
    if (wanted.join() !== taxes.join()) found.push(`Taxes of line ${at + 1} are not those asked for.`);
  });
  if (invoice.fiscalPosition !== null && draft.lines.some((line) => line.taxIds !== undefined)) {
    found.push(
      `The taxes are as the request says, not as the fiscal position “${propertyText(invoice.fiscalPosition.name, 60)}” would map them.`,
    );
  }
  const sum = lines.reduce((total, line) => total + line.subtotal, 0);
  if (Math.abs(sum - invoice.untaxed) > 0.5 * 10 ** -invoice.decimals)
    found.push(
      `The lines add up to ${moneyText(sum, invoice.decimals)}, Odoo's sum is ${moneyText(invoice.untaxed, invoice.decimals)}.`,
    );
  return found;
}

/** `1.50` and `1.5` are the same. */
function plain(typed: string): string {
  return decimalText(Number(typed));
}

function shown(value: string): string {
  return propertyText(value, 80);
}
