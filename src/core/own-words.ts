/** What a mail adds to its thread: its text without the older mails that its program put under it. */

const SEPARATOR =
  /^-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|message d['’]origine|mensaje original|messaggio originale|oorspronkelijk bericht)\s*-{2,}$/i;
/** Outlook: a rule, then the header of the older mail in the reader's language. */
const RULE = /^_{10,}$/;
const OUTLOOK_HEAD = /^\*?(?:from|von|de|da|van|fra|från|od)\s?:/i;
/** `On Tuesday Anna wrote:` may be broken over lines. */
const MAX_ATTRIBUTION_LINES = 3;

/** LF text. Quotations between the writer's own lines stay; a mail that is nothing but quotation stays whole. */
export function ownWords(text: string): string {
  const lines = text.split('\n');
  const cut = separatorLine(lines);
  const end = quotationStart(lines.slice(0, cut));
  const own = lines.slice(0, end).join('\n').trim();
  return own === '' ? text.trim() : own;
}

function separatorLine(lines: readonly string[]): number {
  const at = lines.findIndex((line, n) => {
    const bare = line.trim();
    if (SEPARATOR.test(bare)) return true;
    return RULE.test(bare) && OUTLOOK_HEAD.test((lines[n + 1] ?? '').trim());
  });
  return at < 0 ? lines.length : at;
}

/** Where the block of quoted lines at the end begins, with the line that announces it. */
function quotationStart(lines: readonly string[]): number {
  let at = lines.length;
  let quoted = false;
  for (; at > 0; at--) {
    const line = lines[at - 1] ?? '';
    if (line.startsWith('>')) quoted = true;
    else if (line.trim() !== '') break;
  }
  if (!quoted) return lines.length;
  if (!(lines[at - 1] ?? '').trimEnd().endsWith(':')) return at;
  let start = at - 1;
  while (start > 0 && at - start < MAX_ATTRIBUTION_LINES && (lines[start - 1] ?? '').trim() !== '')
    start -= 1;
  // A paragraph that ends in a colon is the writer's own, not an announcement.
  return (lines[start - 1] ?? '').trim() === '' ? start : at - 1;
}
