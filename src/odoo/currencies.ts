import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
export interface Currency {
  readonly id: number /** ISO code. */;
  readonly code: string;
  readonly decimals: number;
}
/** An active currency by its ISO code. @throws OdooFault */
export function findCurrency(odoo: Odoo, wish: { readonly code: string }): Promise<Currency | null> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, wish])));
}
