/**
 * The section `## Mail rules` of Company_Handbook.md: which mail gets a card always, never, and who is important.
 * The page is the user's own, so what it says is believed; a line that cannot be read is a fault with its
 * reason and changes nothing.
 */

import { addressKey, asciiDomain, isMailAddress } from './address-list.ts';
import type { IncomingMail } from './mail.ts';

export type Pattern =
  /** `addressKey` of one mailbox; of the sender, or with `to` of a recipient. */
  | { readonly kind: 'address' | 'to'; readonly key: string }
  /** A domain in its ASCII form and all below it; of the sender. */
  | { readonly kind: 'domain'; readonly domain: string }
  /** The id of List-Id (RFC 2919), lower case, without brackets. */
  | { readonly kind: 'list'; readonly id: string }
  /** Words that the subject holds, folded by `foldedText`. */
  | { readonly kind: 'subject'; readonly words: string };

export interface MailRules {
  readonly always: readonly Pattern[];
  readonly never: readonly Pattern[];
  readonly important: readonly Pattern[];
  /** What could not be read, one sentence each, at most `MAX_FAULTS`. */
  readonly faults: readonly string[];
}

export const NO_RULES: MailRules = { always: [], never: [], important: [], faults: [] };

const MAX_PATTERNS = 1_000;
const MAX_FAULTS = 20;
const MAX_SECTION_CHARS = 65_536;
const MIN_SUBJECT_CHARS = 3;

const KINDS = { always: 'always', never: 'never', important: 'important' } as const;
type Kind = keyof typeof KINDS;

/** Reads the section; a page without one has no rules. */
export function readMailRules(handbook: string): MailRules {
  const rules = { always: [] as Pattern[], never: [] as Pattern[], important: [] as Pattern[] };
  const faults: string[] = [];
  let patterns = 0;
  for (const line of itemsOf(handbook)) {
    const rule = ruleOf(line);
    if (rule === null) {
      faults.push(`${shown(line)}: a rule begins with Always, Never or Important and a colon.`);
      continue;
    }
    for (const text of splitList(rule.list)) {
      const pattern = patternOf(text);
      if (typeof pattern === 'string') faults.push(`${shown(text)}: ${pattern}`);
      else if (++patterns > MAX_PATTERNS)
        faults.push(`More than ${MAX_PATTERNS} rules; the rest is left out.`);
      else rules[rule.kind].push(pattern);
    }
    if (patterns > MAX_PATTERNS) break;
  }
  return { ...rules, faults: faults.slice(0, MAX_FAULTS) };
}

/** List items of the section, outside code and comments. */
function itemsOf(handbook: string): string[] {
  const page = handbook.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const from = /^##[ \t]+Mail rules[ \t]*$/im.exec(page);
  if (!from) return [];
  const rest = page.slice(from.index + from[0].length);
  const end = /^##?[ \t]/m.exec(rest);
  const section = rest.slice(0, Math.min(end?.index ?? rest.length, MAX_SECTION_CHARS));
  const items: string[] = [];
  let fence = '';
  for (const line of section.replace(/<!--[\s\S]*?(?:-->|$)|%%[\s\S]*?(?:%%|$)/g, '').split('\n')) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    if (fence !== '') {
      if (mark.startsWith(fence)) fence = '';
      continue;
    }
    fence = mark;
    const item = /^\s*[-*+][ \t]+(\S.*)$/.exec(line)?.[1];
    if (item !== undefined) items.push(item.trim());
  }
  return items;
}

/** `**Always:** a, b`, `Never: c`: the word, a colon, what it is about. */
function ruleOf(item: string): { kind: Kind; list: string } | null {
  const match = /^[*_]{0,3}(always|never|important)[*_]{0,3}\s*:[*_]{0,3}\s*(.*)$/i.exec(item);
  if (!match) return null;
  return { kind: KINDS[(match[1] ?? '').toLowerCase() as Kind], list: match[2] ?? '' };
}

