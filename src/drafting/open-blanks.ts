/** `[day and time]`: a blank that a template or a model left for the user. Footnotes and links are none. */
const BLANK = /\[(?=[^\][\n]*\p{Ll}{2})[^\][\n]{2,60}\](?!\()/gu;

/** A warning for the blanks of a draft, or none. Sent unseen they are the embarrassing kind of mail. */
export function blankWarnings(text: string): string[] {
  const blanks = [...new Set(text.match(BLANK) ?? [])];
  if (blanks.length === 0) return [];
  return [`Draft: fill in ${blanks.slice(0, 5).join(' ')} before you approve.`];
}
