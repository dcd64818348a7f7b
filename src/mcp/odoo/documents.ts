import type { z } from 'zod';
import { localTime } from '../../core/local-time.ts';
import { OdooFault } from '../../odoo/faults.ts';
import { findTwins } from '../../odoo/find-twins.ts';
import { invoiceLink } from '../../odoo/invoice-link.ts';
import type { Odoo } from '../../odoo/odoo.ts';
import { readInvoice } from '../../odoo/read-invoice.ts';
import type { document } from './answers.ts';
import type { OdooDeps } from './odoo-deps.ts';

/** Null: there is no such document. @throws OdooFault */
export async function describeDocument(
  odoo: Odoo,
  id: number,
  { now, timeZone }: Pick<OdooDeps, 'now' | 'timeZone'>,
): Promise<z.output<typeof document> | null> {
  const read = await readInvoice(odoo, id);
  if (read === null) return null;
  const twins = await findTwins(odoo, read, localTime(now(), timeZone).slice(0, 10));
  const { lines, taxLines, ...rest } = read;
  return {
    invoice: {
      ...rest,
      lines: lines.map((line) => ({ ...line, taxes: [...line.taxes] })),
      taxLines: [...taxLines],
    },
    twins: [...twins],
    link: invoiceLink(odoo.url, odoo.version, id),
  };
}

/** Of a document that was there a moment ago. @throws OdooFault `missing` when it is not any more */
export async function describeOwnDocument(
  odoo: Odoo,
  id: number,
  deps: Pick<OdooDeps, 'now' | 'timeZone'>,
): Promise<z.output<typeof document>> {
  const described = await describeDocument(odoo, id, deps);
  if (described === null) throw new OdooFault('missing', 'The draft was deleted in Odoo meanwhile.');
  return described;
}
