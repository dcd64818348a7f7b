import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import type { Named } from '../core/odoo/invoice.ts';
export interface Partner {
  readonly id: number;
  readonly name: string;
  readonly isCompany: boolean;
  readonly vat: string;
  readonly email: string /** Name; '' when there is none. */;
  readonly country: string;
  readonly city: string;
  readonly reference: string /** The company it is a contact of. */;
  readonly parent: Named | null /** Whom the books are kept under: itself, or its company. */;
  readonly commercialId: number /** What of it is the query, letter by letter. */;
  readonly exact: 'email' | 'vat' | 'name' | 'reference' | null;
}
export interface PartnerWish extends PageWish {
  readonly query: string;
}
/** By name, e-mail address, VAT or reference; the exact ones first. @throws OdooFault */
export function findPartners(odoo: Odoo, wish: PartnerWish): Promise<Page<Partner>> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, wish])));
}
