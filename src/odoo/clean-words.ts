const MAX_WORDS = 300;
/** Longer than this is no sentence; the rest is not worth the work. */
const MAX_LOOK = 10_000;

/** Words of a server for a log line and a note: one line, short, no hidden characters, no key, no address of a database. */
export function cleanWords(text: string, secrets: readonly string[]): string {
  let words = text;
  // Before it is cut: half a key would not be found.
  for (const secret of secrets) {
    if (secret !== '') words = words.replaceAll(secret, '[key]');
  }
  words = words
    .slice(0, MAX_LOOK)
    .replace(/connection to server at [^:\n]{1,200}:?/gi, '')
    .replace(/<\/?(?:p|br|b|i|u|ul|ol|li|a|em|strong|div|span|pre|h[1-6])\b[^<>]{0,300}>/gi, ' ')
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const characters = Array.from(words);
  return characters.length <= MAX_WORDS ? words : `${characters.slice(0, MAX_WORDS - 1).join('')}…`;
}
