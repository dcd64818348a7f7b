/**
 * Who gets the reply, under which subject, in which thread. Computed by code from the mail's headers and
 * the user's own addresses; no model output and no text of the mail's body comes near it.
 */

import { addressKey, asciiDomain, cleanHeaderText, formatAddress, isMailAddress } from './address-list.ts';
import type { Address } from './mail.ts';
import { readableDomain, registeredDomain, scriptTrick } from './people/domain-name.ts';
import { mailboxKey } from './triage/mail-view.ts';
import { isRobot } from './triage/robots.ts';

export interface ReplyPlan {
  readonly to: Address[];
  readonly cc: Address[];
  readonly subject: string;
  /** The parent's Message-ID with angle brackets, or null. */
  readonly inReplyTo: string | null;
  readonly references: string[];
  /** One sentence each, for the reader of the card. */
  readonly warnings: string[];
}

export interface ParentMail {
  readonly from: Address | null;
  readonly replyTo: readonly Address[];
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly subject: string;
  readonly messageId: string | null;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  /** Addresses of the mailing lists it came through: they get no answer of one person to another. */
  readonly lists?: readonly string[];
}

export interface OwnMailbox {
  /** Every address the user receives mail at; the first one is what mail is sent from. */
  readonly addresses: readonly string[];
  /** The user's policy: answer everybody when the mail went to several? */
  readonly replyAll: boolean;
}

/** Leaves room for `Re: ` in what an approval accepts (500). */
const MAX_SUBJECT_CHARS = 490;
const MAX_TO = 20;
const MAX_CC = 30;
const MAX_ID_CHARS = 500;
/** First and last: RFC 5322 sets no limit, but servers do (a header of some 10 kB is refused by many). */
const MAX_REFERENCES = 40;
const MAX_REFERENCES_CHARS = 8_000;

export function planReply(mail: ParentMail, me: OwnMailbox): ReplyPlan {
  const warnings: string[] = [];
  const own = new Set(me.addresses.flatMap((address) => [addressKey(address), mailboxKey(address)]));
  const to = recipients(mail, own, warnings);
  const cc = me.replyAll ? copies(mail, to, own, warnings) : [];
  const sender = mail.from && isMailAddress(mail.from.address) ? [tidy(mail.from)] : [];
  for (const address of once([...to, ...sender])) warnings.push(...otherName(address));
  for (const address of once([...to, ...cc, ...sender])) warnings.push(...strangeLetters(address));
  return { to, cc, subject: replySubject(mail.subject), ...replyThread(mail), warnings };
}

/** Where a reply to `mail` stands in its thread: both headers of RFC 5322 section 3.6.4. */
export function replyThread(
  mail: Pick<ParentMail, 'messageId' | 'inReplyTo' | 'references'>,
): Pick<ReplyPlan, 'inReplyTo' | 'references'> {
  const parent = messageId(mail.messageId);
  return { inReplyTo: parent, references: references(mail, parent) };
}

/**
 * Answer prefixes of mail programs in other languages. Left out although some program uses them, because
 * they also begin honest subjects: `R:`, `Ref:`, `TR:`.
 */
const ANSWER_PREFIX =
  /^(?:(?:re|aw|antw|antwort|sv|vs|odp|ynt|rif|res|bls|atb|rép|απ|σχετ|ответ|回复|回覆|答复|返信|답장|رد|השב)\s*(?:\[\d{1,4}\]|\(\d{1,4}\)|\^\d{1,4})?\s*[:：]\s*)+/iu;

/** `Re: ` once, whatever stood there before. `Fwd:` is part of what is answered and stays. */
export function replySubject(subject: string): string {
  const clean = cleanHeaderText(subject, MAX_SUBJECT_CHARS);
  return `Re: ${clean.replace(ANSWER_PREFIX, '')}`.trim();
}

/** A Message-ID that can stand in a header, else null. Loose about `@`: some mailers leave it out. */
export function messageId(id: string | null): string | null {
  if (id === null || id.length > MAX_ID_CHARS) return null;
  return /^<[\x21-\x3b\x3d\x3f-\x7e]+>$/.test(id.trim()) ? id.trim() : null;
}

/** Others whom the mail was sent to and who are neither the user nor already among `taken`. */
export function othersOn(
  mail: Pick<ParentMail, 'to' | 'cc'>,
  taken: readonly Address[],
  own: ReadonlySet<string>,
): Address[] {
  const seen = new Set(taken.map((a) => addressKey(a.address)));
  const others: Address[] = [];
  for (const a of [...mail.to, ...mail.cc]) {
    const key = addressKey(a.address);
    if (!isMailAddress(a.address) || seen.has(key) || isOwn(a, own)) continue;
    seen.add(key);
    others.push(tidy(a));
  }
  return others;
}

