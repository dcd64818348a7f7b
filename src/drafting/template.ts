/** A note in `Templates/`, written by the user: properties that say when it fits, and the text. */

import { splitFrontMatter } from '../core/front-matter.ts';
import { list, num, type TaskNote, text } from '../core/task-file.ts';

export interface Template {
  /** The note's name without `.md`. */
  readonly name: string;
  readonly for: 'email_reply' | 'email_new' | 'covering_mail';
  /** ISO 639-1, or null when it fits any language. */
  readonly language: string | null;
  /** Words that must occur in the mail; none: the template fits every mail. `invoice*` matches beginnings. */
  readonly keywords: readonly string[];
  readonly priority: number;
  readonly body: string;
}

export type TemplateResult =
  | { readonly ok: true; readonly template: Template }
  /** null: a note that is no template of ours, such as one for Odoo. */
  | { readonly ok: false; readonly message: string | null };

export const TEMPLATE_BYTES = 65_536;
const MAX_KEYWORDS = 50;
const KINDS = ['email_reply', 'email_new', 'covering_mail'] as const;

export function parseTemplate(fileName: string, source: string): TemplateResult {
  const name = fileName.replace(/\.md$/, '');
  const split = splitFrontMatter(source);
  if (!split.ok) return { ok: false, message: split.fault.message };
  const note: TaskNote = { data: split.data, body: split.body };
  const kind = KINDS.find((k) => k === text(note, 'for'));
  if (!kind) return { ok: false, message: null };
  const language = text(note, 'language')?.trim().toLowerCase() ?? '';
  const template: Template = {
    name,
    for: kind,
    language: language === '' ? null : language,
    keywords: list(note, 'keywords')
      .slice(0, MAX_KEYWORDS)
      .map((k) => k.trim().toLowerCase())
      .filter((k) => k !== ''),
    priority: num(note, 'priority') ?? 0,
    body: split.body.replace(/^\s*\n/, '').trimEnd(),
  };
  return { ok: true, template };
}
