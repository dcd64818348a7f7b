import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { z } from 'zod';
import type { FoundPartner, FoundProduct } from '../core/odoo/found.ts';
import type { TaskId } from '../core/task-id.ts';
import {
  draftAnswer,
  invoicesAnswer,
  journalsAnswer,
  partnersAnswer,
  productsAnswer,
  readAnswer,
  taxesAnswer,
} from '../mcp/odoo/answers.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Answer, BookDraft, BooksFault, DraftBooks } from '../stages/draft-books.ts';
import { noAnswer, toolFailed, unreadable } from './books-fault.ts';

export interface OdooBooksOptions {
  /** ODOO_MCP_PORT on 127.0.0.1. */
  readonly port: number;
  /** ODOO_MCP_TOKEN. */
  readonly token: string;
  readonly log: Pick<Logger, 'warn'>;
  /** For one call; default three minutes, since Odoo may take its time more than once in it. */
  readonly deadlineMs?: number | undefined;
}

type Use = 'sale' | 'purchase';
type Args = Record<string, unknown>;
const PAGE = 100;
const FOUND = 20;
const PAGES = 5;

/** The drafter's Odoo: the draft tools of the odoo-mcp of this machine. It holds no key and nothing that posts. */
export class OdooBooks implements DraftBooks {
  readonly #options: OdooBooksOptions;
  #client: Promise<Client> | null = null;

  constructor(options: OdooBooksOptions) {
    this.#options = options;
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await (await client?.catch(() => null))?.close();
  }

  async findPartners(
    by: { readonly id: number } | { readonly email: string } | { readonly name: string },
    signal: AbortSignal,
  ): ReturnType<DraftBooks['findPartners']> {
    const wish = 'id' in by ? { ids: [by.id] } : { query: 'email' in by ? by.email : by.name };
    const answer = await this.#call('find_partners', partnersAnswer, { ...wish, limit: FOUND }, signal);
    return mapped(answer, ({ partners, next }) => {
      // Exact ones come first, so one that is not ends the exact ones.
      const fitting = partners.filter((one) => !('email' in by) || one.exact === 'email');
      return { items: fitting.map(partner), more: next !== null && fitting.length === partners.length };
    });
  }

  async findProducts(
    by: { readonly id: number } | { readonly words: string },
    use: Use,
    signal: AbortSignal,
  ): ReturnType<DraftBooks['findProducts']> {
    const wish = 'id' in by ? { ids: [by.id] } : { query: by.words, use };
    const answer = await this.#call('find_products', productsAnswer, { ...wish, limit: FOUND }, signal);
    return mapped(answer, ({ products, next }) => ({
      items: products.map((one) => product(one, use)),
      more: next !== null,
    }));
  }

  async listTaxes(use: Use, signal: AbortSignal): ReturnType<DraftBooks['listTaxes']> {
    const pages = await this.#pages('list_taxes', taxesAnswer, { use }, signal);
    return mapped(pages, (all) =>
      all.flatMap(({ taxes }) =>
        taxes.map(({ id, name, amount, amountType, priceInclude }) => ({
          id,
          name,
          percent: amountType === 'percent' ? amount : null,
          priceInclude,
        })),
      ),
    );
  }

  async ledger(signal: AbortSignal): ReturnType<DraftBooks['ledger']> {
    const pages = await this.#pages('list_journals', journalsAnswer, {}, signal);
    return mapped(pages, ([first, ...more]) => ({
      company: first.company,
      companyCurrency: first.currency,
      currencies: first.currencies,
      journals: [first, ...more].flatMap(({ journals }) =>
        journals.map(({ id, name, code, type }) => ({ id, name, code, type })),
      ),
      paymentTerms: first.payment_terms,
    }));
  }

  async findInvoices(
    by: Parameters<DraftBooks['findInvoices']>[0],
    signal: AbortSignal,
  ): ReturnType<DraftBooks['findInvoices']> {
    const wish = { query: by.number, types: [...by.types] };
    const pages = await this.#pages('list_invoices', invoicesAnswer, wish, signal);
    return mapped(pages, (all) =>
      all
        .flatMap(({ invoices }) => invoices)
        .filter(({ number }) => number === by.number)
        .map(({ id, type, state, partner: of, currency, total }) => ({
          id,
          number: by.number,
          type,
          state,
          partner: of,
          currency: currency.name,
          total,
        })),
    );
  }

  createDraft(task: TaskId, draft: BookDraft, signal: AbortSignal): ReturnType<DraftBooks['createDraft']> {
    return this.#call('create_draft', draftAnswer, draftArgs(task, draft), signal);
  }

