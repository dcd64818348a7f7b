/** U+0080 to U+009F as windows-1252 means them; a space where it has no character. */
const CHARACTERS =
  '\u20ac \u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152 \u017d  \u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153 \u017e\u0178';

/**
 * Node 20.20 decodes windows-1252 (and so latin1, which mailers write for it) as ISO 8859-1: the euro sign
 * and typographic quotes come out as C1 controls. No mail means those controls, so they are put right.
 */
export function mendWindows1252(text: string): string {
  return text.replace(/[\u0080-\u009f]/g, (control) => {
    const meant = CHARACTERS[control.charCodeAt(0) - 0x80];
    return meant === undefined || meant === ' ' ? control : meant;
  });
}
