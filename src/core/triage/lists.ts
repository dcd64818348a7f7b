/** Mailing lists (RFC 2369, RFC 2919), and what the old ones write instead. */

import { asciiDomain } from '../address-list.ts';
import type { IncomingMail } from '../mail.ts';
import { listIdOf } from '../mail-rules.ts';
import {
  addressesIn,
  answersOurs,
  firstOf,
  has,
  header,
  isAnswer,
  isOwn,
  localPart,
  mailboxKey,
  values,
} from './mail-view.ts';
import { isOwnForm } from './robots.ts';
import { writtenByAgent } from './ticket-systems.ts';

/** RFC 2369 but for List-Unsubscribe and List-Help, which newsletters have too; Mailman 2, ezmlm, majordomo. */
const LIST_HEADERS = [
  ...['list-id', 'list-post', 'list-subscribe', 'list-owner', 'list-archive'],
  ...['x-beenthere', 'mailing-list', 'x-mailing-list', 'x-mailman-version', 'x-ml-name', 'x-listname'],
] as const;

export function mailingList(mail: IncomingMail, own: readonly string[]): string | null {
  const sign = listSign(mail);
  if (sign === null || isAnnouncement(mail) || isLetter(mail, own)) return null;
  return `It came through a mailing list (${sign}).`;
}

/** What one can only read, RFC 2369's `List-Post: NO` or no List-Post at all, and leave: a newsletter, weighed there. */
function isAnnouncement(mail: IncomingMail): boolean {
  return (
    has(mail, 'list-id') &&
    has(mail, 'list-unsubscribe') &&
    postAddresses(mail).length === 0 &&
    !/^list$/i.test(header(mail, 'precedence'))
  );
}

/** A letter to the user that only came by way of a list. */
export function isLetter(mail: IncomingMail, own: readonly string[]): boolean {
  return listSign(mail) !== null && (isOwnGroup(mail, own) || isMeant(mail, own));
}

function listSign(mail: IncomingMail): string | null {
  if (has(mail, 'list-id')) return header(mail, 'list-id');
  const other = firstOf(mail, LIST_HEADERS);
  if (other !== null) return header(mail, other);
  const sender = addressesIn(header(mail, 'sender'))[0] ?? '';
  if (/^owner-.+@|^.+-(?:bounces|request)(?:\+[^@]*)?@/.test(sender)) return sender;
  const precedence = header(mail, 'precedence').toLowerCase();
  return precedence === 'list' ? 'Precedence: list' : null;
}

/**
 * The "list" is an address of the user: at Google and Microsoft `info@` is often a group, and every mail of
 * a customer to it then has List-Id, List-Unsubscribe and Precedence: list.
 */
export function isOwnGroup(mail: IncomingMail, own: readonly string[]): boolean {
  return own.some((address) => isListAddress(mail, address));
}

/** It is the list's List-Post, or its List-Id with a dot for the at sign, as nearly all list servers form it. */
function isListAddress(mail: IncomingMail, address: string): boolean {
  const asId = `${localPart(address)}.${asciiDomain(address)}`;
  if (values(mail, 'list-id').some((value) => listIdOf(value) === asId)) return true;
  return postAddresses(mail).some((post) => mailboxKey(post) === mailboxKey(address));
}

function postAddresses(mail: IncomingMail): string[] {
  const named = [
    ...values(mail, 'list-post'),
    ...values(mail, 'x-beenthere'),
    ...values(mail, 'x-mailing-list'),
  ];
  return named.flatMap((value) => addressesIn(value.replaceAll('mailto:', ' ').replace(/\?[^>]*/g, '')));
}

/**
 * A person on a discussion list wrote to the user and let the list read along: the user stands in To beside
 * the list. In Cc everybody of a long thread stands, and lists that personalise put each reader into To.
 */
function isMeant(mail: IncomingMail, own: readonly string[]): boolean {
  if (answersOurs(mail) && !has(mail, 'x-list-administrivia')) return true;
  if (!mail.to.some((a) => isOwn(a.address, own))) return false;
  const others = [...mail.to, ...mail.cc].filter((a) => !isOwn(a.address, own)).map((a) => a.address);
  if (others.some((address) => isListAddress(mail, address))) return true;
  // Nobody else is named, and it goes on with a thread of a list where everybody may write.
  return others.length === 0 && isAnswer(mail) && postAddresses(mail).length > 0;
}

/** Precedence is no standard (RFC 2076); bulk and junk are what mass mail and answering machines write there. */
export function bulk(mail: IncomingMail, own: readonly string[]): string | null {
  const found = [...values(mail, 'precedence'), ...values(mail, 'x-precedence')].map((v) => v.toLowerCase());
  const precedence = found.find((value) => /^(?:bulk|junk)\b/.test(value));
  if (precedence === undefined || writtenByAgent(mail) || isOwnForm(mail, own)) return null;
  return `It is bulk mail (Precedence: ${precedence}).`;
}
