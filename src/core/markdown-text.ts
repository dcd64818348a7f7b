/** Text of strangers inside a page of ours: shown as it is, read by Obsidian as nothing but text. */
import { propertyText } from './neutralise.ts';

/** ASCII punctuation that begins something in Markdown, HTML, Dataview or an autolink. CommonMark 2.4 allows `\`. */
const MARKUP = /[\\`*_{}[\]()<>#+!|~$^=:/@%&"-]/g;

/** One line, at most `max` characters before escaping. */
export function markdownText(s: string, max = 120): string {
  return propertyText(s, max).replace(MARKUP, '\\$&');
}

/**
 * One line as inline code. Dataview runs inline code that begins with its prefixes, `=` and `$=`, so such a text is shown in
 * quotation marks. Empty text is said to be empty: two backticks would be no code.
 */
export function inlineCode(s: string, max: number): string {
  const inert = propertyText(s, max);
  if (inert === '') return '(empty)';
  return /^[=$]/.test(inert) ? `\`"${inert}"\`` : `\`${inert}\``;
}

/** Letters, digits and what `noteName` and an editor put between them; nothing a link gives a meaning. */
const LINKABLE = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ,.'()&+-]*[\p{L}\p{N})])?$/u;

/** A link to a note by its name, or, when the name could be read as anything else, the name as text. */
export function noteLink(name: string): string {
  const stem = name.replace(/\.md$/, '');
  return LINKABLE.test(stem) && stem.length <= 200 ? `[[${stem}]]` : markdownText(stem);
}
