/** The text of an outgoing reply: what the user wrote, then, if wanted, what it answers. */

import { formatAddress } from './address-list.ts';
import type { Address } from './mail.ts';

/**
 * The line above the quotation. `when` is the `received` property (`YYYY-MM-DDTHH:mm:ss`, the vault's time
 * zone); the order year, month, day is the one that nobody misreads.
 */
export function attribution(original: {
  readonly from: Address | null;
  readonly when: string | null;
}): string {
  const who = original.from ? formatAddress(original.from) : 'you';
  const date = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?/.exec(original.when ?? '');
  if (!date) return `${who} wrote:`;
  return `On ${date[1] ?? ''}${date[2] ? ` ${date[2]}` : ''}, ${who} wrote:`;
}

/** `> ` before every line; a line that is a quotation already only gets one more `>` (RFC 3676 section 4.5). */
export function quoteOriginal(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\s+$/, '').split('\n');
  return lines
    .map((line) => (line === '' ? '>' : line.startsWith('>') ? `>${line}` : `> ${line}`))
    .join('\n');
}

/**
 * The whole outgoing text. It always begins with `reply`, not one byte of it changed: that is what the
 * user read and approved. Line ends below it are LF.
 */
export function composeBody(parts: {
  readonly reply: string;
  readonly quote: boolean;
  /** The original as it was shown, or null when there is none. */
  readonly original: string | null;
  readonly attribution: string;
}): string {
  const { reply, quote, original } = parts;
  if (!quote || original === null || original.trim() === '') return reply;
  const gap = /\n\r?\n$/.test(reply) || reply === '' ? '' : reply.endsWith('\n') ? '\n' : '\n\n';
  return `${reply}${gap}${parts.attribution}\n${quoteOriginal(original)}\n`;
}
