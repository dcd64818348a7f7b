/** What a yes to an Odoo card covers: the section `## Invoice` as it stands there and the properties beside it. */
import { createHash } from 'node:crypto';
import { inlineCode } from '../markdown-text.ts';
import { flag, num, type TaskNote, text } from '../task-file.ts';
import { isTaskId, type TaskId } from '../task-id.ts';
import { invoiceHeadline } from './headline.ts';
import type { OdooKind } from './invoice.ts';
import { readInvoiceBody } from './invoice-body.ts';

export type PostProperties = Readonly<Record<string, string | number | null>>;

export interface PostAction {
  readonly id: TaskId;
  readonly kind: OdooKind;
  readonly odooId: number;
  /** The text under `## Invoice`, as `invoiceSection` writes it. */
  readonly section: string;
  /** As `invoiceProperties` gives them. */
  readonly properties: PostProperties;
  /** After posting, a covering mail is offered as a second card. */
  readonly coveringMail: boolean;
}

export type ReadPost =
  | { readonly ok: true; readonly action: PostAction }
  | { readonly ok: false; readonly reasons: readonly string[] };

/** Reads what a card would post, with every reason why it cannot, in words for the user. */
export function postActionOf(note: TaskNote): ReadPost {
  const reasons: string[] = [];
  const id = text(note, 'id');
  if (!isTaskId(id) || !id.startsWith('od-')) reasons.push('The property `id` is missing or was changed.');
  const kind = odooKind(note);
  if (kind === null)
    reasons.push(`A card of kind ${inlineCode(text(note, 'kind') ?? '', 60)} cannot be posted in Odoo.`);
  const body = readInvoiceBody(note.body);
  const odooId = num(note, 'odoo_id');
  const drafted = odooId !== undefined && Number.isSafeInteger(odooId) && odooId > 0;
  if (!drafted || body.invoice === null || body.invoice === '') {
    reasons.push(
      'There is no draft in Odoo for this card yet. Answer what it asks and move it to `Needs_Action/odoo`.',
    );
  }
  if (body.doubled) reasons.push('There is more than one heading `## Invoice`; only one may stand there.');
  if (body.feedback !== '') {
    reasons.push(
      'There is text under `## Feedback`. To have the draft changed, move the note to `Needs_Action/odoo`; to post it as it is, empty Feedback.',
    );
  }
  const properties = propertiesOf(note);
  reasons.push(...misleading(body.lead, kind, properties));
  if (reasons.length > 0 || !isTaskId(id) || kind === null || odooId === undefined || body.invoice === null) {
    return { ok: false, reasons };
  }
  const coveringMail = flag(note, 'covering_mail') ?? false;
  return { ok: true, action: { id, kind, odooId, section: body.invoice, properties, coveringMail } };
}

/** The kind of a note for Odoo, or null. */
export function odooKind(note: TaskNote): OdooKind | null {
  const kind = text(note, 'kind');
  return kind === 'odoo_invoice' || kind === 'odoo_bill' || kind === 'odoo_credit_note' ? kind : null;
}

/** As they stand on the card; a missing or empty one is null, as `invoiceProperties` gives it. */
function propertiesOf(note: TaskNote): PostProperties {
  const words = (key: string) => text(note, key) ?? '';
  const date = (key: string) => (words(key) === '' ? null : words(key).slice(0, 40));
  return {
    odoo_id: num(note, 'odoo_id') ?? null,
    partner: words('partner'),
    currency: words('currency'),
    amount_total: num(note, 'amount_total') ?? null,
    invoice_date: date('invoice_date'),
    due_date: date('due_date'),
  };
}

