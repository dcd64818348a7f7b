import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Invoice } from '../../core/odoo/invoice.ts';
import { writeDurably } from '../../files/durable.ts';
import { OdooFault } from '../faults.ts';
import type { Odoo } from '../odoo.ts';
import { namedOrNull, parseAnswer, readRow } from '../read-rows.ts';
import { majorOf } from '../server-version.ts';

const MAX_PDF_BYTES = 10_000_000;

export interface InvoicePdf {
  /** Relative to STATE_DIR. */
  readonly file: string;
  readonly name: string;
  readonly sha256: string;
}

/**
 * The PDF of a posted invoice as Odoo draws and keeps it, written below `STATE_DIR/invoices/<id>/`. Without one the
 * invoice is posted all the same: `words` say why there is none. Odoo makes it once; a repeat fetches the same.
 */
export async function fetchInvoicePdf(
  odoo: Odoo,
  invoice: Pick<Invoice, 'id' | 'type' | 'number'>,
  place: { readonly id: string; readonly stateDir: string },
): Promise<{ readonly pdf: InvoicePdf | null; readonly words: string }> {
  if (invoice.type === 'in_invoice' || invoice.type === 'in_refund') {
    return { pdf: null, words: 'Odoo draws no PDF of what a vendor sent.' };
  }
  if (majorOf(odoo.version) < WITH_WIZARD) {
    return { pdf: null, words: `Odoo ${odoo.version} draws a PDF only in its own pages.` };
  }
  try {
    const kept = (await keptPdf(odoo, invoice.id)) ?? (await drawPdf(odoo, invoice.id));
    if (kept === null) return { pdf: null, words: 'Odoo drew no PDF.' };
    const bytes = await readPdf(odoo, kept);
    const name = `${fileName(invoice.number ?? String(invoice.id))}.pdf`;
    const folder = join('invoices', place.id);
    await mkdir(join(place.stateDir, folder), { recursive: true, mode: 0o700 });
    await writeDurably(join(place.stateDir, folder, name), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { pdf: { file: join(folder, name), name, sha256 }, words: '' };
  } catch (error) {
    if (!(error instanceof OdooFault)) throw error;
    return { pdf: null, words: `Odoo gave no PDF: ${error.message}` };
  }
}

/** Before 18 the wizard that draws it is another one. */
const WITH_WIZARD = 18;

/** Letters, digits and dashes: the number comes from Odoo and becomes a path. */
function fileName(number: string): string {
  const safe = number.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 60);
  return safe.replace(/^-|-$/g, '') || 'invoice';
}

const keptRow = z.object({ invoice_pdf_report_id: namedOrNull });

async function keptPdf(odoo: Odoo, move: number): Promise<number | null> {
  const row = await readRow(odoo, 'account.move', move, ['invoice_pdf_report_id'], keptRow);
  return row?.invoice_pdf_report_id?.id ?? null;
}

const WIZARD = 'account.move.send.wizard';
const wizardRow = z.object({ sending_methods: z.unknown() });

/**
 * "Send & Print" with the one method that only draws (`manual`, download). What is chosen is read back first: with
 * the partner's own choice Odoo would mail the invoice to the customer now.
 */
async function drawPdf(odoo: Odoo, move: number): Promise<number | null> {
  const vals = { move_id: move, sending_methods: ['manual'] };
  const made = await odoo.call({ model: WIZARD, method: 'create', ids: null, args: { vals_list: [vals] } });
  const [wizard] = parseAnswer(z.tuple([z.int().positive()]), made, WIZARD);
  const chosen = await readRow(odoo, WIZARD, wizard, ['sending_methods'], wizardRow);
  if (JSON.stringify(chosen?.sending_methods) !== '["manual"]') {
    throw new OdooFault('unsupported', 'this Odoo cannot draw it without sending it');
  }
  await odoo.call({ model: WIZARD, method: 'action_send_and_print', ids: [wizard], args: {} });
  return keptPdf(odoo, move);
}

const sizeRow = z.object({ file_size: z.int().min(0), mimetype: z.string() });
const dataRow = z.object({ datas: z.base64() });

async function readPdf(odoo: Odoo, attachment: number): Promise<Buffer> {
  const about = await readRow(odoo, 'ir.attachment', attachment, ['file_size', 'mimetype'], sizeRow);
  if (about === null) throw new OdooFault('missing', 'the PDF is gone');
  if (about.file_size > MAX_PDF_BYTES) throw new OdooFault('refused', 'the PDF has more than 10 MB');
  const data = await readRow(odoo, 'ir.attachment', attachment, ['datas'], dataRow);
  const bytes = Buffer.from(data?.datas ?? '', 'base64');
  if (bytes.length > MAX_PDF_BYTES) throw new OdooFault('refused', 'the PDF has more than 10 MB');
  if (!bytes.subarray(0, 5).equals(Buffer.from('%PDF-'))) {
    throw new OdooFault('malformed', 'what Odoo keeps as the PDF is none');
  }
  return bytes;
}
