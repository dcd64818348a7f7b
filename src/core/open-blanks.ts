/** `[day and time]` or `{{price}}`: a blank that a template or a model left. Footnotes, addresses and links are none, nor is `[[offer.pdf]]`. */
const BLANK = /(?<!\[)\[(?=[^\][\n]*\p{Ll}{2})[^\][\n@/]{2,60}\](?![(\]])|\{\{\s*[\w-]{1,40}\s*\}\}/gu;

/**
 * The blanks of a draft, each once, in order. Sent unseen they are the embarrassing kind of mail.
 * What stands in brackets in the mail's own subject is quoted, not left open.
 */
export function openBlanks(text: string, subject: string): readonly string[] {
  return [...new Set(text.match(BLANK) ?? [])].filter((blank) => !subject.includes(blank));
}
