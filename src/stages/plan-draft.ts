/** From a request to the draft that is asked for: every word of it looked up in the books. What is unclear comes back as questions. */
import { createHash } from 'node:crypto';
import { decimalText } from '../core/odoo/amounts.ts';
import type { BookDraft, BookLine } from '../core/odoo/book-draft.ts';
import type { FoundPartner, FoundProduct, FoundTax, Ledger } from '../core/odoo/found.ts';
import type { AskedLine, InvoiceRequest } from '../core/odoo/request.ts';
import {
  checkCredited,
  choosePartner,
  chooseProduct,
  chooseTaxes,
  chooseTerms,
  type Question,
  taxQuestion,
} from '../core/odoo/resolve.ts';
import type { Answer, BooksFault, DraftBooks } from './draft-books.ts';

export interface Plan {
  readonly draft: BookDraft;
  readonly partner: FoundPartner;
  readonly ledger: Ledger;
}

export type Planned =
  | { readonly is: 'plan'; readonly plan: Plan }
  | { readonly is: 'questions'; readonly questions: readonly Question[] }
  | { readonly is: 'fault'; readonly fault: BooksFault };

/** Thrown inside this file only: one fault ends the asking. */
class Faulted extends Error {
  readonly fault: BooksFault;

  constructor(fault: BooksFault) {
    super(fault.words);
    this.fault = fault;
  }
}

export async function planDraft(
  books: DraftBooks,
  request: InvoiceRequest,
  signal: AbortSignal,
): Promise<Planned> {
  try {
    return await ask(books, request, signal);
  } catch (error) {
    if (error instanceof Faulted) return { is: 'fault', fault: error.fault };
    throw error;
  }
}

async function ask(books: DraftBooks, request: InvoiceRequest, signal: AbortSignal): Promise<Planned> {
  const questions: Question[] = [];
  const ledger = got(await books.ledger(signal));
  const { terms, questions: aboutTerms } = chooseTerms(request, ledger);
  questions.push(...aboutTerms);
  const partner = await partnerOf(books, request, questions, signal);
  if (request.credits !== '' && partner !== null) {
    const types = [request.type === 'in_refund' ? ('in_invoice' as const) : ('out_invoice' as const)];
    const found = got(await books.findInvoices({ number: request.credits, types }, signal));
    questions.push(...checkCredited(request, partner, terms.currency, found));
  }
  const products = await productsOf(books, request, questions, signal);
  const taxes = await taxesNeeded(books, request, products, signal);
  const foreign = terms.currency !== ledger.companyCurrency;
  const lines = request.lines.map((line, at) =>
    bookLine(line, at + 1, products.get(line.product) ?? null, { request, taxes, foreign, questions }),
  );
  if (questions.length > 0 || partner === null) return { is: 'questions', questions };
  const draft: BookDraft = {
    type: request.type,
    partnerId: partner.id,
    currencyId: terms.currencyId,
    journalId: terms.journalId,
    invoiceDate: request.invoiceDate ?? undefined,
    dueDate: request.dueDate ?? undefined,
    paymentTermId: terms.paymentTermId,
    reference:
      request.reference || (request.credits === '' ? undefined : `Credit note for ${request.credits}`),
    origin: request.credits || undefined,
    terms: request.terms || undefined,
    lines: sameKind(lines, request, products),
  };
  return { is: 'plan', plan: { draft, partner, ledger } };
}

function got<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Faulted(answer.fault);
}

async function partnerOf(
  books: DraftBooks,
  request: InvoiceRequest,
  questions: Question[],
  signal: AbortSignal,
): Promise<FoundPartner | null> {
  const { partner: wish, role } = request;
  const by =
    wish.by === 'id' ? { id: wish.id } : wish.by === 'email' ? { email: wish.email } : { name: wish.name };
  const choice = choosePartner(wish, role, got(await books.findPartners(by, signal)));
  if (choice.ok) return choice.value;
  questions.push(choice.question);
  return null;
}

function useOf(request: InvoiceRequest): 'sale' | 'purchase' {
  return request.type.startsWith('out_') ? 'sale' : 'purchase';
}

