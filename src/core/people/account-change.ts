/** Does a mail speak of a bank account that is new? The costliest sentence that a mail can hold. Pure. */

const MAX_TEXT = 100_000;
/** What mail programs write above the earlier mail that they append without `>` (Outlook, Gmail, Apple). */
const EARLIER =
  /^(?:-{2,}\s?(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|oorspronkelijk bericht|forwarded message)|_{20,}$|(?:from|von|de|da|van):\s?\S.{0,300}@)/iu;

/** The sender's own words: without quoted lines, and without what stands below the mark of an earlier mail. */
export function ownWordsOf(mail: string): string {
  const lines: string[] = [];
  for (const line of mail.slice(0, MAX_TEXT).split('\n')) {
    const start = line.trimStart().slice(0, 400);
    if (EARLIER.test(start)) break;
    if (!start.startsWith('>')) lines.push(line);
  }
  return lines.join('\n');
}

const GAP = String.raw`(?:[\s,]{1,3}\p{L}{1,14}){0,3}[\s,]{1,3}`;
/**
 * `{new} … {account}` and `{account} … {changed}`, language by language. `account` can only be meant for
 * paying; `weak` may be an account in a shop, and counts beside an account number only.
 */
const WORDS: readonly {
  readonly fresh: string;
  readonly account: string;
  readonly weak: string;
  readonly changed: string;
  /** Whole phrases that say it without naming an account. */
  readonly phrase: string;
}[] = [
  {
    fresh: 'new|changed|updated?|different|revised|change (?:of|in|to)',
    account:
      'bank(?:ing)? (?:details?|accounts?|information|info|data|coordinates)|iban|(?:payment|remittance) (?:details|instructions|information)',
    weak: 'accounts?|account (?:details|number)|bank',
    changed: 'changed|been updated|updated|moved|switched|closed',
    phrase:
      '(?:changed|switched|moved) (?:our|my) banks?|(?:changed|switched|moved) to a (?:new|different) bank',
  },
  {
    fresh: 'neuen?|neues|neuer|geänderten?|aktualisierten?|abweichenden?|änderung',
    account: 'bankverbindung|kontoverbindung|bankdaten|bankkonto|iban',
    weak: 'konto|kontonummer|kontodaten|bank|hausbank',
    changed: 'geändert|gewechselt|aktualisiert|umgestellt',
    phrase: '(?:unsere|die|meine)(?: \\p{L}{1,14})? ?(?:haus)?bank (?:gewechselt|geändert)',
  },
  {
    fresh: "nouve(?:au|l|lle|aux|lles)|changement d[e’']s?|modification d[e’']s?",
    account: 'coordonnées bancaires|comptes? bancaires?|rib|iban|références bancaires',
    weak: 'compte|banque',
    changed: 'changé|modifiées?|changées?|mises? à jour',
    phrase: 'changé de banque',
  },
  {
    fresh: 'nuev[oa]s?|cambio de|actualizad[oa]s?|modificad[oa]s?',
    account: 'datos bancarios|cuentas? bancarias?|iban|coordenadas bancarias',
    weak: 'cuenta|número de cuenta|banco',
    changed: 'cambiado|cambió|modificado|actualizado',
    phrase: 'cambiado de banco',
  },
  {
    fresh: "nuov[oaei]|cambi(?:o|amento) (?:di|del|delle)|modifica (?:di|del|delle|dell’|dell')",
    account: 'coordinate bancarie|conti? (?:correnti?|bancari?o?)|iban|dati bancari',
    weak: 'conto|banca',
    changed: 'cambiat[oaei]|modificat[oaei]|variat[oaei]|aggiornat[oaei]',
    phrase: 'cambiato (?:la )?(?:nostra )?banca',
  },
  {
    fresh: 'nieuwe?|gewijzigde?|andere?|wijziging van',
    account: 'bankrekening(?:nummer)?|rekeningnummer|bankgegevens|iban',
    weak: 'rekening|bank',
    changed: 'gewijzigd|veranderd|aangepast',
    phrase: 'van bank (?:veranderd|gewisseld)',
  },
];

const EDGE_BEFORE = String.raw`(?<![\p{L}\p{N}])`;
const EDGE_AFTER = String.raw`(?![\p{L}\p{N}])`;
const anyOf = (alternatives: string): RegExp =>
  new RegExp(`${EDGE_BEFORE}(?:${alternatives})${EDGE_AFTER}`, 'iu');
const rulesFor = (of: 'account' | 'weak'): RegExp[] =>
  WORDS.map(({ fresh, changed, [of]: account }) =>
    anyOf(`(?:${fresh}|${changed})${GAP}(?:${account})|(?:${account})${GAP}(?:${changed})`),
  );
const CERTAIN = [...rulesFor('account'), ...WORDS.map(({ phrase }) => anyOf(phrase))];
const WITH_A_NUMBER = rulesFor('weak');

/**
 * True when the words say that an account to pay into is another one now. `words` may be of any length;
 * `namesAccount`: an account number stands among them.
 */
export function saysAccountChanged(words: string, namesAccount: boolean): boolean {
  const text = words.slice(0, MAX_TEXT).replace(/\s+/g, ' ');
  const rules = namesAccount ? [...CERTAIN, ...WITH_A_NUMBER] : CERTAIN;
  return rules.some((rule) => rule.test(text));
}
