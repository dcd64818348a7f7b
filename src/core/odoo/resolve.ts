/**
 * From the words of a request to Odoo's own records. What the words fit exactly once is taken; anything else becomes a question
 * with what there is to choose from.
 */
import { propertyText } from '../neutralise.ts';
import type { FoundInvoice, Found, FoundPartner, FoundProduct, FoundTax, Ledger } from './found.ts';
import type { InvoiceRequest, PartnerWish } from './request.ts';

export interface Question {
  /** One sentence; words of strangers in it are neutralised. */
  readonly asks: string;
  /** What to write where, Markdown. */
  readonly answer: string;
  /** What there is, a line each, Markdown. */
  readonly choices: readonly string[];
}

export type Choice<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly question: Question };

const MAX_CHOICES = 12;

export function choosePartner(
  wish: PartnerWish,
  role: 'customer' | 'vendor',
  found: Found<FoundPartner>,
): Choice<FoundPartner> {
  const shown = wish.by === 'id' ? `#${wish.id}` : said(wish.by === 'email' ? wish.email : wish.name);
  const fitting = partnersThatFit(wish, found.items);
  const [only, second] = fitting;
  // Beyond the first page there may be another one that fits as loosely; an exact one stands on the first.
  const sure =
    !found.more || wish.by !== 'name' || (only !== undefined && bare(only.name) === bare(wish.name));
  if (only !== undefined && second === undefined && sure) return taken(only);
  const choices = fitting.length > 0 ? fitting : found.items;
  if (choices.length === 0) {
    return asked({
      asks: `Odoo knows no ${role} ${shown}.`,
      answer: `Write the name, the e-mail address or the number as Odoo has it into the property \`${role}\`, or make the contact in Odoo first; then move this note to \`Needs_Action/odoo\`.`,
      choices: [],
    });
  }
  const which =
    fitting.length > 1 || found.more ? 'More than one contact in Odoo fits' : 'No contact in Odoo is exactly';
  return asked({
    asks: `${which} ${shown}.`,
    answer: `Write one of these numbers into the property \`${role}\`, for example \`"#${choices[0]?.id ?? 42}"\`.`,
    choices: listed(choices.map(partnerLine), found.more),
  });
}

function partnersThatFit(wish: PartnerWish, items: readonly FoundPartner[]): readonly FoundPartner[] {
  if (wish.by === 'id') return items.filter((one) => one.id === wish.id);
  if (wish.by === 'email') {
    const email = wish.email.toLowerCase();
    return items.filter((one) => one.email.trim().toLowerCase() === email);
  }
  const exact = items.filter((one) => bare(one.name) === bare(wish.name));
  if (exact.length > 0) return exact;
  return items.filter((one) => withoutForm(one.name) === withoutForm(wish.name));
}

/** Case, dots and spaces say nothing. */
function bare(name: string): string {
  return name.normalize('NFKC').toLowerCase().replace(/[.,]/g, ' ').replace(/\s+/g, ' ').trim();
}

const LEGAL_FORM =
  /(?: (?:gmbh|mbh|ag|se|kg|kgaa|ug|ohg|gbr|ek|e k|ltd|limited|llc|llp|plc|inc|corp|co|sa|s a|sas|sarl|srl|spa|bv|b v|nv|oy|ab|as|aps|& co|haftungsbeschränkt|\(haftungsbeschränkt\)))+$/u;

function withoutForm(name: string): string {
  return bare(name).replace(LEGAL_FORM, '');
}

function partnerLine(one: FoundPartner): string {
  const more = [one.street, one.city, one.country, one.email, one.vat === '' ? '' : `VAT ${one.vat}`];
  return [`#${one.id}`, one.name, ...more]
    .filter((part) => part !== '')
    .map((part) => propertyText(part, 80))
    .join(' · ');
}

export function chooseProduct(typed: string, line: number, found: Found<FoundProduct>): Choice<FoundProduct> {
  const id = /^#\s?(\d{1,9})$/.exec(typed)?.[1];
  const fitting =
    id === undefined
      ? productsThatFit(typed, found.items)
      : found.items.filter((one) => one.id === Number(id));
  const [only, second] = fitting;
  if (only !== undefined && second === undefined) return taken(only);
  const choices = fitting.length > 0 ? fitting : found.items;
  const how = `Write one of these numbers under Product in line ${line}, for example \`#${choices[0]?.id ?? 12}\``;
  return asked({
    asks:
      choices.length === 0
        ? `Line ${line}: Odoo has no product ${said(typed)}.`
        : `Line ${line}: ${fitting.length > 1 ? 'more than one product is' : 'no product is exactly'} ${said(typed)}.`,
    answer:
      choices.length === 0
        ? `Write the product as Odoo names it, or leave Product empty in line ${line} and write a description, a price and a tax.`
        : `${how}; or leave Product empty and write a description, a price and a tax.`,
    choices: listed(
      choices.map((one) => `#${one.id} · ${propertyText(one.name, 100)}`),
      found.more,
    ),
  });
}

/** The code alone, the name alone, or both as Odoo shows them: `[C-1] Consulting`. */
function productsThatFit(typed: string, items: readonly FoundProduct[]): readonly FoundProduct[] {
  const byCode = items.filter((one) => one.code !== '' && one.code.toLowerCase() === typed.toLowerCase());
  if (byCode.length > 0) return byCode;
  const wanted = bare(typed);
  return items.filter(
    (one) => bare(one.name) === wanted || bare(one.name.replace(/^\[[^\]]*\]\s*/, '')) === wanted,
  );
}