  reviseDraft(task: TaskId, draft: BookDraft, signal: AbortSignal): ReturnType<DraftBooks['reviseDraft']> {
    return this.#call('revise_draft', draftAnswer, draftArgs(task, draft), signal);
  }

  async readDraft(task: TaskId, signal: AbortSignal): ReturnType<DraftBooks['readDraft']> {
    const answer = await this.#call('read_invoice', readAnswer, { task_id: task }, signal);
    return mapped(answer, ({ document }) => (document === null ? null : { ...document, created: false }));
  }

  /** At most five hundred entries: more than any company has of these. */
  async #pages<S extends z.ZodType<{ readonly next: string | null }>>(
    tool: string,
    schema: S,
    args: Args,
    signal: AbortSignal,
  ): Promise<Answer<readonly [z.output<S>, ...z.output<S>[]]>> {
    const first = await this.#call(tool, schema, { ...args, limit: PAGE }, signal);
    if (!first.ok) return first;
    const pages: [z.output<S>, ...z.output<S>[]] = [first.value];
    for (let { next } = first.value; next !== null && pages.length < PAGES; ) {
      const page = await this.#call(tool, schema, { ...args, limit: PAGE, cursor: next }, signal);
      if (!page.ok) return page;
      pages.push(page.value);
      next = page.value.next;
    }
    return { ok: true, value: pages };
  }

  async #call<S extends z.ZodType>(
    name: string,
    schema: S,
    args: Args,
    signal: AbortSignal,
  ): Promise<Answer<z.output<S>>> {
    const { deadlineMs: timeout = 180_000 } = this.#options;
    try {
      const client = await this.#connect();
      // The library never takes its listener off again, and the drafter's signal lives as long as the process.
      const options = { signal: AbortSignal.any([signal]), timeout };
      const result = await client.callTool({ name, arguments: args }, undefined, options);
      if (result['isError'] === true) return this.#failed(name, toolFailed(result['content']));
      const read = schema.safeParse(result['structuredContent']);
      return read.success ? { ok: true, value: read.data } : this.#failed(name, unreadable());
    } catch (error) {
      const status = error instanceof StreamableHTTPError ? error.code : undefined;
      return this.#failed(name, noAnswer(error, status));
    }
  }

  #failed(tool: string, fault: BooksFault): { readonly ok: false; readonly fault: BooksFault } {
    this.#options.log.warn({ tool, code: fault.code }, 'odoo-mcp could not do it');
    return { ok: false, fault };
  }

  #connect(): Promise<Client> {
    if (this.#client) return this.#client;
    const client = this.#open();
    this.#client = client;
    client.catch(() => {
      if (this.#client === client) this.#client = null;
    });
    return client;
  }

  async #open(): Promise<Client> {
    const { port, token } = this.#options;
    const client = new Client({ name: 'handover-draft-replier', version: '0.1.0' });
    const requestInit = { headers: { Authorization: `Bearer ${token}` } };
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`), { requestInit }),
    );
    return client;
  }
}

function mapped<T, U>(answer: Answer<T>, map: (value: T) => U): Answer<U> {
  return answer.ok ? { ok: true, value: map(answer.value) } : answer;
}

type PartnerRow = z.output<typeof partnersAnswer>['partners'][number];
type ProductRow = z.output<typeof productsAnswer>['products'][number];

function partner({ id, name, email, vat, street, city, country }: PartnerRow): FoundPartner {
  return { id, name, email, vat, street, city, country };
}

function product(row: ProductRow, use: Use): FoundProduct {
  const { id, name, code, unit, listPrice } = row;
  const taxIds = use === 'sale' ? row.saleTaxIds : row.purchaseTaxIds;
  return { id, name: code === '' ? name : `[${code}] ${name}`, code, unit, listPrice, taxIds };
}

function draftArgs(task: TaskId, draft: BookDraft): Args {
  return {
    task_id: task,
    type: draft.type,
    partner_id: draft.partnerId,
    currency_id: draft.currencyId,
    journal_id: draft.journalId,
    invoice_date: draft.invoiceDate,
    due_date: draft.dueDate,
    payment_term_id: draft.paymentTermId,
    reference: draft.reference,
    origin: draft.origin,
    terms: draft.terms,
    lines: draft.lines.map((line) => ({
      product_id: line.productId,
      label: line.label,
      quantity: line.quantity,
      price_unit: line.priceUnit,
      discount: line.discount,
      tax_ids: line.taxIds,
    })),
  };
}
