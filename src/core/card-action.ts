/** What a yes covers, whatever edge it goes to: a mail or a posting. The id says which. */
import { actionHash, type MailAction, mailActionOf } from './approval.ts';
import { differenceLines, type ShownAction, shownAction } from './card-difference.ts';
import {
  type PostAction,
  postActionOf,
  postDifference,
  postHash,
  type ShownPost,
  shownPost,
} from './odoo/post-action.ts';
import { type TaskNote, text } from './task-file.ts';

export type Edge = 'mail' | 'odoo';

export type CardAction =
  | { readonly edge: 'mail'; readonly action: MailAction }
  | { readonly edge: 'odoo'; readonly action: PostAction };

export type ReadCard =
  | { readonly ok: true; readonly card: CardAction }
  | { readonly ok: false; readonly reasons: readonly string[] };

/** What is kept of a card so that a later change can be shown. */
export type ShownCard = ShownAction | ShownPost;

/** By the id alone: a property that says otherwise is a reason to refuse, not another edge. */
export function edgeOf(id: string): Edge {
  return id.startsWith('od-') ? 'odoo' : 'mail';
}

/** Reads what a card would do, with every reason why it cannot, in words for the user. */
export function cardActionOf(note: TaskNote): ReadCard {
  if (edgeOf(text(note, 'id') ?? '') === 'odoo') {
    const read = postActionOf(note);
    return read.ok ? { ok: true, card: { edge: 'odoo', action: read.action } } : read;
  }
  const read = mailActionOf(note);
  return read.ok ? { ok: true, card: { edge: 'mail', action: read.action } } : read;
}

/** Two cards that would do the same have the same hash. */
export function cardHash(card: CardAction): string {
  return card.edge === 'odoo' ? postHash(card.action) : actionHash(card.action);
}

export function shownCard(card: CardAction): ShownCard {
  return card.edge === 'odoo' ? shownPost(card.action) : shownAction(card.action);
}

/** What changed since it was shown, a line each, Markdown for a callout. Never empty. */
export function cardDifference(before: ShownCard | null, now: CardAction): readonly string[] {
  if (now.edge === 'mail')
    return differenceLines(before !== null && 'to' in before ? before : null, now.action);
  return postDifference(before !== null && 'section' in before ? before : null, shownPost(now.action));
}
