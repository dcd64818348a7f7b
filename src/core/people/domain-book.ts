/** Which known domain can another one be taken for? Pure; one book holds what is known, in memory. */

import { plainLetters } from '../look-alike.ts';
import { isPublicMail, readableDomain, registeredDomain, registeredPart } from './domain-name.ts';

export interface DomainBook {
  /** `domain` is readable (`readableDomain`); what was registered of it is kept. */
  add(domain: string): void;
  has(domain: string): boolean;
  /** The known domain that a reader may take this one for, or null; null for a known one as well. */
  alike(domain: string): string | null;
}

interface Known {
  readonly domain: string;
  readonly label: string;
  readonly suffix: string;
}

/**
 * `shortest`: a name of fewer letters is not compared by single letters (`abc` and `abd` are two firms);
 * 5 for domains the user named, 6 for those that only wrote.
 */
export function domainBook(shortest: number): DomainBook {
  const domains = new Set<string>();
  const byLetters = new Map<string, Known>();
  const byLength = new Map<string, Known[]>();
  return {
    add: (domain) => {
      const part = registeredPart(domain);
      const known = registeredDomain(domain);
      if (part === null || domains.has(known)) return;
      domains.add(known);
      const entry = { domain: known, ...part };
      if (!byLetters.has(lettersOf(entry))) byLetters.set(lettersOf(entry), entry);
      const group = `${part.suffix} ${part.label.length}`;
      const near = byLength.get(group);
      if (near) near.push(entry);
      else byLength.set(group, [entry]);
    },
    has: (domain) => domains.has(registeredDomain(domain)),
    alike: (domain) => {
      const part = registeredPart(domain);
      if (part === null || domains.has(registeredDomain(domain))) return null;
      const inFront = hostInFront(domain, domains);
      if (inFront !== null) return inFront;
      if (isPublicMail(domain)) return null;
      return sameLetters(part, byLetters) ?? otherEnding(part, domains) ?? oneLetterOff(part);
    },
  };

  function oneLetterOff({ label, suffix }: { label: string; suffix: string }): string | null {
    for (const length of [label.length, label.length - 1, label.length + 1]) {
      if (length < shortest) continue;
      const near = byLength.get(`${suffix} ${length}`)?.find((known) => isOneEdit(label, known.label));
      if (near) return near.domain;
    }
    return null;
  }
}

/** The one of `known` that a reader may take `domain` for; null for none and for a known one. */
export function lookAlikeDomain(domain: string, known: readonly string[]): string | null {
  const book = domainBook(SHORTEST_GIVEN);
  for (const one of known) book.add(readableDomain(one));
  return book.alike(readableDomain(domain));
}

/** For domains that the user named; those that only wrote are compared from 6 letters on. */
export const SHORTEST_GIVEN = 5;
const SHORTEST_BY_LETTERS = 4;

/** One form for what the eye takes for the same: other scripts, `0` and `o`, `rn` and `m`. */
function lettersOf({ label, suffix }: { label: string; suffix: string }): string {
  return `${plainLetters(label).replaceAll('rn', 'm').replaceAll('vv', 'w')} ${suffix}`;
}

function sameLetters(
  part: { label: string; suffix: string },
  byLetters: ReadonlyMap<string, Known>,
): string | null {
  const known = byLetters.get(lettersOf(part));
  if (known === undefined || known.label.length < SHORTEST_BY_LETTERS) return null;
  return known.domain;
}

/** Real endings of countries that a hurried eye completes. */
const SHORTENED: ReadonlyMap<string, string> = new Map([
  ['co', 'com'],
  ['cm', 'com'],
  ['om', 'com'],
  ['cam', 'com'],
  ['ne', 'net'],
]);

function otherEnding(part: { label: string; suffix: string }, domains: ReadonlySet<string>): string | null {
  const meant = SHORTENED.get(part.suffix);
  const whole = `${part.label}.${meant ?? ''}`;
  return meant !== undefined && part.label.length >= SHORTEST_BY_LETTERS && domains.has(whole) ? whole : null;
}

/** `example.com.pay.example.net`: the eye stops at the first one. */
function hostInFront(domain: string, domains: ReadonlySet<string>): string | null {
  const labels = domain.split('.').slice(0, 20);
  for (let end = 2; end < labels.length - 1; end += 1) {
    for (let start = 0; start <= end - 2; start += 1) {
      const host = labels.slice(start, end).join('.');
      if (domains.has(host)) return host;
    }
  }
  return null;
}

/**
 * One letter more, less, other, or two exchanged. Not the first letter, which every reader sees; and not one
 * figure for another (`shop1`, `shop2`).
 */
function isOneEdit(one: string, other: string): boolean {
  if (one.length > 63 || other.length > 63 || one[0] !== other[0]) return false;
  let same = 0;
  while (same < Math.min(one.length, other.length) && one[same] === other[same]) same += 1;
  const a = one.slice(same);
  const b = other.slice(same);
  if (a.length === b.length) {
    if (a.slice(1) === b.slice(1)) return a !== '' && !(isFigure(a[0]) && isFigure(b[0]));
    return a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  }
  const [longer, shorter] = a.length > b.length ? [a, b] : [b, a];
  return longer.slice(1) === shorter && !isFigure(longer[0]);
}

function isFigure(char: string | undefined): boolean {
  return /^[0-9]$/.test(char ?? '');
}
