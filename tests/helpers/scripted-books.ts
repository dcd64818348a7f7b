import type { BookDraft } from '../../src/core/odoo/book-draft.ts';
import type {
  FoundInvoice,
  FoundPartner,
  FoundProduct,
  FoundTax,
  Ledger,
} from '../../src/core/odoo/found.ts';
import type { Invoice, Twin } from '../../src/core/odoo/invoice.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import type { Answer, BooksFault, DraftBooks, Drafted } from '../../src/stages/draft-books.ts';

/** Books in memory: one draft per task, totals computed, every call counted; and a fault when told. */
export interface ScriptedBooks extends DraftBooks {
  readonly calls: string[];
  readonly documents: Map<TaskId, Invoice>;
  readonly partners: FoundPartner[];
  readonly products: FoundProduct[];
  readonly taxes: FoundTax[];
  readonly ledgers: { ledger: Ledger };
  readonly invoices: FoundInvoice[];
  readonly twins: Twin[];
  /** Answers the calls whose name it names, until it is null again. */
  fault: { readonly of: string; readonly fault: BooksFault } | null;
  /** Runs before a call is answered. */
  before: (call: string) => void | Promise<void>;
}

export const ACME: FoundPartner = {
  id: 42,
  name: 'ACME GmbH',
  email: 'billing@acme.example',
  vat: 'DE123456789',
  street: 'Ring 1',
  city: 'Berlin',
  country: 'Germany',
};

const CONSULTING: FoundProduct = {
  id: 12,
  name: '[C-1] Consulting',
  code: 'C-1',
  unit: { id: 1, name: 'Hours' },
  listPrice: 95,
  taxIds: [1],
};

export function scriptedBooks(): ScriptedBooks {
  let serial = 106;
  const calls: string[] = [];
  const documents = new Map<TaskId, Invoice>();
  const books: ScriptedBooks = {
    calls,
    documents,
    partners: [ACME],
    products: [CONSULTING],
    taxes: [
      { id: 1, name: '19% USt', percent: 19, priceInclude: false },
      { id: 2, name: '7% USt', percent: 7, priceInclude: false },
    ],
    ledgers: {
      ledger: {
        company: { id: 1, name: 'My Company' },
        companyCurrency: 'EUR',
        currencies: [
          { id: 1, name: 'EUR' },
          { id: 2, name: 'USD' },
        ],
        journals: [
          { id: 1, name: 'Customer Invoices', code: 'INV', type: 'sale' },
          { id: 2, name: 'Vendor Bills', code: 'BILL', type: 'purchase' },
        ],
        paymentTerms: [{ id: 3, name: '30 Days' }],
      },
    },
    invoices: [],
    twins: [],
    fault: null,
    before: () => undefined,
    findPartners: (by) =>
      answer('findPartners', () => {
        const fits = (one: FoundPartner) =>
          'id' in by
            ? one.id === by.id
            : 'email' in by
              ? one.email.toLowerCase() === by.email.toLowerCase()
              : one.name.toLowerCase().includes(by.name.toLowerCase());
        return { items: books.partners.filter(fits), more: false };
      }),
    findProducts: (by) =>
      answer('findProducts', () => {
        const fits = (one: FoundProduct) =>
          'id' in by ? one.id === by.id : one.name.toLowerCase().includes(by.words.toLowerCase());
        return { items: books.products.filter(fits), more: false };
      }),
    listTaxes: () => answer('listTaxes', () => books.taxes),
    ledger: () => answer('ledger', () => books.ledgers.ledger),
    findInvoices: ({ number }) =>
      answer('findInvoices', () => books.invoices.filter((one) => one.number === number)),
    createDraft: (task, draft) =>
      answer('createDraft', () => {
        const there = documents.get(task);
        if (there) return drafted(there, false);
        const made = computed(draft, (serial += 1), books);
        documents.set(task, made);
        return drafted(made, true);
      }),
    reviseDraft: async (task, draft) => {
      const there = documents.get(task);
      return answer('reviseDraft', () => {
        const made = computed(draft, there?.id ?? 0, books);
        documents.set(task, made);
        return drafted(made, false);
      });
    },
    readDraft: (task) =>
      answer('readDraft', () => {
        const there = documents.get(task);
        return there ? drafted(there, false) : null;
      }),
  };
  const drafted = (invoice: Invoice, created: boolean): Drafted => ({
    invoice,
    created,
    twins: books.twins,
    link: `https://books.example.org/odoo/action/${invoice.id}`,
  });
  async function answer<T>(call: string, value: () => T): Promise<Answer<T>> {
    calls.push(call);
    await books.before(call);
    const { fault } = books;
    if (fault !== null && (fault.of === call || fault.of === '*')) return { ok: false, fault: fault.fault };
    return { ok: true, value: value() };
  }
  return books;
}

let lineIds = 1000;

function computed(draft: BookDraft, id: number, books: ScriptedBooks): Invoice {
  const named = books.partners.find((one) => one.id === draft.partnerId);
  const cents = (n: number) => Math.round(n * 100) / 100;
  const lines = draft.lines.map((line) => {
    const product = books.products.find((one) => one.id === line.productId);
    const taxes = (line.taxIds ?? product?.taxIds ?? []).flatMap(
      (tax) => books.taxes.find((one) => one.id === tax) ?? [],
    );
    const subtotal = cents(
      Number(line.quantity) * Number(line.priceUnit) * (1 - Number(line.discount ?? '0') / 100),
    );
    const tax = taxes.reduce((sum, one) => sum + (subtotal * (one.percent ?? 0)) / 100, 0);
    return {
      id: (lineIds += 1),
      display: 'product' as const,
      label: line.label,
      product: product ? { id: product.id, name: product.name } : null,
      quantity: Number(line.quantity),
      unit: product?.unit ?? null,
      priceUnit: Number(line.priceUnit),
      discount: Number(line.discount ?? '0'),
      taxes: taxes.map((one) => ({ id: one.id, name: one.name })),
      account: { id: 400, name: '400000 Product Sales' },
      subtotal,
      total: cents(subtotal + tax),
    };
  });
  const untaxed = cents(lines.reduce((sum, line) => sum + line.subtotal, 0));
  const total = cents(lines.reduce((sum, line) => sum + line.total, 0));
  const currency = books.ledgers.ledger.currencies.find((one) => one.id === (draft.currencyId ?? 1));
  return {
    id,
    type: draft.type,
    state: 'draft',
    postedBefore: false,
    number: null,
    writeDate: '2026-11-20 09:00:00',
    company: { id: 1, name: 'My Company' },
    journal: { id: 1, name: draft.type.startsWith('out_') ? 'Customer Invoices' : 'Vendor Bills' },
    partner: named ? { id: named.id, name: named.name } : null,
    partnerEmail: named?.email ?? '',
    partnerVat: named?.vat ?? '',
    currency: currency ?? { id: 1, name: 'EUR' },
    decimals: 2,
    invoiceDate: draft.invoiceDate ?? null,
    dueDate: draft.dueDate ?? '2026-12-20',
    paymentTerm: null,
    reference: draft.reference ?? '',
    origin: draft.origin ?? '',
    fiscalPosition: null,
    bankAccount: null,
    terms: draft.terms ?? '',
    autoPost: 'no',
    lines,
    taxLines: [{ name: 'Tax', amount: cents(total - untaxed) }],
    untaxed,
    tax: cents(total - untaxed),
    total,
    paymentState: 'not_paid',
  };
}