function recipients(mail: ParentMail, own: ReadonlySet<string>, warnings: string[]): Address[] {
  const lists = new Set((mail.lists ?? []).map(addressKey));
  const isPerson = (a: Address): boolean => !lists.has(addressKey(a.address));
  const asked = usable(mail.replyTo, own);
  const answerTo = asked.filter(isPerson);
  const from = mail.from ? usable([mail.from], own) : [];
  if (answerTo.length > 0) return answers(mail, answerTo, own, warnings);
  const [author] = from.filter(isPerson);
  if (author) {
    const [list] = asked;
    if (list)
      warnings.push(`The list asks for answers to all of it: ${list.address}; only the sender is answered.`);
    else if (isRobot(author.address)) warnings.push(`Nobody reads answers to ${author.address}.`);
    return [author];
  }
  const [list] = [...asked, ...from];
  if (list) {
    warnings.push(
      `The answer goes to everybody on the list ${list.address}: the mail names no other address.`,
    );
    return [list];
  }
  // The user's own mail, sent or forwarded to this mailbox: the reply goes where the mail went.
  const addressees = mail.from && isOwn(mail.from, own) ? usable(mail.to, own) : [];
  if (addressees.length > 0 && addressees.length <= MAX_TO) return addressees;
  warnings.push('There is no address to answer to; fill in reply_to.');
  return [];
}

/** Where the sender asks for answers; said when that is another house than the sender's own. */
function answers(
  mail: ParentMail,
  answerTo: Address[],
  own: ReadonlySet<string>,
  warnings: string[],
): Address[] {
  const sender = mail.from && isMailAddress(mail.from.address) ? mail.from : null;
  // A form of a web page sends as no-reply, a group of the user's as the user: then nobody else wrote it.
  const form = sender !== null && (isRobot(sender.address) || isOwn(sender, own));
  const elsewhere = answerTo.find((a) => sender === null || !sameHouse(a.address, sender.address));
  const strange = form ? undefined : elsewhere;
  if (strange) {
    warnings.push(
      sender === null
        ? `The sender has no readable address; answers go to ${formatAddress(strange)}.`
        : `The sender asks for answers at another domain: ${formatAddress(strange)}, not ${asciiDomain(sender.address)}.`,
    );
  }
  if (answerTo.length <= MAX_TO) return answerTo;
  warnings.push(`The sender asks for answers to ${answerTo.length} addresses; only the first is kept.`);
  return answerTo.slice(0, 1);
}

/** `mail.example.org` and `example.org` belong to one owner. */
function sameHouse(one: string, other: string): boolean {
  return registeredDomain(readableDomain(one)) === registeredDomain(readableDomain(other));
}

function copies(mail: ParentMail, to: Address[], own: ReadonlySet<string>, warnings: string[]): Address[] {
  const lists = (mail.lists ?? []).map((address) => ({ name: '', address }));
  const others = othersOn(mail, [...to, ...lists], own).filter((a) => !isRobot(a.address));
  if (others.length === 0) return [];
  // Answering everybody after a blind copy would tell everybody about it.
  if (![...mail.to, ...mail.cc].some((a) => isOwn(a, own))) {
    warnings.push('You are neither in To nor in Cc of this mail, so only the sender is answered.');
    return [];
  }
  if (others.length > MAX_CC) {
    warnings.push(`${others.length} others got this mail; that is too many, so only the sender is answered.`);
    return [];
  }
  return others;
}

/** Valid addresses that are not the user's, each once. */
function usable(addresses: readonly Address[], own: ReadonlySet<string>): Address[] {
  return othersOn({ to: addresses, cc: [] }, [], own);
}

/** `me+news@…` is delivered to `me@…` (RFC 5233), so it is the user as well. */
function isOwn(a: Address, own: ReadonlySet<string>): boolean {
  return own.has(addressKey(a.address)) || own.has(mailboxKey(a.address));
}

function once(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((a) => [addressKey(a.address), a])).values()];
}

function tidy(a: Address): Address {
  return { name: cleanHeaderText(a.name, 200), address: a.address };
}

/** A name that is an address of another house: mail programs show the name alone. */
function otherName(a: Address): string[] {
  const named = /[^\s<>"',;:()]{1,64}@[^\s<>"',;:()]{1,255}/.exec(a.name.slice(0, 300))?.[0];
  if (named === undefined || addressKey(named) === addressKey(a.address)) return [];
  return sameHouse(named, a.address) ? [] : [`${a.address} calls itself ${named}.`];
}

function strangeLetters(a: Address): string[] {
  const trick = scriptTrick(readableDomain(a.address));
  if (trick === null) return [];
  const what =
    trick === 'mixed' ? 'mixes letters of several alphabets' : 'has letters that only look like Latin ones';
  return [`The domain of ${a.address} ${what}; on the wire it is ${asciiDomain(a.address)}.`];
}

/**
 * RFC 5322 section 3.6.4: the parent's References, else its In-Reply-To when that is one id, then its
 * Message-ID. Too long a chain keeps its root, which is what mail programs thread by, and its end.
 */
function references(mail: Pick<ParentMail, 'inReplyTo' | 'references'>, parent: string | null): string[] {
  const listed = ids(mail.references);
  const before = ids(mail.inReplyTo === null ? [] : mail.inReplyTo.split(/\s+/));
  const chain = listed.length > 0 ? listed : before.length === 1 ? before : [];
  const all = parent === null ? chain : [...chain.filter((id) => id !== parent), parent];
  const [root, ...rest] = all;
  if (root === undefined) return [];
  const end: string[] = [];
  let room = MAX_REFERENCES_CHARS - root.length;
  for (const id of rest.reverse()) {
    if (end.length === MAX_REFERENCES - 1 || (room -= id.length + 1) < 0) break;
    end.unshift(id);
  }
  return [root, ...end];
}

function ids(values: readonly string[]): string[] {
  return [...new Set(values.map((v) => messageId(v)).filter((v) => v !== null))];
}