/** At commas, but not inside quotation marks. */
function splitList(list: string): string[] {
  const parts = list.match(/(?:"[^"]*"?|[^,"])+/g) ?? [];
  return parts.map(bare).filter((part) => part !== '');
}

/** Without what Markdown and Obsidian put around an address: code, angle brackets, a mailto link. */
function bare(part: string): string {
  return part
    .trim()
    .replace(/^\[([^\]]*)\]\(mailto:[^)]*\)$/i, '$1')
    .replace(/^`+|`+$/g, '')
    .replace(/^<([^<>]*)>$/, '$1')
    .replace(/^mailto:/i, '')
    .trim();
}

/** The pattern, or what is wrong with it. */
function patternOf(text: string): Pattern | string {
  const named = /^(list|subject|to)\s*:\s*(.*)$/i.exec(text);
  const value = (named?.[2] ?? '').replace(/^"([^"]*)"?$/, '$1').trim();
  switch (named?.[1]?.toLowerCase()) {
    case 'list':
      return listPattern(value);
    case 'subject':
      return subjectPattern(value);
    case 'to':
      return isMailAddress(value) ? { kind: 'to', key: addressKey(value) } : 'that is no mail address.';
    default:
      return senderPattern(text);
  }
}

function listPattern(value: string): Pattern | string {
  const id = value.replace(/^<([^<>]*)>$/, '$1').toLowerCase();
  return /^[^\s<>@]{3,255}$/.test(id) && id.includes('.') ? { kind: 'list', id } : 'that is no List-Id.';
}

function subjectPattern(value: string): Pattern | string {
  const words = foldedText(value);
  if (words.length < MIN_SUBJECT_CHARS) return `at least ${MIN_SUBJECT_CHARS} characters of a subject.`;
  return { kind: 'subject', words };
}

function senderPattern(text: string): Pattern | string {
  const domain = asciiDomain(text.replace(/^\*?@(?:\*\.)?/, 'x@'));
  // `example.com` alone may be a slip of the pen for a whole company; with the sign it is meant.
  if (/^\*?@/.test(text)) {
    return isMailAddress(`x@${domain}`) && domain.includes('.')
      ? { kind: 'domain', domain }
      : 'that is no domain (expected @example.org).';
  }
  return isMailAddress(text)
    ? { kind: 'address', key: addressKey(text) }
    : 'expected ada@example.org, @example.org, to:me@example.org, list:id.example.org or subject:"words".';
}

function shown(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').slice(0, 80);
}

/** Case, width and runs of space do not matter. */
function foldedText(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** How exactly the best of these patterns names the mail; 0 when none does. An address is surer than its domain. */
export function matchOf(patterns: readonly Pattern[], mail: IncomingMail): number {
  return patterns.reduce((best, pattern) => Math.max(best, rankOf(pattern, mail)), 0);
}

const EXACT = 1_000;
const BY_WORDS = 500;

function rankOf(pattern: Pattern, mail: IncomingMail): number {
  switch (pattern.kind) {
    case 'address':
      return mail.from && addressKey(mail.from.address) === pattern.key ? EXACT : 0;
    case 'to':
      return [...mail.to, ...mail.cc].some((a) => addressKey(a.address) === pattern.key) ? BY_WORDS : 0;
    case 'domain':
      return mail.from && isWithin(asciiDomain(mail.from.address), pattern.domain)
        ? pattern.domain.length
        : 0;
    case 'list':
      return (mail.headers.get('list-id') ?? []).some(
        (value) => listIdOf(value.slice(0, 1_000)) === pattern.id,
      )
        ? BY_WORDS
        : 0;
    case 'subject':
      return foldedText(mail.subject.slice(0, 1_000)).includes(pattern.words) ? BY_WORDS : 0;
  }
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}

/** RFC 2919: the id stands in the last angle brackets; some write it bare. */
export function listIdOf(value: string): string {
  return (/<([^<>]*)>[^<>]*$/.exec(value)?.[1] ?? value).trim().toLowerCase();
}
