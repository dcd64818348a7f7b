/**
 * The day in the books beside the date on the document. In a closed period Odoo does not refuse to post: it moves the
 * accounting date, and with it the year of the number (measured on 19).
 */
import { z } from 'zod';
import { OdooFault } from '../faults.ts';
import type { Odoo } from '../odoo.ts';
import { date, readRow, text } from '../read-rows.ts';

/** Odoo's own words that a draft would be booked on another day; null: it would not. @throws OdooFault */
export async function closedPeriod(odoo: Odoo, id: number): Promise<string | null> {
  const row = z.object({ tax_lock_date_message: text });
  try {
    const found = await readRow(odoo, 'account.move', id, ['tax_lock_date_message'], row);
    return found?.tax_lock_date_message || null;
  } catch (error) {
    // An Odoo without the field has nothing to say about it.
    if (error instanceof OdooFault && error.code === 'unsupported') return null;
    throw error;
  }
}

/** Null: as dated. @throws OdooFault */
export async function bookedOn(odoo: Odoo, id: number, dated: string | null): Promise<string | null> {
  const found = await readRow(odoo, 'account.move', id, ['date'], z.object({ date }));
  const day = found?.date ?? null;
  return day === dated ? null : day;
}
