/** Searching as a person does: what is meant letter by letter comes first, then what contains it. */
import type { z } from 'zod';
import { OdooFault } from './faults.ts';
import type { Odoo, OdooValue } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import { placeOf, searchRows } from './read-rows.ts';

const MAX_QUERY = 200;
const MAX_IDS = 200;
/** More records with the very same name are not told apart by a page. */
const MAX_EXACT = 100;

export interface ExactSearch<T> {
  readonly model: string;
  readonly fields: readonly string[];
  readonly order: string;
  /** One of the two. */
  readonly query: string | undefined;
  readonly ids: readonly number[] | undefined;
  /** Fields that may be the query letter by letter, and fields that may contain it. */
  readonly exactIn: readonly string[];
  readonly containedIn: readonly string[];
  /** Every result fulfils these too. */
  readonly also?: readonly OdooValue[];
  readonly row: z.ZodType<T>;
}

/** @throws OdooFault */
export async function findExactFirst<T extends { readonly id: number }>(
  odoo: Odoo,
  search: ExactSearch<T>,
  wish: PageWish,
): Promise<Page<T>> {
  if (search.ids !== undefined && search.query === undefined) return findByIds(odoo, search, search.ids);
  const query = search.query?.trim() ?? '';
  if (query === '' || query.length > MAX_QUERY || search.ids !== undefined) {
    throw new OdooFault('invalid_call', `a search needs 1 to ${MAX_QUERY} characters, or else ids`);
  }
  const { limit, offset } = placeOf(wish);
  const { model, fields, order, also = [] } = search;
  const rows = (domain: readonly OdooValue[], most: number, from: number): Promise<T[]> =>
    searchRows(
      odoo,
      { model, domain: [...also, ...domain], fields, order, limit: most, offset: from },
      search.row,
    );
  const exact = await rows(anyOf(search.exactIn, '=ilike', literal(query)), MAX_EXACT, 0);
  const first = exact.slice(offset, offset + limit);
  // One more than fits, to know whether there is more.
  const room = limit + 1 - first.length;
  const rest = await rows(
    [['id', 'not in', exact.map(({ id }) => id)], ...anyOf(search.containedIn, 'ilike', query)],
    room,
    Math.max(0, offset - exact.length),
  );
  const all = [...first, ...rest];
  return { items: all.slice(0, limit), next: all.length > limit ? String(offset + limit) : null };
}

/** Those that are there, in the order asked for. */
async function findByIds<T extends { readonly id: number }>(
  odoo: Odoo,
  search: ExactSearch<T>,
  wanted: readonly number[],
): Promise<Page<T>> {
  if (wanted.length > MAX_IDS) throw new OdooFault('invalid_call', `at most ${MAX_IDS} ids at a time`);
  const { model, fields, order, also = [] } = search;
  const domain = [...also, ['id', 'in', wanted]];
  const rows = await searchRows(odoo, { model, domain, fields, order, limit: MAX_IDS }, search.row);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return { items: [...new Set(wanted)].flatMap((id) => byId.get(id) ?? []), next: null };
}

function anyOf(fields: readonly string[], operator: string, value: string): OdooValue[] {
  const ors = fields.slice(1).map(() => '|');
  return [...ors, ...fields.map((field) => [field, operator, value])];
}

/** `%` and `_` stand for themselves. */
function literal(query: string): string {
  return query.replace(/[\\%_]/g, '\\$&');
}

/** As Odoo's `=ilike` compares. */
export function same(a: string, b: string | undefined): boolean {
  return a !== '' && a.toLowerCase() === b?.trim().toLowerCase();
}