/** Ids for the words of one line. `19%` fits by its rate, anything else by its name. */
export function chooseTaxes(
  words: readonly string[],
  line: number,
  taxes: readonly FoundTax[],
): Choice<readonly number[]> {
  const ids: number[] = [];
  for (const word of words) {
    const fitting = taxesThatFit(word, taxes);
    const [only, second] = fitting;
    if (only === undefined || second !== undefined) {
      return asked({
        asks:
          only === undefined
            ? `Line ${line}: Odoo has no tax ${said(word)} for this kind of document.`
            : `Line ${line}: more than one tax in Odoo fits ${said(word)}.`,
        answer: `Write one of these under Taxes in line ${line}, by number or by its whole name; \`none\` for no tax.`,
        choices: listed((fitting.length > 0 ? fitting : taxes).map(taxLine), false),
      });
    }
    ids.push(only.id);
  }
  return taken([...new Set(ids)]);
}

function taxesThatFit(word: string, taxes: readonly FoundTax[]): readonly FoundTax[] {
  const id = /^#\s?(\d{1,9})$/.exec(word)?.[1];
  if (id !== undefined) return taxes.filter((tax) => tax.id === Number(id));
  const named = taxes.filter((tax) => bare(tax.name) === bare(word));
  if (named.length > 0) return named;
  const rate = /^(\d{1,2}(?:[.,]\d{1,3})?)\s?%?$/.exec(word)?.[1]?.replace(',', '.');
  return rate === undefined ? [] : taxes.filter((tax) => tax.percent === Number(rate));
}

/** No tax is said and none follows from a product. */
export function taxQuestion(line: number, taxes: readonly FoundTax[]): Question {
  return {
    asks: `Line ${line} names no tax.`,
    answer: `Write one of these under Taxes in line ${line}, by number or by its whole name; \`none\` for no tax.`,
    choices: listed(taxes.map(taxLine), false),
  };
}

function taxLine(tax: FoundTax): string {
  const rate = tax.percent === null ? '' : ` · ${tax.percent} %`;
  return `#${tax.id} · ${propertyText(tax.name, 80)}${rate}${tax.priceInclude ? ' · in the price already' : ''}`;
}

export interface Terms {
  readonly currencyId: number | undefined;
  readonly currency: string;
  readonly journalId: number | undefined;
  readonly paymentTermId: number | undefined;
}

/** Currency, journal and payment terms; every question of the three. */
export function chooseTerms(
  request: InvoiceRequest,
  ledger: Ledger,
): { readonly terms: Terms; readonly questions: readonly Question[] } {
  const questions: Question[] = [];
  const use = request.type.startsWith('out_') ? 'sale' : 'purchase';
  const pick = <T extends { readonly id: number; readonly name: string }>(
    typed: string | null,
    what: string,
    key: string,
    items: readonly T[],
    fits: (item: T, wanted: string) => boolean,
  ): number | undefined => {
    if (typed === null) return undefined;
    const id = /^#\s?(\d{1,9})$/.exec(typed)?.[1];
    const fitting = items.filter((item) =>
      id === undefined ? fits(item, bare(typed)) : item.id === Number(id),
    );
    if (fitting.length === 1) return fitting[0]?.id;
    questions.push({
      asks: `${fitting.length === 0 ? `Odoo has no ${what}` : `More than one ${what} is`} ${said(typed)}.`,
      answer: `Write one of these into the property \`${key}\`, or leave it empty for Odoo's own choice.`,
      choices: listed(
        items.map((item) => `#${item.id} · ${propertyText(item.name, 80)}`),
        false,
      ),
    });
    return undefined;
  };
  const named = (item: { readonly name: string }, wanted: string) => bare(item.name) === wanted;
  const currencyId = pick(request.currency, 'active currency', 'currency', ledger.currencies, named);
  const journals = ledger.journals.filter((journal) => journal.type === use);
  const journalId = pick(
    request.journal,
    `${use === 'sale' ? 'sales' : 'purchase'} journal`,
    'journal',
    journals,
    (journal, wanted) => named(journal, wanted) || bare(journal.code) === wanted,
  );
  const paymentTermId = pick(
    request.paymentTerms,
    'payment terms',
    'payment_terms',
    ledger.paymentTerms,
    named,
  );
  const currency = request.currency ?? ledger.companyCurrency;
  return { terms: { currencyId, currency, journalId, paymentTermId }, questions };
}

/** The document that a credit note is for: posted, of the same partner, in the same currency. */
export function checkCredited(
  request: InvoiceRequest,
  partner: FoundPartner,
  currency: string,
  found: readonly FoundInvoice[],
): readonly Question[] {
  const number = said(request.credits);
  const answer = 'Write the number of the posted document into the property `credits`.';
  const ask = (asks: string): readonly Question[] => [{ asks, answer, choices: [] }];
  const [only, second] = found.filter((one) => one.number === request.credits);
  if (only === undefined) return ask(`Odoo has no document ${number} to credit.`);
  if (second !== undefined) return ask(`More than one document in Odoo has the number ${number}.`);
  if (only.state !== 'posted') return ask(`${number} is not posted, so there is nothing to credit yet.`);
  if (only.partner?.id !== partner.id)
    return ask(`${number} is of ${said(only.partner?.name ?? 'nobody')}, not of ${said(partner.name)}.`);
  if (only.currency !== currency)
    return ask(`${number} is in ${said(only.currency)}, this credit note would be in ${said(currency)}.`);
  return [];
}

function said(words: string): string {
  return `“${propertyText(words, 80)}”`;
}

function listed(lines: readonly string[], more: boolean): readonly string[] {
  const shown = lines.slice(0, MAX_CHOICES);
  return more || lines.length > shown.length ? [...shown, '… and others'] : shown;
}

function taken<T>(value: T): Choice<T> {
  return { ok: true, value };
}

function asked(question: Question): { readonly ok: false; readonly question: Question } {
  return { ok: false, question };
}
