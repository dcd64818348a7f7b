/**
 * Blind copies: the user is neither in To nor in Cc, and nothing says that a name which stands there leads here.
 * Such a name is an alias or an old mailbox that forwards. Delivered-To with the user's own address proves
 * nothing either way: every mail has it.
 */

import { asciiDomain } from '../address-list.ts';
import type { IncomingMail } from '../mail.ts';
import {
  addressesIn,
  answersOurs,
  header,
  isOwn,
  isOwnDomain,
  localPart,
  mailboxKey,
  values,
} from './mail-view.ts';
import { isOwnGroup } from './lists.ts';

export function blindCopy(mail: IncomingMail, own: readonly string[]): string | null {
  if (own.length === 0 || answersOurs(mail) || isOwnGroup(mail, own)) return null;
  const visible = visibleRecipients(mail);
  if (visible.some((address) => isOwn(address, own))) return null;
  if (leadsHere(mail, visible) || isForwarded(mail, visible) || isOwnAlias(visible, own)) return null;
  if (isOfTheHouse(mail, visible, own)) return null;
  // A recipient line that the parser could not read may name the user.
  if (visible.length === 0 && isUnreadable(header(mail, 'to'))) return null;
  return 'You are neither in To nor in Cc: it came as a blind copy.';
}

/** Also as they stand, where the parser left an address out; Resent-To (RFC 5322 section 3.6.6) names whom it was redirected to. */
function visibleRecipients(mail: IncomingMail): string[] {
  const lines = ['to', 'cc', 'resent-to', 'resent-cc', 'apparently-to'].flatMap((name) => values(mail, name));
  const parsed = [...mail.to, ...mail.cc].map((a) => a.address.toLowerCase());
  return [...new Set([...parsed, ...lines.flatMap(addressesIn)])];
}

/**
 * Where servers note whom the envelope named. Postfix: X-Original-To, Delivered-To; Exim: Envelope-To; Gmail:
 * X-Forwarded-To, X-Forwarded-For; Fastmail: X-Delivered-To, X-Resolved-To; Yahoo: X-Apparently-To; RFC 3798: Original-Recipient.
 */
const ENVELOPE_HEADERS = [
  ...['delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to', 'x-delivered-to', 'x-resolved-to'],
  ...['x-forwarded-to', 'x-forwarded-for', 'x-apparently-to', 'x-rcpt-to', 'original-recipient'],
  ...[
    'x-original-recipient',
    'x-gm-original-to',
    'x-real-to',
    'x-sieve-redirected-from',
    'x-yahoo-forwarded',
  ],
] as const;

/** Of those the ones that keep what stood there before an alias was resolved. */
const ORIGINAL_HEADERS = ['x-original-to', 'envelope-to', 'x-envelope-to', 'original-recipient'] as const;

/** A visible name is among those the mail was delivered to: the name is an alias, or forwards. */
function leadsHere(mail: IncomingMail, visible: readonly string[]): boolean {
  const envelope = new Set(
    [
      ...ENVELOPE_HEADERS.flatMap((name) => values(mail, name)).flatMap(addressesIn),
      ...values(mail, 'received').flatMap((line) =>
        addressesIn(/\bfor\s+(<?[^\s;]{3,300})/i.exec(line)?.[1] ?? ''),
      ),
    ].map(mailboxKey),
  );
  return visible.some((address) => envelope.has(mailboxKey(address)));
}

/** The return path of a forwarder: SRS0 names the house that forwards, Gmail its mailbox (`+caf_=`). */
function isForwarded(mail: IncomingMail, visible: readonly string[]): boolean {
  const path = addressesIn(header(mail, 'return-path'))[0] ?? '';
  const gmail = /^(.+)\+caf_=[^@]*(@g(?:oogle)?mail\.com|@.+)$/.exec(path);
  if (gmail) return visible.some((a) => mailboxKey(a) === mailboxKey(`${gmail[1] ?? ''}${gmail[2] ?? ''}`));
  if (!/^srs[01][=+-]/.test(path)) return false;
  return visible.some((address) => asciiDomain(address) === asciiDomain(path));
}

/** `mara.lind@old.example` for `mara.lind@new.example`; names of desks are the same everywhere. */
function isOwnAlias(visible: readonly string[], own: readonly string[]): boolean {
  const names = own.map((address) => localPart(mailboxKey(address))).filter((name) => /[._-]/.test(name));
  return visible.some((address) => names.includes(localPart(mailboxKey(address))));
}

/** A group of the user's own house, when no server kept an envelope that says otherwise. */
function isOfTheHouse(mail: IncomingMail, visible: readonly string[], own: readonly string[]): boolean {
  if (!visible.some((address) => isOwnDomain(address, own))) return false;
  const original = ORIGINAL_HEADERS.flatMap((name) => values(mail, name)).flatMap(addressesIn);
  return !original.some((address) => isOwn(address, own));
}

function isUnreadable(to: string): boolean {
  return to !== '' && !/^[^:]{0,60}:\s*;?\s*$|undisclosed|unlisted|recipients?/i.test(to);
}
