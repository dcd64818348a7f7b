/** Answers are data from outside: each is looked at before it is used. */
import { z } from 'zod';
import type { Named } from '../core/odoo/invoice.ts';
import { OdooFault } from './faults.ts';
import type { Odoo, OdooValue } from './odoo.ts';
import type { Page, PageWish } from './page.ts';

/** @throws OdooFault `malformed` */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: OdooValue, what: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new OdooFault('malformed', `Odoo's answer for ${what} cannot be understood (${at})`);
}

/** Odoo says `false` for what is empty. */
export const text = z.union([z.string(), z.literal(false)]).transform((value) => value || '');
export const date = z
  .union([z.string().regex(/^\d{4}-\d\d-\d\d$/), z.literal(false)])
  .transform((value) => value || null);
export const ids = z.array(z.int().positive());
const pair = z.tuple([z.int().positive(), z.union([z.string(), z.literal(false)])]);
export const named = pair.transform(([id, name]): Named => ({ id, name: name || '' }));
export const namedOrNull = z
  .union([pair, z.literal(false)])
  .transform((value): Named | null => (value === false ? null : { id: value[0], name: value[1] || '' }));

export interface Search {
  readonly model: string;
  readonly domain: readonly OdooValue[];
  readonly fields: readonly string[];
  readonly order: string;
  readonly limit: number;
  readonly offset?: number;
}

/** @throws OdooFault */
export async function searchRows<T>(odoo: Odoo, search: Search, row: z.ZodType<T>): Promise<T[]> {
  const { model, domain, fields, order, limit, offset = 0 } = search;
  const args = { domain, fields, offset, limit, order };
  const answer = await odoo.call({ model, method: 'search_read', ids: null, args });
  return parseAnswer(z.array(row).max(limit), answer, model);
}

/** Null: there is no such record. @throws OdooFault */
export async function readRow<T>(
  odoo: Odoo,
  model: string,
  id: number,
  fields: readonly string[],
  row: z.ZodType<T>,
): Promise<T | null> {
  const rows = await readRows(odoo, model, [id], fields, row);
  return rows[0] ?? null;
}

/** Records that are gone are left out; Odoo says nothing of them. @throws OdooFault */
export async function readRows<T>(
  odoo: Odoo,
  model: string,
  of: readonly number[],
  fields: readonly string[],
  row: z.ZodType<T>,
): Promise<T[]> {
  try {
    const answer = await odoo.call({ model, method: 'read', ids: of, args: { fields } });
    return parseAnswer(z.array(row), answer, model);
  } catch (error) {
    // It was deleted between two looks of Odoo's own; 14 says it like this.
    if (error instanceof OdooFault && error.code === 'missing' && of.length === 1) return [];
    throw error;
  }
}

const MAX_OFFSET = 100_000;

/** @throws OdooFault `invalid_call` */
export function placeOf(wish: PageWish): { readonly limit: number; readonly offset: number } {
  const limit = wish.limit ?? 20;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 100) {
    throw new OdooFault('invalid_call', 'a page has 1 to 100 items');
  }
  const after = wish.after ?? '0';
  const offset = /^\d{1,6}$/.test(after) ? Number(after) : MAX_OFFSET + 1;
  if (offset > MAX_OFFSET) throw new OdooFault('invalid_call', 'this is no mark of a page');
  return { limit, offset };
}

/** `rows` were asked with one more than the page holds. */
function pageOf<T>(rows: readonly T[], place: { limit: number; offset: number }): Page<T> {
  const more = rows.length > place.limit;
  return { items: rows.slice(0, place.limit), next: more ? String(place.offset + place.limit) : null };
}

export async function searchPage<T>(
  odoo: Odoo,
  search: Omit<Search, 'limit' | 'offset'>,
  wish: PageWish,
  row: z.ZodType<T>,
): Promise<Page<T>> {
  const place = placeOf(wish);
  const rows = await searchRows(odoo, { ...search, limit: place.limit + 1, offset: place.offset }, row);
  return pageOf(rows, place);
}

/** Sums of money: doubles drift, cents do not. */
export function roundTo(amount: number, decimals: number): number {
  const scale = 10 ** decimals;
  // -0 would print as "-0".
  return Math.round((amount + Number.EPSILON * Math.sign(amount)) * scale) / scale + 0;
}
