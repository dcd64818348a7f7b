/** From a request and what Odoo made of it to the card that the user decides on; and the card that asks. Pure. */
import { type Verdict, withVerdict } from '../body.ts';
import type { FrontMatter } from '../front-matter.ts';
import { inlineCode } from '../markdown-text.ts';
import { contextLines, type Move, moveLines } from '../moves.ts';
import { propertyText } from '../neutralise.ts';
import { list, num, type TaskNote, text, withData } from '../task-file.ts';
import type { TaskId } from '../task-id.ts';
import { moneyText } from './amounts.ts';
import { inlineText } from './cell-text.ts';
import { invoiceHeadline, invoiceTitle } from './headline.ts';
import type { Invoice, OdooKind, Twin } from './invoice.ts';
import { type InvoiceBody, readInvoiceBody, renderInvoiceBody } from './invoice-body.ts';
import { invoiceProperties, invoiceSection } from './invoice-section.ts';
import { odooKind, sectionDifference } from './post-action.ts';
import type { Question } from './resolve.ts';

/** What every card needs, whatever stands on it. */
export interface CardStamp {
  readonly id: TaskId;
  /** `YYYY-MM-DDTHH:mm:ss`, the vault's time zone. */
  readonly now: string;
  readonly expires: string;
}

export interface InvoiceCardFacts extends CardStamp {
  readonly kind: OdooKind;
  readonly invoice: Invoice;
  readonly twins: readonly Twin[];
  readonly link: string;
  readonly companyCurrency: string;
  /** Street and town as Odoo has them; '' when there is none. */
  readonly address: string;
  readonly coveringMail: boolean;
  /** Of the draft that was asked for; see `draftHash`. */
  readonly requestHash: string;
  /** One sentence each. */
  readonly remarks: readonly string[];
}

const OPEN_TITLE = 'Request for Odoo';
const MAX_WARNINGS = 20;
const SHOWN_WARNINGS = 8;
const SHOWN_TWINS = 4;
const MAX_WORDS = 2_000;
const MAX_HISTORY = 10;

const MOVES: readonly Move[] = [
  ['Approved', 'it is posted in Odoo, as it stands here'],
  ['Rejected', 'nothing is posted; the draft stays in Odoo'],
  ['Needs_Action/odoo', 'it is drafted again, by the request below as you change it'],
];
const COVERING = 'After posting, a covering mail with the PDF is offered to you as a second card.';

export function invoiceCard(note: TaskNote, facts: InvoiceCardFacts): TaskNote {
  const { invoice } = facts;
  const before = readInvoiceBody(note.body);
  const section = invoiceSection(invoice);
  const properties = invoiceProperties(invoice);
  const warnings = unusual(facts);
  const changes = before.invoice === null ? [] : sectionDifference(before.invoice, section);
  const headline = invoiceHeadline({
    kind: facts.kind,
    partner: properties.partner,
    total: properties.amount_total,
    currency: properties.currency,
  });
  const verdict: Verdict = {
    kind: warnings.length > 0 ? 'warning' : 'question',
    title: headline,
    lines: [
      dates(invoice),
      ...shownWarnings(warnings),
      ...(changes.length > 0
        ? ['**Changed** since the last card:', ...changes.map((line) => `- ${line}`)]
        : []),
      ...moveLines(MOVES),
      ...contextLines(facts.coveringMail ? [COVERING] : []),
    ],
  };
  return withData(card(note, facts, { ...before, invoice: section }, verdict), {
    title: titleOf(note, invoiceTitle(facts.kind, properties.partner)),
    ...properties,
    covering_mail: facts.coveringMail,
    odoo_link: safeLink(facts.link),
    request_hash: facts.requestHash,
    from_odoo: filledByOdoo(note, properties),
    drafted_by: 'odoo-mcp',
    warnings: warnings.slice(0, MAX_WARNINGS).map((line) => propertyText(line)),
  });
}

/** The user's own title, or ours for what it is now; an amount in it would outlive the draft. */
function titleOf(note: TaskNote, ours: string): string {
  const title = text(note, 'title') ?? '';
  const before = odooKind(note);
  const made = before === null ? '' : invoiceTitle(before, text(note, 'partner') ?? '');
  return ['', OPEN_TITLE, made].includes(title) ? ours : title;
}

/** What the request leaves open and Odoo fills in, so that it is not read as the user's wish when the card comes back. */
function filledByOdoo(
  note: TaskNote,
  properties: ReturnType<typeof invoiceProperties>,
): readonly string[] | undefined {
  const before = new Set(list(note, 'from_odoo'));
  const filled = (['currency', 'invoice_date', 'due_date'] as const).flatMap((key) => {
    const typed = (text(note, key) ?? '').trim();
    const open = typed === '' || before.has(`${key}=${typed}`);
    const value = properties[key];
    return open && value !== null && value !== '' ? [`${key}=${value}`] : [];
  });
  return filled.length > 0 ? filled : undefined;
}

