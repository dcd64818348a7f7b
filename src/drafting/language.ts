/** Small words that are frequent in one language and rare in the others. */
const SMALL_WORDS: Readonly<Record<string, string>> = {
  en: 'the and you for with this that have will your please from would are not our can about thanks we is of',
  de: 'der die das und nicht mit ist ich sie wir für bitte eine einen auf haben ihre danke den dem zu von im',
  fr: 'le les des et vous pour nous avec est une dans pas votre merci je que sur bonjour du au',
  es: 'el los las una para por con que usted gracias hola nos su está como muy del pero',
  it: 'il gli che per una con sono della grazie non buongiorno vi nostro di ci alla questo',
  nl: 'het een van en niet voor met dat wij ik graag zijn aan bedankt u naar ook',
  pt: 'os uma para com não você obrigado olá nos seu por está muito ao da em',
  pl: 'i w na nie się do jest dzień dobry proszę dziękuję oraz za czy',
};
const LEXICON = new Map(
  Object.entries(SMALL_WORDS).map(([code, words]) => [code, new Set(words.split(' '))]),
);

const MAX_CHARS = 4_000;

/** The language of a text (ISO 639-1), or null when it is too short or too mixed to say. */
export function guessLanguage(text: string): string | null {
  const words =
    text
      .slice(0, MAX_CHARS)
      .toLowerCase()
      .match(/\p{L}+/gu) ?? [];
  const scores = Array.from(LEXICON, ([code, small]) => ({
    code,
    hits: words.filter((w) => small.has(w)).length,
  }));
  scores.sort((a, b) => b.hits - a.hits);
  const [first, second] = scores;
  if (!first || !second || first.hits < 2 || first.hits < second.hits * 1.3) return null;
  return first.code;
}
