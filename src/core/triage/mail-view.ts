/** What the rules of triage ask of a mail. Every value is hostile and cut to a bounded length. */

import { addressKey, asciiDomain } from '../address-list.ts';
import type { IncomingMail } from '../mail.ts';
import { taskOfMessageId } from '../task-id.ts';

const MAX_VALUE_CHARS = 4_000;
const MAX_VALUES = 100;
const MAX_TEXT_CHARS = 20_000;

/** The topmost value of a header, trimmed; '' when there is none. Servers on the way write above what was there. */
export function header(mail: IncomingMail, name: string): string {
  return mail.headers.get(name)?.[0]?.slice(0, MAX_VALUE_CHARS).trim() ?? '';
}

/** Every value of a header, topmost first. */
export function values(mail: IncomingMail, name: string): string[] {
  return (mail.headers.get(name) ?? []).slice(0, MAX_VALUES).map((v) => v.slice(0, MAX_VALUE_CHARS).trim());
}

export function has(mail: IncomingMail, name: string): boolean {
  return mail.headers.has(name);
}

/** The first of these headers that the mail has, or null. */
export function firstOf(mail: IncomingMail, names: readonly string[]): string | null {
  return names.find((name) => mail.headers.has(name)) ?? null;
}

/** Addresses in a header that the parser left as text; lower case, in no order that means anything. */
export function addressesIn(text: string): string[] {
  return (text.match(/[^\s<>,;:"'()[\]]{1,64}@[^\s<>,;:"'()[\]]{1,255}/g) ?? []).map((a) => a.toLowerCase());
}

/** The part before the at sign, lower case. */
export function localPart(address: string): string {
  return address.slice(0, address.lastIndexOf('@')).toLowerCase();
}

/** Without a tag after a plus sign (RFC 5233), and as Gmail reads its own: dots ignored, googlemail.com the same. */
export function mailboxKey(address: string): string {
  const key = addressKey(address);
  const at = key.lastIndexOf('@');
  const local = key.slice(0, at).replace(/(?!^)\+.*$/, '');
  const domain = key.slice(at + 1);
  const google = domain === 'gmail.com' || domain === 'googlemail.com';
  return google ? `${local.replaceAll('.', '')}@gmail.com` : `${local}@${domain}`;
}

export function isOwn(address: string, own: readonly string[]): boolean {
  const key = mailboxKey(address);
  return own.some((one) => mailboxKey(one) === key);
}

/** True for a domain of the user's own house, where others of the house have addresses too. */
export function isOwnDomain(address: string, own: readonly string[]): boolean {
  const domain = asciiDomain(address);
  return !SHARED.has(domain) && own.some((one) => asciiDomain(one) === domain);
}

/** Providers where the same domain says nothing about two people. */
const SHARED: ReadonlySet<string> = new Set(
  [
    'gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.de yahoo.fr yahoo.co.uk',
    'ymail.com aol.com icloud.com me.com mac.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de',
    'freenet.de posteo.de mailbox.org proton.me protonmail.com pm.me fastmail.com zoho.com mail.ru yandex.ru',
    'yandex.com qq.com 163.com 126.com orange.fr wanadoo.fr free.fr laposte.net libero.it tiscali.it bluewin.ch',
    'hotmail.fr hotmail.de hotmail.co.uk outlook.de outlook.fr btinternet.com comcast.net att.net verizon.net',
    'hey.com tutanota.com tuta.com mail.com email.com seznam.cz wp.pl o2.pl onet.pl interia.pl ziggo.nl kpnmail.nl',
  ]
    .join(' ')
    .split(' '),
);

/** Two names of one organisation, as far as a name can tell: the last two labels, three under `co.uk` and its like. */
export function sameHouse(one: string, other: string): boolean {
  return house(one) === house(other);
}

function house(address: string): string {
  const labels = asciiDomain(address).split('.');
  const [country, second] = [labels.at(-1) ?? '', labels.at(-2) ?? ''];
  const three = country.length === 2 && /^(?:ac|co|com|edu|gob|gov|gv|ne|net|nom|or|org)$/.test(second);
  return labels.slice(three ? -3 : -2).join('.');
}

/** It answers something. A server that answers by itself says so too, so this alone proves no person. */
export function isAnswer(mail: IncomingMail): boolean {
  return mail.inReplyTo !== null || mail.references.length > 0;
}

/** It answers a mail that this program sent for the user: whoever wrote it was asked to. */
export function answersOurs(mail: IncomingMail): boolean {
  const ids = mail.inReplyTo === null ? mail.references : [mail.inReplyTo, ...mail.references];
  return ids.some((id) => taskOfMessageId(id) !== null);
}

/** What the sender wrote: without quoted lines, what an attribution or a forward introduces, and what follows a signature's mark. */
export function ownWords(mail: IncomingMail): string {
  const kept: string[] = [];
  const lines = mail.text.slice(0, MAX_TEXT_CHARS).split('\n');
  for (const [at, line] of lines.entries()) {
    if (QUOTATION.test(line) || (FIRST_OF_HEADER.test(line) && SECOND_OF_HEADER.test(lines[at + 1] ?? '')))
      break;
    if (!line.startsWith('>')) kept.push(line);
  }
  return kept.join('\n');
}

/** From here on it is a signature or the words of others: RFC 3676, Gmail, Outlook, Apple Mail, Thunderbird. */
const QUOTATION = new RegExp(
  [
    String.raw`^-- ?$`,
    String.raw`^-{2,} ?(?:original|ursprüngliche|forwarded|weitergeleitete|message|mensaje|messaggio|doorgestuurd|oorspronkelijk)`,
    String.raw`^_{10,}\s*$`,
    String.raw`^begin forwarded message:|^anfang der weitergeleiteten nachricht|^début du message`,
    String.raw`^(?:on|am|le|el|il|op)\b.{5,200}(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef).{0,80}:\s*$`,
  ].join('|'),
  'i',
);

/** Outlook puts the header of what it quotes into the text, without a mark before it. */
const FIRST_OF_HEADER = /^\*?(?:from|von|de|da|van|från|fra)\s?\*?:\*?\s?\S/i;
const SECOND_OF_HEADER =
  /^\*?(?:sent|date|gesendet|datum|envoyé|enviado|fecha|inviato|data|verzonden|skickat|sendt|to|an)\s?\*?:/i;

/** A question mark that ends something outside a link; Japanese and Chinese ask without one. */
export function asksSomething(text: string): boolean {
  return /\?(?=["'»”’)\]\s]|$)|[？؟]|[まで]すか。|[吗呢]。/u.test(text.replace(/\bhttps?:\S+/gi, ' '));
}

export function linksIn(text: string): number {
  return text.match(/\bhttps?:\/\//gi)?.length ?? 0;
}
