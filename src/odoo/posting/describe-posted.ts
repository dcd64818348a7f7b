import type { PostedInvoice } from '../../stages/post-effects.ts';
import { OdooFault } from '../faults.ts';
import { invoiceLink } from '../invoice-link.ts';
import type { Odoo } from '../odoo.ts';
import { readInvoice } from '../read-invoice.ts';
import { bookedOn } from './booking-day.ts';
import { heldAgainstPosted } from './held-against.ts';
import { fetchInvoicePdf } from './invoice-pdf.ts';
import type { PostTarget } from './sealed-post.ts';

/** What was posted, for the note; the PDF lies below `stateDir` then. @throws OdooFault */
export async function describePosted(
  odoo: Odoo,
  target: PostTarget,
  stateDir: string,
): Promise<PostedInvoice> {
  const invoice = await readInvoice(odoo, target.odooId);
  if (invoice === null) throw new OdooFault('missing', 'The posted document was deleted in Odoo meanwhile.');
  if (invoice.state !== 'posted') {
    throw new OdooFault('refused', 'It was posted, and somebody set it back to draft in Odoo meanwhile.');
  }
  const booked = await bookedOn(odoo, invoice.id, invoice.invoiceDate);
  const { pdf, words } = await fetchInvoicePdf(odoo, invoice, { id: target.id, stateDir });
  return {
    odooId: invoice.id,
    number: invoice.number ?? '',
    date: invoice.invoiceDate ?? '',
    dueDate: invoice.dueDate,
    ...(booked === null ? {} : { bookedOn: booked }),
    total: invoice.total,
    currency: invoice.currency.name,
    partner: invoice.partner?.name ?? '',
    partnerEmail: invoice.partnerEmail,
    link: invoiceLink(odoo.url, odoo.version, invoice.id),
    pdf,
    pdfWords: words,
    differs: heldAgainstPosted(target, invoice)?.lines ?? [],
  };
}