/** By the words that were typed; each is asked for once. */
async function productsOf(
  books: DraftBooks,
  request: InvoiceRequest,
  questions: Question[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FoundProduct>> {
  const products = new Map<string, FoundProduct>();
  const asked = new Set<string>();
  for (const [at, { product }] of request.lines.entries()) {
    if (product === '' || asked.has(product)) continue;
    asked.add(product);
    const id = /^#\s?(\d{1,9})$/.exec(product)?.[1];
    // As Odoo shows it, `[C-1] Consulting`, it is not searched for: code and name are two fields.
    const words = /^\[[^\]]+\]\s*(\S.*)$/.exec(product)?.[1] ?? product;
    const by = id === undefined ? { words } : { id: Number(id) };
    const choice = chooseProduct(product, at + 1, got(await books.findProducts(by, useOf(request), signal)));
    if (choice.ok) products.set(product, choice.value);
    else questions.push(choice.question);
  }
  return products;
}

/** Only where a line names one, or has to be asked about. */
async function taxesNeeded(
  books: DraftBooks,
  request: InvoiceRequest,
  products: ReadonlyMap<string, FoundProduct>,
  signal: AbortSignal,
): Promise<readonly FoundTax[]> {
  const needed = request.lines.some((line) =>
    line.taxes === null ? (products.get(line.product)?.taxIds.length ?? 0) === 0 : line.taxes.length > 0,
  );
  return needed ? got(await books.listTaxes(useOf(request), signal)) : [];
}

function bookLine(
  line: AskedLine,
  number: number,
  product: FoundProduct | null,
  about: {
    readonly request: InvoiceRequest;
    readonly taxes: readonly FoundTax[];
    /** Not in the company's currency, which a product's price is in. */
    readonly foreign: boolean;
    readonly questions: Question[];
  },
): BookLine {
  const { questions } = about;
  const price = line.price ?? priceOf(number, product, about);
  return {
    productId: product?.id,
    label: labelOf(line, number, product, questions),
    quantity: line.quantity,
    priceUnit: price,
    discount: line.discount ?? undefined,
    taxIds: taxIdsOf(line, number, product, about.taxes, questions),
  };
}

function priceOf(
  number: number,
  product: FoundProduct | null,
  about: {
    readonly request: InvoiceRequest;
    readonly foreign: boolean;
    readonly questions: Question[];
  },
): string {
  if (product === null) return '0'; // Its product is asked about already.
  if (useOf(about.request) === 'sale' && !about.foreign) return decimalText(product.listPrice);
  about.questions.push({
    asks: `Line ${number} has no price.`,
    answer: `Write it under Price in line ${number}: Odoo's own price is for sales in the company's currency.`,
    choices: [],
  });
  return '0';
}

/** A unit that is not the product's is asked about; without a product Odoo has no unit, so it goes into the words. */
function labelOf(
  line: AskedLine,
  number: number,
  product: FoundProduct | null,
  questions: Question[],
): string {
  const label = line.description || product?.name || line.product;
  if (line.unit === '') return label;
  if (product === null) {
    return label.toLowerCase().includes(line.unit.toLowerCase()) ? label : `${label} (${line.unit})`;
  }
  const unit = product.unit?.name ?? '';
  if (singular(unit) !== singular(line.unit)) {
    questions.push({
      asks: `Line ${number}: Odoo sells this product by “${unit || 'no unit'}”, the request says “${line.unit}”.`,
      answer: `Empty Unit in line ${number} (and look at quantity and price), or name another product.`,
      choices: [],
    });
  }
  return label;
}

function singular(unit: string): string {
  return unit.trim().toLowerCase().replace(/s$/, '');
}

function taxIdsOf(
  line: AskedLine,
  number: number,
  product: FoundProduct | null,
  taxes: readonly FoundTax[],
  questions: Question[],
): readonly number[] | undefined {
  if (line.taxes !== null) {
    const choice = chooseTaxes(line.taxes, number, taxes);
    if (choice.ok) return choice.value;
    questions.push(choice.question);
    return [];
  }
  if (product !== null && product.taxIds.length > 0) return undefined;
  // A product that is asked about may bring one.
  if (product !== null || line.product === '') questions.push(taxQuestion(number, taxes));
  return undefined;
}

/** Odoo takes taxes for all lines of a draft or for none: beside a line that names its own, the product's are named too. */
function sameKind(
  lines: readonly BookLine[],
  request: InvoiceRequest,
  products: ReadonlyMap<string, FoundProduct>,
): readonly BookLine[] {
  if (lines.every((line) => line.taxIds === undefined)) return lines;
  return lines.map((line, at) => ({
    ...line,
    taxIds: line.taxIds ?? products.get(request.lines[at]?.product ?? '')?.taxIds ?? [],
  }));
}

/** Two requests that come to the same draft have the same. */
export function draftHash(draft: BookDraft): string {
  return createHash('sha256').update(JSON.stringify(draft)).digest('hex').slice(0, 16);
}
