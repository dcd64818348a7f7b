import { openBlanks } from '../core/open-blanks.ts';

/** A warning for the blanks of a draft, or none; placeholders have a warning of their own. */
export function blankWarnings(text: string, subject: string): string[] {
  const blanks = openBlanks(text, subject).filter((blank) => blank.startsWith('['));
  if (blanks.length === 0) return [];
  return [`Draft: fill in ${blanks.slice(0, 5).join(' ')} before you approve.`];
}
