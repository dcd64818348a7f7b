import { plainLetters } from '../look-alike.ts';

const MAX_NAME = 200;
/** No part of a name, and put beside it by mail programs and by people. */
const ASIDE =
  /^(?:dr|prof|dipl|ing|mr|mrs|ms|herr|frau|mme|sr|sra|jr|phd|md|via|von|de|inc|ltd|llc|gmbh|ag|co|corp|kg|bv|sa|srl|plc)$/;

/**
 * The same for `Berg, Anna`, `Dr. Anna BERG (Sales)` and `Аnna Berg` with a Cyrillic letter. '' when it is
 * not at least a first and a last name: `Anna` and `Office` are the names of many.
 */
export function nameKey(displayName: string): string {
  const words = displayName
    .slice(0, MAX_NAME)
    .normalize('NFKC')
    .replace(/\([^()]{0,100}\)|"/g, ' ')
    .split(/[\s,.;|/_]+/)
    .map(plainLetters)
    .filter((word) => /\p{L}{2}/u.test(word) && !ASIDE.test(word));
  return words.length < 2 || words.some((word) => word.includes('@')) ? '' : words.sort().join(' ');
}
