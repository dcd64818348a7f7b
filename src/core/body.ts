/**
 * The body of a card, in this order: a callout with the verdict and the moves the user has,
 * `## Reply`, `## Feedback`, `## Original`.
 *
 * A reply may hold any text, headings and fences included, so the end of it is found from the bottom:
 * the last line `## Original` (nothing inside the original can be such a line: each of its lines is
 * quoted with `> `), then the last line `## Feedback` above that. A card whose Feedback is not empty is
 * never sent, so a reply that lost its own closing heading cannot be cut short silently.
 */

export interface Sections {
  /** Exactly what will be sent, without the blank lines around it; null when there is no `## Reply`. */
  readonly reply: string | null;
  readonly feedback: string;
  /** The raw section under `## Original`, or null. */
  readonly original: string | null;
}

export interface Verdict {
  readonly kind: 'todo' | 'question' | 'warning' | 'success' | 'failure' | 'info';
  readonly title: string;
  readonly lines: readonly string[];
}

const REPLY = '## Reply';
const FEEDBACK = '## Feedback';
const ORIGINAL = '## Original';

interface Marks {
  readonly lines: readonly string[];
  readonly reply: number;
  readonly feedback: number;
  readonly original: number;
}

/** Line numbers of the three headings; a missing one stands where its section would begin. */
function marks(body: string): Marks {
  const lines = body.split('\n');
  const is = (heading: string) => (line: string) => line.trimEnd() === heading;
  const reply = lines.findIndex(is(REPLY));
  const lastOriginal = lines.findLastIndex(is(ORIGINAL));
  const original = lastOriginal > reply ? lastOriginal : lines.length;
  const lastFeedback = lines.slice(0, original).findLastIndex(is(FEEDBACK));
  const feedback = lastFeedback > reply ? lastFeedback : original;
  return { lines, reply, feedback, original };
}

export function readSections(body: string): Sections {
  const { lines, reply, feedback, original } = marks(body);
  return {
    reply: reply < 0 ? null : trimBlankLines(lines.slice(reply + 1, feedback)).join('\n'),
    feedback: trimBlankLines(lines.slice(feedback + 1, original)).join('\n'),
    original: original < lines.length ? trimBlankLines(lines.slice(original + 1)).join('\n') : null,
  };
}

function trimBlankLines(lines: readonly string[]): readonly string[] {
  const blank = (line: string) => line.trim() === '';
  let from = 0;
  let to = lines.length;
  while (from < to && blank(lines[from] ?? '')) from++;
  while (to > from && blank(lines[to - 1] ?? '')) to--;
  return lines.slice(from, to);
}

function section(heading: string, content: string): string {
  return content === '' ? `${heading}\n\n` : `${heading}\n\n${content}\n\n`;
}

export function newBody(parts: {
  readonly verdict: Verdict;
  readonly reply: string;
  readonly feedback: string;
  readonly original: string;
}): string {
  return [
    `${renderVerdict(parts.verdict)}\n\n`,
    section(REPLY, parts.reply),
    section(FEEDBACK, parts.feedback),
    `${ORIGINAL}\n\n${parts.original}\n`,
  ].join('');
}

export function withReply(body: string, reply: string): string {
  return rebuild(body, { reply });
}

export function withFeedback(body: string, feedback: string): string {
  return rebuild(body, { feedback });
}

function rebuild(body: string, change: Partial<Sections>): string {
  const { lines, reply } = marks(body);
  const now = { ...readSections(body), ...change };
  const above = lines.slice(0, reply < 0 ? 0 : reply).join('\n');
  const head = reply < 0 ? leadingText(body) : `${above.trimEnd()}\n\n`;
  const original = now.original === null ? '' : `${ORIGINAL}\n\n${now.original}\n`;
  return `${head.replace(/^\n+/, '')}${section(REPLY, now.reply ?? '')}${section(FEEDBACK, now.feedback)}${original}`;
}

/** A note a person wrote without headings: its text stays, above the sections that are added. */
function leadingText(body: string): string {
  const { lines, feedback, original } = marks(body);
  const lead = lines.slice(0, Math.min(feedback, original)).join('\n').trim();
  return lead === '' ? '' : `${lead}\n\n`;
}

/**
 * Obsidian's callout metadata (`[!todo|handover]`) marks the callout as ours without being shown, so that
 * a callout the user wrote is never replaced.
 */
const OURS = /^> \[![a-z]+\|handover\][-+]?/;

function renderVerdict(verdict: Verdict): string {
  const oneLine = (s: string) => s.replace(/\s*\n\s*/g, ' ');
  return [
    `> [!${verdict.kind}|handover] ${oneLine(verdict.title)}`,
    ...verdict.lines.map((l) => `> ${oneLine(l)}`),
  ].join('\n');
}

/** Replaces our callout, wherever above the reply it stands; puts it on top when there is none. */
export function withVerdict(body: string, verdict: Verdict): string {
  const { lines, reply } = marks(body);
  const limit = reply < 0 ? lines.length : reply;
  const start = lines.findIndex((line, at) => at < limit && OURS.test(line));
  if (start < 0) return `${renderVerdict(verdict)}\n\n${body.replace(/^\n+/, '')}`;
  let end = start + 1;
  while (end < limit && (lines[end] ?? '').startsWith('>')) end++;
  return [...lines.slice(0, start), renderVerdict(verdict), ...lines.slice(end)].join('\n');
}
