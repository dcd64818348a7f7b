/** A mail asks for an invoice: a request in `Needs_Action/odoo`, as a person would have written it. Once per mail. */
import { parseAddressList } from '../core/address-list.ts';
import { noteName } from '../core/filename.ts';
import { localTime } from '../core/local-time.ts';
import { noteLink } from '../core/markdown-text.ts';
import { propertyText } from '../core/neutralise.ts';
import { EMPTY, renderLinesTable } from '../core/odoo/lines-table.ts';
import { list, renderNote, type TaskNote, text } from '../core/task-file.ts';
import { type TaskId, taskIdForRequestIn } from '../core/task-id.ts';
import type { FoundRequest } from '../drafting/drafter.ts';
import type { AskingMail } from './draft-reply.ts';
import { allFolders, placesOf } from '../vault/task-places.ts';
import type { Vault } from '../vault/vault.ts';

export interface RequestFromMailDeps {
  readonly vault: Pick<Vault, 'list' | 'listStrays' | 'create'>;
  readonly now: () => number;
  readonly timeZone: string;
  readonly audit: (line: { action: string; task: TaskId; result: string }) => Promise<void>;
}

/** Gives the name of the request of this mail; one that lies anywhere already is not made again. */
export function requestFromMail(
  deps: RequestFromMailDeps,
): (mail: AskingMail, found: FoundRequest) => Promise<string> {
  return async (mail, found) => {
    const id = taskIdForRequestIn(mail.id);
    const [place] = await placesOf(deps.vault, id, await allFolders(deps.vault));
    if (place !== undefined) return place.name;
    const name = noteName(`Invoice - ${text(mail.note, 'title') ?? ''}`, id);
    const note = requestNote(mail, id, found, localTime(deps.now(), deps.timeZone));
    const made = await deps.vault.create({ folder: 'Needs_Action/odoo', name }, renderNote(note));
    if (made === 'created') await deps.audit({ action: 'request.created', task: id, result: mail.id });
    return name;
  };
}

/** The customer is the sender, by address: found in Odoo, or asked about. All other values are quoted from the mail. */
function requestNote(mail: AskingMail, id: TaskId, found: FoundRequest, now: string): TaskNote {
  const from = parseAddressList(list(mail.note, 'from'));
  const sender = from.ok ? from.addresses[0] : undefined;
  const title = propertyText(`Invoice for ${sender?.name || sender?.address || 'the sender'}`, 120);
  const link = noteLink(mail.name);
  const lines = found.lines.map((line) => ({
    ...EMPTY,
    description: propertyText(line.description),
    quantity: line.quantity,
    price: line.price,
  }));
  const data = {
    id,
    kind: 'odoo_invoice',
    title,
    created: now,
    priority: 'normal',
    rev: 1,
    customer: sender?.address ?? '',
    currency: found.currency,
    invoice_date: null,
    due_date: null,
    purchase_reference: propertyText(found.reference),
    covering_mail: false,
    from_mail: link,
  };
  const body = [
    `> [!todo|handover] ${title}`,
    `> Asked for in the mail ${link}. A language model found it; every value stands in the mail.`,
    '',
    '## Lines',
    '',
    ...renderLinesTable(lines),
    '',
    '## Note',
    '',
  ];
  return { data, body: `\n${body.join('\n')}` };
}
