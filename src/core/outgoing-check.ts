/**
 * What a text that is about to leave says and nobody said before: a link, an address, an account, a secret
 * that stands neither in the thread nor in the user's notes, and what cannot be seen. Pure, and linear in
 * the length of the text and of what is known.
 */

import { type AccountNumber, accountNumbers } from './account-numbers.ts';
import { addressKey, isMailAddress } from './address-list.ts';
import { hiddenCharacters } from './hidden-characters.ts';
import { propertyText } from './neutralise.ts';
import { secretsInText } from './secret-names.ts';

export type FindingKind = 'link' | 'address' | 'account' | 'secret' | 'hidden';

export interface Finding {
  readonly kind: FindingKind;
  /**
   * One line of at most 100 characters, harmless on a card. A secret is named and never quoted; hidden
   * characters are `U+200B`.
   */
  readonly value: string;
  /** How often, for `hidden`; else 1. */
  readonly count: number;
}

const MAX_OF_A_KIND = 20;
/** Of one text; more distinct ones are no mail. */
const MAX_COLLECTED = 5000;

/**
 * `known`: the mails of the thread, the user's notes and templates, the user's own addresses, what the user
 * asked for. Each finding once, at most 20 of a kind; hidden characters are findings whatever is known.
 */
export function newThings(text: string, known: readonly string[]): Finding[] {
  const quoted = (kind: FindingKind, values: readonly string[]): Finding[] =>
    values.slice(0, MAX_OF_A_KIND).map((value) => ({ kind, value: propertyText(value, 100), count: 1 }));
  return [
    ...quoted('secret', newSecrets(text, known)),
    ...quoted('account', newAccounts(text, known)),
    ...quoted('link', newLinks(text, known)),
    ...quoted('address', newAddresses(text, known)),
    ...hiddenCharacters(text)
      .slice(0, MAX_OF_A_KIND)
      .map(({ code, count }) => ({ kind: 'hidden' as const, value: code, count })),
  ];
}

const SENTENCES = {
  secret: 'It holds what looks like a secret',
  account: 'It names an account that stands neither in the thread nor in your notes',
  link: 'It holds a link that stands neither in the thread nor in your notes',
  address: 'It names an address that stands neither in the thread nor in your notes',
} as const;
const SHOWN_OF_A_KIND = 3;

/** One sentence for each kind, at most 400 characters, for a card. */
export function findingWords(findings: readonly Finding[]): string[] {
  const sentences: string[] = [];
  for (const [kind, sentence] of Object.entries(SENTENCES)) {
    const of = findings.filter((f) => f.kind === kind);
    if (of.length > 0) sentences.push(`${sentence}: ${listed(of.map((f) => f.value))}.`);
  }
  const hidden = findings.filter((f) => f.kind === 'hidden');
  const count = hidden.reduce((sum, f) => sum + f.count, 0);
  if (count > 0) {
    const which = listed(hidden.map((f) => (f.count > 1 ? `${f.count} times ${f.value}` : f.value)));
    sentences.push(`It holds ${count} hidden character${count === 1 ? '' : 's'}: ${which}.`);
  }
  return sentences;
}

function listed(values: readonly string[]): string {
  const shown = values.slice(0, SHOWN_OF_A_KIND).join(' · ');
  return values.length > SHOWN_OF_A_KIND ? `${shown} and ${values.length - SHOWN_OF_A_KIND} more` : shown;
}

function newSecrets(text: string, known: readonly string[]): string[] {
  const secrets = secretsInText(text, MAX_OF_A_KIND);
  return [
    ...new Set(secrets.filter(({ value }) => !known.some((k) => k.includes(value))).map((s) => s.what)),
  ];
}

/** Runs of figures as people group them: the account that somebody named without the word `account`. */
const FIGURES = /\d(?:[ \u00a0.\/\p{Pd}]?\d){5,40}/gu;