/** What stood under Feedback was followed: it is history now. */
export function withUsedFeedback(note: TaskNote, now: string): TaskNote {
  const body = readInvoiceBody(note.body);
  if (body.feedback === '') return note;
  const line = `${now.replace('T', ' ')} ${propertyText(body.feedback)}`;
  const used = { data: note.data, body: renderInvoiceBody({ ...body, feedback: '' }) };
  return withData(used, { feedback_history: [...list(note, 'feedback_history'), line].slice(-MAX_HISTORY) });
}

/** Without what Odoo filled in for the draft it had: left there it would read as the user's wish. */
export function withoutFilled(note: TaskNote): TaskNote {
  const filled = list(note, 'from_odoo').flatMap((entry) => {
    const key = entry.split('=')[0] ?? '';
    return `${key}=${text(note, key) ?? ''}` === entry ? [[key, null] as const] : [];
  });
  return withData(note, { ...Object.fromEntries(filled), from_odoo: undefined });
}

/** `faults`: what is unclear beside the questions; of the request, or in Odoo's own words. One sentence each. */
export function questionCard(
  note: TaskNote,
  facts: CardStamp & {
    readonly questions: readonly Question[];
    readonly faults: readonly string[];
    /** Instead of what to change in general. */
    readonly hint?: string;
  },
): TaskNote {
  const { questions, faults } = facts;
  const count = questions.length + faults.length;
  const verdict: Verdict = {
    kind: 'question',
    title: `Before this can be drafted: ${count === 1 ? 'one question' : `${count} questions`}`,
    lines: [
      ...faults.map((fault) => `- ${inlineWords(fault)}`),
      ...questions.flatMap((question) => [
        `- **${inlineWords(question.asks)}** ${question.answer}`,
        ...question.choices.map((choice) => `    - ${inlineText(choice, MAX_WORDS)}`),
      ]),
      // Without it the last line would belong to the last question.
      '',
      facts.hint ??
        'Change the properties or the table under Request, then move this note to `Needs_Action/odoo`; or to `Rejected` to drop it.',
    ],
  };
  const before = readInvoiceBody(note.body);
  return withData(card(withoutFilled(note), facts, { ...before, invoice: null }, verdict), {
    title: titleOf(note, OPEN_TITLE),
    ...Object.fromEntries(OF_A_DRAFT.map((key) => [key, undefined])),
    drafted_by: 'odoo-mcp',
    warnings: [...faults, ...questions.map((question) => question.asks)]
      .slice(0, MAX_WARNINGS)
      .map((line) => propertyText(line)),
  });
}

const OF_A_DRAFT = ['odoo_id', 'partner', 'amount_total', 'odoo_link', 'request_hash'] as const;

/** The callout on top, the sections, and the properties that both kinds of card have. */
function card(
  note: TaskNote,
  facts: CardStamp,
  body: Omit<InvoiceBody, 'doubled'>,
  verdict: Verdict,
): TaskNote {
  // A request may begin with a callout of ours; the card has its own.
  const request = withoutVerdict(body.request);
  const rendered = renderInvoiceBody({ ...body, request });
  const data: FrontMatter = { ...note.data };
  return withData(
    { data, body: `\n${withVerdict(rendered, verdict)}` },
    {
      id: facts.id,
      kind: text(note, 'kind') ?? '',
      created: text(note, 'created') || facts.now,
      rev: (num(note, 'rev') ?? 0) + 1,
      drafted_at: facts.now,
      expires: facts.expires,
      outcome: undefined,
    },
  );
}

function withoutVerdict(request: string): string {
  const lines = request.split('\n');
  const from = lines.findIndex((line) => /^> \[![a-z]+\|handover\]/.test(line));
  if (from < 0) return request;
  let to = from + 1;
  while (lines[to]?.startsWith('>') === true) to++;
  return [...lines.slice(0, from), ...lines.slice(to)].join('\n').trim();
}

function dates(invoice: Invoice): string {
  const money = (amount: number) =>
    `${moneyText(amount, invoice.decimals)} ${inlineText(invoice.currency.name)}`;
  const lines = invoice.lines.filter((line) => line.display === 'product').length;
  return [
    `**Due** ${invoice.dueDate ?? 'as the payment terms say'}`,
    `**Date** ${invoice.invoiceDate ?? 'the day of posting'}`,
    `${lines === 1 ? '1 line' : `${lines} lines`}, tax ${money(invoice.tax)}`,
    ...(invoice.reference === '' ? [] : [`**Reference** ${inlineText(invoice.reference, 80)}`]),
  ].join(' · ');
}

