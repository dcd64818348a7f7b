import { z } from 'zod';
import type { Named } from '../core/odoo/invoice.ts';
import { findExactFirst, same } from './find-exact.ts';
import type { Odoo } from './odoo.ts';
import type { Page, PageWish } from './page.ts';
import { named, namedOrNull, text } from './read-rows.ts';

export interface Partner {
  readonly id: number;
  /** As Odoo shows it: a contact of a company with the company before it. */
  readonly name: string;
  readonly isCompany: boolean;
  readonly vat: string;
  readonly email: string;
  /** Name; '' when there is none. */
  readonly country: string;
  readonly street: string;
  readonly city: string;
  readonly reference: string;
  /** The company it is a contact of. */
  readonly parent: Named | null;
  /** Whom the books are kept under: itself, or its company. */
  readonly commercialId: number;
  /** What of it is the query, letter by letter. */
  readonly exact: 'email' | 'vat' | 'reference' | 'name' | null;
}

export interface PartnerWish extends PageWish {
  /** Either this, or `ids`. */
  readonly query?: string | undefined;
  /** At most 200; comes in one page, without those that are gone. */
  readonly ids?: readonly number[] | undefined;
}

const row = z.object({
  id: z.int().positive(),
  name: text,
  display_name: text,
  is_company: z.boolean(),
  vat: text,
  email: text,
  country_id: namedOrNull,
  street: text,
  city: text,
  ref: text,
  parent_id: namedOrNull,
  commercial_partner_id: named,
});

/**
 * By name, e-mail address, VAT number or reference; the exact ones first. Archived ones are not found.
 * @throws OdooFault
 */
export async function findPartners(odoo: Odoo, wish: PartnerWish): Promise<Page<Partner>> {
  const page = await findExactFirst(
    odoo,
    {
      model: 'res.partner',
      fields: Object.keys(row.shape),
      order: 'name, id',
      query: wish.query,
      ids: wish.ids,
      exactIn: ['email', 'vat', 'ref', 'name'],
      containedIn: ['display_name', 'email', 'vat', 'ref'],
      row,
    },
    wish,
  );
  return { items: page.items.map((found) => partnerOf(found, wish.query)), next: page.next };
}

function partnerOf(found: z.infer<typeof row>, query: string | undefined): Partner {
  const fits = [
    ['email', found.email],
    ['vat', found.vat],
    ['reference', found.ref],
    ['name', found.name],
  ] as const;
  return {
    id: found.id,
    name: found.display_name || found.name,
    isCompany: found.is_company,
    vat: found.vat,
    email: found.email,
    country: found.country_id?.name ?? '',
    street: found.street,
    city: found.city,
    reference: found.ref,
    parent: found.parent_id,
    commercialId: found.commercial_partner_id.id,
    exact: fits.find(([, value]) => same(value, query))?.[0] ?? null,
  };
}