function newAccounts(text: string, known: readonly string[]): string[] {
  const accounts = accountNumbers(text, MAX_COLLECTED);
  if (accounts.length === 0) return [];
  const keys = new Set<string>();
  for (const source of known) {
    for (const { key } of accountNumbers(source, MAX_COLLECTED)) keys.add(key);
    for (const [figures] of source.matchAll(FIGURES)) keys.add(figures.replace(/\D/g, ''));
  }
  const told = ({ shown, type }: AccountNumber): string =>
    type === 'iban-wrong' ? `${shown} (no valid IBAN)` : shown;
  return accounts.filter(({ key }) => !keys.has(key)).map(told);
}

/** With a scheme, with `www.`, or a bare name of a host that a mail program would make a link of. */
const LINK =
  /(?<![\p{L}\p{N}@.-])(?:[a-z][a-z0-9+.-]{1,20}:\/\/[^\s<>"'`\\|{}^]{1,2000}|www\.[^\s<>"'`\\|{}^]{4,2000}|(?:[\p{L}\p{N}-]{2,63}\.){1,5}(?:com|net|org|info|biz|io|app|dev|shop|site|online|xyz|link|[a-z]{2})\/[^\s<>"'`\\|{}^]{0,2000})/giu;

function links(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [raw] of text.matchAll(LINK)) {
    if (found.size >= MAX_COLLECTED) break;
    const shown = withoutPunctuation(raw);
    found.set(linkKey(shown), shown);
  }
  return found;
}

/** What closes a sentence, and a bracket that was not opened inside. */
function withoutPunctuation(link: string): string {
  let unopened = (link.match(/\)/g)?.length ?? 0) - (link.match(/\(/g)?.length ?? 0);
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link.charAt(end - 1);
    if (last === ')' && unopened-- <= 0) break;
    if (!'.,;:!?)]*_»”’'.includes(last)) break;
  }
  return link.slice(0, end);
}

/** Scheme and `www.` aside, the host in lower case, the path as it is. */
function linkKey(link: string): string {
  const bare = link.replace(/^https?:\/\//i, '').replace(/^www\./i, '');
  const host = /^[^/?#]*/.exec(bare)?.[0] ?? '';
  return (host.toLowerCase() + bare.slice(host.length)).replace(/\/+$/, '');
}

/** A known link makes its host and the pages above it known. */
function newLinks(text: string, known: readonly string[]): string[] {
  const wanted = links(text);
  if (wanted.size === 0) return [];
  const keys = new Set<string>();
  for (const source of known) {
    for (const key of links(source).keys()) for (const part of above(key)) keys.add(part);
  }
  return [...wanted].filter(([key]) => !keys.has(key)).map(([, shown]) => shown);
}

function above(key: string): string[] {
  const parts = [key];
  for (const match of key.slice(0, 500).matchAll(/[/?#]/g)) {
    if (parts.length > 20) break;
    parts.push(key.slice(0, match.index));
  }
  return parts;
}

const LOCAL = /[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]{1,64}$/u;
const DOMAIN = /^(?:[\p{L}\p{N}\p{M}-]{1,63}\.){1,8}[\p{L}\p{N}\p{M}-]{2,63}/u;

/** From each `@` to both sides, so that no run of letters is walked more than once. */
function addresses(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = text.indexOf('@'); at >= 0 && found.size < MAX_COLLECTED; at = text.indexOf('@', at + 1)) {
    const local = LOCAL.exec(text.slice(Math.max(0, at - 64), at))?.[0].replace(/^['.]+/, '');
    const domain = DOMAIN.exec(text.slice(at + 1, at + 256))?.[0];
    if (local === undefined || domain === undefined) continue;
    const address = `${local}@${domain}`;
    if (isMailAddress(address)) found.set(addressKey(address), address);
  }
  return found;
}

function newAddresses(text: string, known: readonly string[]): string[] {
  const wanted = addresses(text);
  if (wanted.size === 0) return [];
  const keys = new Set(known.flatMap((source) => [...addresses(source).keys()]));
  return [...wanted].filter(([key]) => !keys.has(key)).map(([, shown]) => shown);
}