/** What a bookkeeper would stop at; one sentence each, words of strangers neutralised. */
function unusual(facts: InvoiceCardFacts): readonly string[] {
  const { invoice, twins } = facts;
  const today = facts.now.slice(0, 10);
  const currency = invoice.currency.name;
  const found: string[] = facts.remarks.map(inlineWords);
  for (const twin of twins.slice(0, SHOWN_TWINS)) found.push(twinWords(twin, invoice.decimals));
  if (twins.length > SHOWN_TWINS)
    found.push(`${twins.length - SHOWN_TWINS} more with the same amount or reference.`);
  if (invoice.state === 'posted')
    found.push(`It is posted already, as ${inlineText(invoice.number ?? '?')}; somebody did that in Odoo.`);
  else if (invoice.postedBefore) found.push('It was posted before and reset to draft by somebody in Odoo.');
  const untaxed = invoice.lines.filter(
    (line) => line.display === 'product' && line.taxes.length === 0,
  ).length;
  if (untaxed > 0) found.push(untaxed === 1 ? 'No tax on one line.' : `No tax on ${untaxed} lines.`);
  if (invoice.partner === null) found.push('Odoo has no partner on this draft.');
  const missing = [
    ...(facts.address === '' ? ['address'] : []),
    ...(invoice.partnerEmail === '' ? ['e-mail address'] : []),
    ...(invoice.partnerVat === '' ? ['VAT number'] : []),
  ];
  if (missing.length > 0 && invoice.partner !== null)
    found.push(`Odoo has no ${missing.join(' and no ')} of this partner.`);
  if (currency !== facts.companyCurrency)
    found.push(
      `In ${inlineText(currency)}; your company's currency is ${inlineText(facts.companyCurrency)}.`,
    );
  if (invoice.total <= 0) found.push('The total is not above zero.');
  if (invoice.invoiceDate !== null && invoice.invoiceDate < monthBefore(today))
    found.push(`The date ${invoice.invoiceDate} lies in a month that may be closed.`);
  if (invoice.invoiceDate !== null && invoice.invoiceDate > today)
    found.push(`The date ${invoice.invoiceDate} lies ahead.`);
  if (invoice.dueDate !== null && invoice.dueDate < today)
    found.push(`The due date ${invoice.dueDate} has passed.`);
  if (invoice.autoPost !== 'no' && invoice.autoPost !== '') found.push('Odoo would post it by itself.');
  return found;
}

function twinWords(twin: Twin, decimals: number): string {
  const number = twin.number === null ? `draft #${twin.id}` : inlineText(twin.number, 60);
  const when = twin.date === null ? '' : ` of ${twin.date}`;
  const same =
    twin.why === 'same amount'
      ? 'the same partner and amount'
      : `the same reference ${inlineText(twin.reference, 60)}`;
  return `${number}${when} (${moneyText(twin.total, decimals)}) has ${same}.`;
}

/** First day of the month before `today`. */
function monthBefore(today: string): string {
  const [year = 0, month = 1] = today.split('-').map(Number);
  return month === 1 ? `${year - 1}-12-01` : `${year}-${String(month - 1).padStart(2, '0')}-01`;
}

function shownWarnings(warnings: readonly string[]): readonly string[] {
  const shown = warnings.slice(0, SHOWN_WARNINGS).map((line) => `**Careful:** ${line}`);
  const more = warnings.length - shown.length;
  return more > 0 ? [...shown, `**Careful:** ${more} more in the property warnings.`] : shown;
}

/** Our own sentences hold code marks, and a fault quotes what the user typed. One line, nothing that runs. */
function inlineWords(words: string): string {
  const parts = words.split('`');
  // An odd mark was typed by somebody: then none of them is ours for sure.
  if (parts.length % 2 === 0) return inlineText(words, MAX_WORDS);
  const spaced = (part: string) => {
    const blank = (there: boolean) => (there ? ' ' : '');
    return `${blank(/^\s/.test(part))}${inlineText(part, MAX_WORDS)}${blank(/\S\s+$/.test(part))}`;
  };
  return parts.map((part, at) => (at % 2 === 1 ? inlineCode(part, 200) : spaced(part))).join('');
}

function safeLink(link: string): string | undefined {
  return link.length <= 500 && URL.canParse(link) && /^https?:$/.test(new URL(link).protocol)
    ? link
    : undefined;
}
