/**
 * The mail that takes a posted invoice to its customer: a card like any other, offered once per invoice. Its id follows from
 * the invoice's, so whatever was killed in between finds it again, wherever the user has moved it by now.
 */
import { addressKey, formatAddress, parseAddressList } from '../core/address-list.ts';
import { withFeedback, withReply, withVerdict } from '../core/body.ts';
import type { At } from '../core/crash-points.ts';
import { noteName } from '../core/filename.ts';
import { localTime } from '../core/local-time.ts';
import type { Address } from '../core/mail.ts';
import { propertyText } from '../core/neutralise.ts';
import { inertWords } from '../core/odoo/card-words.ts';
import type { OdooKind } from '../core/odoo/invoice.ts';
import { odooKind } from '../core/odoo/post-action.ts';
import { openBlanks } from '../core/open-blanks.ts';
import {
  attachmentEntry,
  attachmentPath,
  fileCode,
  type OutgoingAttachment,
  sentName,
} from '../core/outgoing-attachments.ts';
import { renderNote, type TaskNote } from '../core/task-file.ts';
import { coveringMailId, type TaskId } from '../core/task-id.ts';
import type { Clock } from '../runtime/clock.ts';
import { allFolders, placesOf } from '../vault/task-places.ts';
import type { Vault } from '../vault/vault.ts';
import type { Task } from './effect-edge.ts';
import type { EffectRecords } from './mail-effects.ts';
import type { OfferedCards } from './offered-cards.ts';
import type { Offers } from './offers.ts';
import type { PostedInvoice } from './post-effects.ts';

/** What a text for it may say. Amounts as Odoo has them, dates `YYYY-MM-DD`. */
export interface CoveringFacts {
  readonly kind: Exclude<OdooKind, 'odoo_bill'>;
  readonly number: string;
  readonly date: string;
  readonly dueDate: string | null;
  readonly total: number;
  readonly currency: string;
  readonly partner: string;
}

export interface CoveringText {
  readonly subject: string;
  readonly text: string;
  /** Where it comes from, in a few words. */
  readonly source: string;
}

export interface CoveringDeps {
  readonly vault: Vault;
  readonly offers: Offers;
  readonly cards: OfferedCards;
  /** The journal of mails: one that was sealed is never offered again. */
  readonly mails: EffectRecords;
  /** The account that covering mails leave from; absent: the default one. */
  readonly account?: string | undefined;
  readonly coveringText: (facts: CoveringFacts) => Promise<CoveringText>;
  readonly clock: Clock;
  readonly at: At;
  readonly timeZone: string;
  readonly expiresMs: number;
}

export interface Covered {
  readonly task: Pick<Task, 'ref' | 'id'>;
  /** The invoice's note as it was sealed. */
  readonly note: TaskNote;
  readonly posted: PostedInvoice;
  readonly pdf: { readonly kept: OutgoingAttachment | null };
}

const FOLDER = 'Pending_Approval/email';

/** @returns a line for the invoice's card */
export async function offerCoveringMail(
  deps: CoveringDeps,
  covered: Covered,
): Promise<{ readonly words: string }> {
  const { note, task, posted } = covered;
  const kind = odooKind(note);
  if (kind === null || kind === 'odoo_bill') return { words: 'No covering mail: a bill goes to nobody.' };
  const id = coveringMailId(task.id);
  const name = noteName(`${posted.partner} - ${posted.number}`, id);
  const link = { words: `**Covering mail** [[${name.slice(0, -3)}]]` };
  if (await offeredBefore(deps, id)) return link;
  const { dueDate, number, date, total, currency, partner } = posted;
  const text = await deps.coveringText({ kind, number, date, dueDate, total, currency, partner });
  const card = coveringCard(deps, { ...covered, id, text });
  const { kept } = covered.pdf;
  // As for every card: the record is there before the user can see it. It names the PDF, which this process wrote.
  const told = kept === null ? [] : [fileCode({ path: attachmentPath(kept.name), sha256: kept.sha256 })];
  await deps.offers.record(id, name, card, { told });
  deps.at('invoice:mail-recorded');
  await deps.vault.create({ folder: FOLDER, name }, renderNote(card));
  deps.at('invoice:mail-offered');
  await deps.cards.returned(id, name);
  return link;
}

/** In Done and Rejected too; a sealed one is on its way or was sent, wherever its note is. */
async function offeredBefore(deps: CoveringDeps, id: TaskId): Promise<boolean> {
  const lies = async () => (await placesOf(deps.vault, id, await allFolders(deps.vault))).length > 0;
  // Twice: while the first look reads folder after folder, the note may be moved behind its back.
  return (await lies()) || (await lies()) || (await deps.mails.view(id)).word !== 'none';
}

function coveringCard(
  deps: CoveringDeps,
  facts: Covered & { readonly id: TaskId; readonly text: CoveringText },
): TaskNote {
  const { id, text, posted, pdf } = facts;
  const now = deps.clock.now();
  const to = recipients(posted.partnerEmail);
  const blanks = openBlanks(text.text, text.subject);
  const warnings = [
    ...(to.length === 0 ? ['Odoo has no e-mail address of this customer: fill in `reply_to`.'] : []),
    ...(pdf.kept === null ? ['There is no PDF to attach.'] : []),
    ...(blanks.length === 0 ? [] : [`Fill in ${blanks.slice(0, 5).join(' ')} before you approve.`]),
  ].map((words) => propertyText(words));
  const verdict = {
    kind: warnings.length > 0 ? ('warning' as const) : ('question' as const),
    title: `Mail with ${inertWords(posted.number, 80)} to ${inertWords(posted.partner, 80)}`,
    lines: [
      `**To** ${to.length === 0 ? 'nobody yet: fill in the property reply_to' : to.map((a) => propertyText(formatAddress(a), 100)).join(', ')}`,
      ...(pdf.kept === null ? [] : [`**Attached** [[${pdf.kept.name}]], as ${sentName(pdf.kept.name)}`]),
      `**Draft** ${propertyText(text.source, 120)} · **Invoice** [[${facts.task.ref.name.replace(/\.md$/, '')}]]`,
      ...warnings.map((warning) => `**Careful:** ${warning}`),
      'Move this note to `Approved` to send it, to `Rejected` to drop it.',
    ],
  };
  return {
    data: {
      id,
      kind: 'email_new',
      title: propertyText(`${posted.partner} - ${posted.number}`, 120),
      created: localTime(now, deps.timeZone),
      priority: 'normal',
      rev: 1,
      ...(deps.account === undefined ? {} : { account: deps.account }),
      drafted_by: propertyText(text.source, 120),
      drafted_at: localTime(now, deps.timeZone),
      reply_to: to.map(formatAddress),
      reply_cc: [],
      reply_subject: text.subject,
      ...(pdf.kept === null ? {} : { reply_attachments: [attachmentEntry(pdf.kept)] }),
      quote: false,
      invoice: facts.task.id,
      warnings,
      ...(blanks.length === 0 ? {} : { blanks: [...blanks] }),
      expires: localTime(now + deps.expiresMs, deps.timeZone),
    },
    body: `\n${withVerdict(withFeedback(withReply('', text.text), ''), verdict)}`,
  };
}

const MAX_RECIPIENTS = 5;

/** Odoo's field is free text: what is no address is nobody. */
function recipients(email: string): readonly Address[] {
  const parsed = parseAddressList(email.slice(0, 1_000).replaceAll(';', ','));
  if (!parsed.ok) return [];
  return [...new Map(parsed.addresses.map((a) => [addressKey(a.address), a])).values()].slice(
    0,
    MAX_RECIPIENTS,
  );
}
