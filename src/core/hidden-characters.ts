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

/** Somebody may have typed `[U+200B]`: those are letters, and changed before the count. */
function made(text: string): { text: string; hidden: number } {
  return visibleText(text.replace(SHOWN_CODE, '(U+$1)').replace(SPELLING, ''));
}

/** What stands in the text and is not seen, by code point, the most frequent first; line ends and tabs aside. */
export function hiddenCharacters(text: string): HiddenCharacter[] {
  const seen = made(text);
  if (seen.hidden === 0) return [];
  const counts = new Map<string, number>();
  for (const [, code = ''] of seen.text.matchAll(SHOWN_CODE)) {
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts]
    .map(([code, count]) => ({ code: `U+${code}`, count }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}

const SHOWN_AROUND = 14;

/**
 * Where they stand: pieces like `pay[U+200B]pal`, at most `max`, one line each. Others may stand near one.
 */
export function hiddenPlaces(text: string, max: number): string[] {
  const seen = made(text);
  if (seen.hidden === 0) return [];
  const places: string[] = [];
  let shownTo = 0;
  for (const match of seen.text.matchAll(SHOWN_CODE)) {
    if (places.length >= max) break;
    if (match.index < shownTo) continue;
    shownTo = match.index + match[0].length + SHOWN_AROUND;
    const piece = seen.text.slice(Math.max(0, match.index - SHOWN_AROUND), shownTo);
    places.push(
      piece
        .replace(/\s+/g, ' ')
        .replace(/[\ud800-\udfff]/gu, '')
        .trim(),
    );
  }
  return places;
}
