/** Domains as a reader sees them: in letters, in scripts, by the part that somebody registered. Pure. */

import { asciiDomain } from '../address-list.ts';
import { unicodeLabel } from './punycode.ts';

/** `anna@xn--mller-kva.example` gives `müller.example`; lower case. */
export function readableDomain(address: string): string {
  return asciiDomain(address).split('.').map(unicodeLabel).join('.').toLowerCase();
}

export interface Registered {
  /** What its owner chose: `example`. */
  readonly label: string;
  /** What was there before: `com`, `co.uk`. */
  readonly suffix: string;
}

/** Second levels under which countries register; a list of all public suffixes would be a dependency of 200 kB. */
const SECOND_LEVEL = /^(?:co|com|org|net|ac|gov|edu|or|ne|go|gob|gv|nom|ltd|plc|asso|tm)$/;

/** Of a readable domain; null for what has no dot. */
export function registeredPart(domain: string): Registered | null {
  const labels = domain.split('.');
  const last = labels.at(-1) ?? '';
  const second = labels.at(-2) ?? '';
  const taken = last.length === 2 && labels.length > 2 && SECOND_LEVEL.test(second) ? 2 : 1;
  const label = labels.at(-1 - taken);
  if (label === undefined || label === '') return null;
  return { label, suffix: labels.slice(-taken).join('.') };
}

/** `mail.example.co.uk` is `example.co.uk`; what has no dot is itself. */
export function registeredDomain(domain: string): string {
  const part = registeredPart(domain);
  return part === null ? domain : `${part.label}.${part.suffix}`;
}

/** Where everybody may have an address: the domain says nothing about who writes. */
const PUBLIC_MAIL: ReadonlySet<string> = new Set(
  (
    'gmail.com googlemail.com email.com mail.com ymail.com rocketmail.com icloud.com me.com mac.com msn.com aol.com ' +
    'web.de t-online.de freenet.de arcor.de posteo.de mailbox.org online.de vodafone.de kabelmail.de mailfence.com ' +
    'proton.me protonmail.com pm.me fastmail.com fastmail.fm hey.com tutanota.com tuta.io zoho.com hushmail.com ' +
    'orange.fr wanadoo.fr free.fr sfr.fr laposte.net neuf.fr bbox.fr libero.it virgilio.it tiscali.it tin.it alice.it ' +
    'ziggo.nl kpnmail.nl hetnet.nl planet.nl xs4all.nl home.nl casema.nl telfort.nl upcmail.nl telenet.be skynet.be ' +
    'comcast.net verizon.net att.net cox.net sbcglobal.net bellsouth.net charter.net bigpond.com optusnet.com.au ' +
    'bluewin.ch hispeed.ch sunrise.ch aon.at chello.at o2.pl wp.pl onet.pl interia.pl op.pl seznam.cz centrum.cz ' +
    'btinternet.com sky.com talktalk.net virginmedia.com ntlworld.com mail.ru bk.ru list.ru inbox.ru rambler.ru ' +
    'qq.com 163.com 126.com sina.com naver.com daum.net rediffmail.com uol.com.br bol.com.br terra.com.br'
  ).split(' '),
);
const PUBLIC_BRAND = /^(?:gmx|hotmail|outlook|live|yahoo|yandex)$/;

/** True for a provider where everybody may have an address; `domain` is readable. */
export function isPublicMail(domain: string): boolean {
  const part = registeredPart(domain);
  if (part === null) return false;
  return PUBLIC_MAIL.has(`${part.label}.${part.suffix}`) || PUBLIC_BRAND.test(part.label);
}

const SCRIPTS = (
  'Latin Greek Cyrillic Han Hiragana Katakana Hangul Bopomofo Arabic Hebrew Devanagari Bengali Tamil Telugu ' +
  'Gujarati Gurmukhi Kannada Malayalam Sinhala Thai Lao Khmer Armenian Georgian Cherokee Ethiopic'
)
  .split(' ')
  .map((name) => ({ name, rule: new RegExp(`\\p{Script=${name}}`, 'u') }));
const NO_SCRIPT = /[\p{Script=Common}\p{Script=Inherited}]/u;
/** Unicode TR 39, section 5.2, highly restrictive: the mixtures that people write. */
const WRITTEN_TOGETHER: readonly ReadonlySet<string>[] = [
  new Set(['Latin', 'Han', 'Hiragana', 'Katakana']),
  new Set(['Latin', 'Han', 'Bopomofo']),
  new Set(['Latin', 'Han', 'Hangul']),
];

function scriptsOf(label: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const char of label) {
    if (/^[0-9-]$/.test(char) || NO_SCRIPT.test(char)) continue;
    found.add(SCRIPTS.find(({ rule }) => rule.test(char))?.name ?? 'another');
  }
  return found;
}

/** Letters of other scripts that nobody can tell from a Latin one; a word of these alone reads as Latin. */
const TWINS = /^[асеһіјӏорԛѕԝхуԁѵοανιυρκχ0-9-]+$/u;

/** `mixed`: letters of several alphabets in one label. `twins`: Latin to the eye, and no letter of it is. */
export function scriptTrick(domain: string): 'mixed' | 'twins' | null {
  const labels = domain.split('.');
  for (const label of labels) {
    const scripts = scriptsOf(label);
    if (scripts.size > 1 && !WRITTEN_TOGETHER.some((set) => [...scripts].every((s) => set.has(s)))) {
      return 'mixed';
    }
  }
  const latinEnding = /^[a-z]+$/.test(labels.at(-1) ?? '');
  const twin = labels.some((label) => /[^\0-\x7f]/.test(label) && TWINS.test(label));
  return latinEnding && twin ? 'twins' : null;
}
