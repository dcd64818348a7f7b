import { formatAddress } from './address-list.ts';
import type { MailAction } from './approval.ts';
import { inlineCode } from './markdown-text.ts';

/** What a card would send, as it was shown; the text may be cut. */
export interface ShownAction {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** Each with the beginning of its digest. */
  readonly attachments: readonly string[];
}

/** A card's text is at most 1 MB; what is kept for a difference need not be all of it. */
const KEPT_TEXT = 64_000;
const SHOWN_LINES = 6;
const SHOWN_WIDTH = 160;

/** What is kept of an action so that a later change can be shown. */
export function shownAction(action: MailAction): ShownAction {
  return {
    to: action.to.map(formatAddress),
    cc: action.cc.map(formatAddress),
    subject: action.subject,
    text: action.text.slice(0, KEPT_TEXT),
    attachments: action.attachments.map(({ name, sha256 }) => `${name} (sha256 ${sha256.slice(0, 12)})`),
  };
}

/**
 * What changed since it was shown, a line each, Markdown for a callout: at most about twenty lines. Foreign text
 * stands in code, neutralised. Never empty: what is not named here still changed.
 */
export function differenceLines(before: ShownAction | null, now: MailAction): readonly string[] {
  if (before === null) return ['It could not be sent, or not be read, as it was first shown. Read it whole.'];
  const after = shownAction(now);
  const lines = [
    ...changes('`reply_to`', before.to, after.to),
    ...changes('`reply_cc`', before.cc, after.cc),
    ...(before.subject === after.subject
      ? []
      : [`Subject: was ${code(before.subject)}, now ${code(after.subject)}`]),
    ...textLines(before.text, after.text),
    ...changes('Attachment', before.attachments, after.attachments),
  ];
  return lines.length > 0 ? lines : ['A part that is not shown here changed: read it whole.'];
}

function changes(what: string, before: readonly string[], after: readonly string[]): string[] {
  const added = after.filter((one) => !before.includes(one));
  const removed = before.filter((one) => !after.includes(one));
  return [
    ...some(added).map((one) => `${what}: **added** ${one}`),
    ...some(removed).map((one) => `${what}: **removed** ${one}`),
  ];
}

function textLines(before: string, after: string): string[] {
  if (before === after) return [];
  const [was, is] = [before.split('\n'), after.split('\n')];
  let same = 0;
  while (same < was.length && same < is.length && was[same] === is[same]) same++;
  let tail = 0;
  while (tail < was.length - same && tail < is.length - same && was.at(-1 - tail) === is.at(-1 - tail))
    tail++;
  const removed = was.slice(same, was.length - tail);
  const added = is.slice(same, is.length - tail);
  return [
    `Text, from line ${same + 1} on:`,
    ...some(removed).map((line) => `− ${line}`),
    ...some(added).map((line) => `+ ${line}`),
  ];
}

/** The first few, neutralised; of the rest the number. */
function some(values: readonly string[]): string[] {
  const shown = values.slice(0, SHOWN_LINES).map((value) => code(value));
  return values.length > shown.length ? [...shown, `(and ${values.length - shown.length} more)`] : shown;
}

function code(value: string): string {
  return inlineCode(value, SHOWN_WIDTH);
}