/** What would hide or reshape the section below it: comments, fences, HTML, formulas. */
const HIDING = /%%|<(?=[A-Za-z!/?])|\$\$|^[> \t]*(?:`{3}|~{3})/m;
const AMOUNT = /\d[.,]\d/;

/**
 * The section is compared with Odoo, what stands above it is not. So nothing there may hide it, and a headline that names an
 * amount is the one that follows from the compared properties.
 */
function misleading(lead: string, kind: OdooKind | null, properties: PostProperties): string[] {
  const reasons: string[] = [];
  if (HIDING.test(lead)) {
    reasons.push(
      'Above `## Invoice` stands something that can hide what follows (a comment, a code fence, HTML or a formula). Take it out.',
    );
  }
  const titles = lead.split('\n').flatMap((line) => /^> ?\[![^\]]*\][-+]?(.*)$/.exec(line)?.[1] ?? []);
  const partner = String(properties['partner'] ?? '');
  const currency = String(properties['currency'] ?? '');
  const total = properties['amount_total'];
  if (kind === null || typeof total !== 'number') return reasons;
  const headline = invoiceHeadline({ kind, partner, total, currency });
  if (titles.some((title) => AMOUNT.test(title) && title.trim() !== headline)) {
    reasons.push('The headline of the card names something else than the properties and the invoice do.');
  }
  return reasons;
}

/** SHA-256 over the canonical form; two cards that would post the same have the same hash. */
export function postHash(action: PostAction): string {
  const properties = Object.entries(action.properties).sort(([a], [b]) => (a < b ? -1 : 1));
  const canonical = [
    'post/1',
    action.id,
    action.kind,
    action.odooId,
    action.section,
    properties,
    action.coveringMail,
  ];
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}

/** What is kept of an action so that a later change can be shown. */
export interface ShownPost {
  readonly section: string;
  readonly properties: PostProperties;
}

/** 200 lines of 2,000 characters would be 400 kB; what is kept for a difference need not be all of it. */
const KEPT_TEXT = 64_000;
const SHOWN_LINES = 8;
const SHOWN_WIDTH = 200;

export function shownPost(action: PostAction): ShownPost {
  return { section: action.section.slice(0, KEPT_TEXT), properties: action.properties };
}

/** What changed since it was shown, a line each, Markdown for a callout. Never empty. */
export function postDifference(before: ShownPost | null, now: ShownPost): readonly string[] {
  if (before === null)
    return ['It could not be posted, or not be read, as it was first shown. Read it whole.'];
  const keys = [...new Set([...Object.keys(before.properties), ...Object.keys(now.properties)])].sort();
  const properties = keys.flatMap((key) => {
    const [was, is] = [before.properties[key] ?? null, now.properties[key] ?? null];
    return was === is ? [] : [`${inlineCode(key, 40)}: was ${code(was)}, now ${code(is)}`];
  });
  const lines = [...properties, ...sectionDifference(before.section, now.section.slice(0, KEPT_TEXT))];
  return lines.length > 0 ? lines : ['A part that is not shown here changed: read it whole.'];
}

/** Two versions of the section, line by line; empty when they are equal. The fingerprint alone is named as such. */
export function sectionDifference(before: string, now: string): readonly string[] {
  const visible = (text: string) => text.split('\n').filter((line) => !line.startsWith('Fingerprint: '));
  const [was, is] = [visible(before), visible(now)];
  let same = 0;
  while (same < was.length && same < is.length && was[same] === is[same]) same++;
  let tail = 0;
  while (tail < was.length - same && tail < is.length - same && was.at(-1 - tail) === is.at(-1 - tail))
    tail++;
  const removed = was.slice(same, was.length - tail);
  const added = is.slice(same, is.length - tail);
  if (removed.length + added.length > 0) {
    return [...some(removed).map((line) => `− ${line}`), ...some(added).map((line) => `+ ${line}`)];
  }
  return before === now
    ? []
    : ['What is shown is the same, but lines were replaced or something not shown here changed.'];
}

/** The first few, neutralised; of the rest the number. */
function some(values: readonly string[]): string[] {
  const full = values.filter((value) => value !== '');
  const shown = full.slice(0, SHOWN_LINES).map(code);
  return full.length > shown.length ? [...shown, `(and ${full.length - shown.length} more)`] : shown;
}

function code(value: string | number | null): string {
  return inlineCode(String(value ?? ''), SHOWN_WIDTH);
}
