import { z } from 'zod';
import type { Odoo } from './odoo.ts';
import { readRow, searchRows, text } from './read-rows.ts';

export interface Currency {
  readonly id: number;
  /** ISO code. */
  readonly code: string;
  readonly decimals: number;
}

const FIELDS = ['id', 'name', 'decimal_places'];
const row = z
  .object({ id: z.int().positive(), name: text, decimal_places: z.int().min(0).max(6) })
  .transform((found): Currency => ({ id: found.id, code: found.name, decimals: found.decimal_places }));

/** By its ISO code; null: Odoo has none of it, or it is switched off there. @throws OdooFault */
export async function findCurrency(odoo: Odoo, wish: { readonly code: string }): Promise<Currency | null> {
  const domain = [['name', '=', wish.code.trim().toUpperCase()]];
  const search = { model: 'res.currency', domain, fields: FIELDS, order: 'id', limit: 1 };
  return (await searchRows(odoo, search, row))[0] ?? null;
}

/** @throws OdooFault */
export function readCurrency(odoo: Odoo, id: number): Promise<Currency | null> {
  return readRow(odoo, 'res.currency', id, FIELDS, row);
}
