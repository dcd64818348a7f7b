/** Bank accounts in running text. Linear in the length of the text, whatever it holds. */

/** Length of an IBAN by country: SWIFT, IBAN Registry (ISO 13616-2). */
const IBAN_LENGTH: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 ' +
    'EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 ' +
    'IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 ' +
    'NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 ' +
    'SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

export interface AccountNumber {
  /** Letters and digits only, upper case: two spellings of one account are equal. */
  readonly key: string;
  /** As it stands in the text. */
  readonly shown: string;
  /** `iban-wrong`: the shape of an IBAN whose check digits do not fit. */
  readonly type: 'iban' | 'iban-wrong' | 'number' | 'wallet';
}

/** Each account once, in the order of the text; at most `max`. */
export function accountNumbers(text: string, max = 1000): AccountNumber[] {
  const found = new Map<string, AccountNumber>();
  for (const find of [ibans, namedNumbers, wallets]) {
    for (const account of find(text)) {
      if (found.size >= max) return [...found.values()];
      if (!found.has(account.key)) found.set(account.key, account);
    }
  }
  return [...found.values()];
}

/** ISO 13616: the first four characters to the end, letters as 10 to 35, the number modulo 97 is 1. */
export function ibanChecks(iban: string): boolean {
  if (IBAN_LENGTH.get(iban.slice(0, 2)) !== iban.length || !/^[A-Z0-9]+$/.test(iban)) return false;
  let rest = 0;
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

const IBAN_START = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[\s\p{Pd}.]{0,2}[A-Za-z0-9])/gu;
/** What people put between the groups; never a line break of two. */
const BETWEEN = /^[\s\p{Pd}.]$/u;
const MIN_DIGITS = 7;

function* ibans(text: string): Generator<AccountNumber> {
  let end = 0;
  for (const match of text.matchAll(IBAN_START)) {
    if (match.index < end) continue;
    const account = ibanAt(text, match.index);
    if (account === null) continue;
    end = match.index + account.shown.length;
    yield account;
  }
}

function ibanAt(text: string, start: number): AccountNumber | null {
  const length = IBAN_LENGTH.get(text.slice(start, start + 2).toUpperCase());
  if (length === undefined) return null;
  let key = '';
  let gap = 0;
  let at = start;
  for (; key.length < length; at += 1) {
    const char = text.charAt(at);
    if (/^[A-Za-z0-9]$/.test(char)) {
      key += char.toUpperCase();
      gap = 0;
    } else if (BETWEEN.test(char) && gap < 2) gap += 1;
    else return null;
  }
  if (/^[A-Za-z0-9]$/.test(text.charAt(at))) return null;
  const checks = ibanChecks(key);
  const digits = key.slice(4).replace(/\D/g, '').length;
  // Words after a code of four characters have the length too, but not the figures.
  if (digits < MIN_DIGITS || (!checks && digits * 2 < length)) return null;
  return { key, shown: text.slice(start, at), type: checks ? 'iban' : 'iban-wrong' };
}

/** A word that says an account number follows; the figures stand right behind it. */
const NAMED =
  /(?<![\p{L}\p{N}])(?:account\s?(?:number|no|nr|#)|acct|a\/c|sort\s?code|routing(?:\s?(?:number|no))?|aba|bsb|clabe|konto(?:nummer|nr)?|kto|blz|bankleitzahl|rekening(?:nummer|nr)?|rekeningnr|numéro\s(?:de\s)?compte|n[uú]mero\sde\s(?:la\s)?cuenta|numero\s(?:di\s)?conto)[\s.:#=-]{1,4}(?:(?:is|ist|lautet|number|no|nr)[\s.:#-]{1,3})?(\d(?:[ \u00a0.\/\p{Pd}]?\d){5,25})(?![\p{L}\p{N}])/giu;

function* namedNumbers(text: string): Generator<AccountNumber> {
  for (const match of text.matchAll(NAMED)) {
    const shown = match[1] ?? '';
    yield { key: shown.replace(/\D/g, ''), shown, type: 'number' };
  }
}

/** Bitcoin (BIP 173) and Ethereum: money sent there does not come back. */
const WALLET = /(?<![\p{L}\p{N}])(?:bc1[02-9ac-hj-np-z]{25,71}|0x[0-9a-fA-F]{40})(?![\p{L}\p{N}])/gu;

function* wallets(text: string): Generator<AccountNumber> {
  for (const [shown] of text.matchAll(WALLET)) yield { key: shown.toUpperCase(), shown, type: 'wallet' };
}
