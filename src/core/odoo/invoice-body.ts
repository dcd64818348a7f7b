/**
 * The body of an Odoo card, in this order: a callout with the verdict, `## Invoice` (what Odoo computed; nobody edits it),
 * `## Feedback`, `## Request` (what was asked for, in the user's own words, to the end of the note). A request that was never
 * drafted has no `## Request`: all of it is the request. Nothing of ours under `## Invoice` can look like a heading.
 */

export interface InvoiceBody {
  /** Above the first of the three headings: the callout and what the user wrote there. */
  readonly lead: string;
  /** See `normalSection`; null when there is no such heading. */
  readonly invoice: string | null;
  /** More than one heading `## Invoice`: what is read and what is shown could differ. */
  readonly doubled: boolean;
  readonly feedback: string;
  /** The whole body where there is no heading of ours. */
  readonly request: string;
}

export const INVOICE = '## Invoice';
const FEEDBACK = '## Feedback';
const REQUEST = '## Request';

export function readInvoiceBody(body: string): InvoiceBody {
  const lines = body.replace(/\r\n?/g, '\n').split('\n');
  const find = (heading: string, from: number) =>
    lines.findIndex((line, at) => at >= from && line.trimEnd() === heading);
  const request = find(REQUEST, 0);
  const end = request < 0 ? lines.length : request;
  const within = (at: number) => (at >= 0 && at < end ? at : -1);
  const invoice = within(find(INVOICE, 0));
  const feedback = within(find(FEEDBACK, Math.max(invoice, 0)));
  const first = [invoice, feedback, request].filter((at) => at >= 0);
  const top = first.length > 0 ? Math.min(...first) : -1;
  return {
    lead: top < 0 ? '' : trimmed(lines.slice(0, top)),
    invoice:
      invoice < 0 ? null : normalSection(lines.slice(invoice + 1, feedback < 0 ? end : feedback).join('\n')),
    doubled: lines.filter((line) => line.trimEnd() === INVOICE).length > 1,
    feedback: feedback < 0 ? '' : trimmed(lines.slice(feedback + 1, end)),
    request: trimmed(request < 0 ? (top < 0 ? lines : []) : lines.slice(request + 1)),
  };
}

/** What two sections are compared by: blanks at the ends of lines and around the whole say nothing. */
export function normalSection(text: string): string {
  return trimmed(
    text
      .replace(/\r\n?/g, '\n')
      .split('\n')
      .map((line) => line.trimEnd()),
  );
}

export function renderInvoiceBody(parts: Omit<InvoiceBody, 'doubled'>): string {
  const section = (heading: string, text: string) =>
    text === '' ? `${heading}\n\n` : `${heading}\n\n${text}\n\n`;
  return [
    parts.lead === '' ? '' : `${parts.lead}\n\n`,
    parts.invoice === null ? '' : section(INVOICE, parts.invoice),
    section(FEEDBACK, parts.feedback),
    section(REQUEST, parts.request).trimEnd(),
    '\n',
  ].join('');
}

/** For a card whose draft changed in Odoo: shows what is there now, the rest stays. */
export function withInvoiceSection(body: string, section: string): string {
  return renderInvoiceBody({ ...readInvoiceBody(body), invoice: section });
}

function trimmed(lines: readonly string[]): string {
  const blank = (line: string) => line.trim() === '';
  let from = 0;
  let to = lines.length;
  while (from < to && blank(lines[from] ?? '')) from++;
  while (to > from && blank(lines[to - 1] ?? '')) to--;
  return lines.slice(from, to).join('\n').trimEnd();
}
