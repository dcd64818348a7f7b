import { visibleText } from './neutralise.ts';

export interface HiddenCharacter {
  /** `U+200B`. */
  readonly code: string;
  readonly count: number;
}

/**
 * Persian, Urdu and the scripts of India cannot be written without these two; between letters of such a
 * script they are spelling. Anywhere else, and in a row, they are a hiding place.
 */
const SPELLING =
  /(?<=[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}])[\u200c\u200d](?![\u200c\u200d])/gu;
const SHOWN_CODE = /\[U\+([0-9A-F]{4,6})\]/g;

/** What stands in the text and is not seen, by code point, the most frequent first; line ends and tabs aside. */
export function hiddenCharacters(text: string): HiddenCharacter[] {
  // Somebody may have typed `[U+200B]`: those are letters, and taken out before the count.
  const typed = text.replace(SHOWN_CODE, '?').replace(SPELLING, '');
  const seen = visibleText(typed);
  if (seen.hidden === 0) return [];
  const counts = new Map<string, number>();
  for (const [, code = ''] of seen.text.matchAll(SHOWN_CODE)) {
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts]
    .map(([code, count]) => ({ code: `U+${code}`, count }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}
