/**
 * Who belongs to a thread? Which one a mail belongs to is its sender's to say, and the ids are known to everybody who
 * ever got a mail of it. So somebody belongs only when one who belongs has written to him: the people of the first mail
 * and of the user's own, and those of every mail whose sender belonged already.
 */
import { addressKey, parseAddressList } from './address-list.ts';
import type { EarlierMail } from './thread-mails.ts';

/** `unknown`: there are no mails, or of one of them the people are not known. @param earlier oldest first. */
export function belongs(address: string, earlier: readonly EarlierMail[]): 'yes' | 'no' | 'unknown' {
  const inside = new Set<string>();
  let known = earlier.length > 0;
  for (const [index, mail] of earlier.entries()) {
    const sender = senderKey(mail);
    if (index > 0 && !mail.own && (sender === null || !inside.has(sender))) continue;
    if (sender !== null && !mail.own) inside.add(sender);
    for (const one of mail.people ?? []) inside.add(addressKey(one));
    known &&= mail.people !== undefined;
  }
  if (address !== '' && inside.has(addressKey(address))) return 'yes';
  return known ? 'no' : 'unknown';
}

function senderKey({ from }: EarlierMail): string | null {
  const read = parseAddressList(from);
  const first = read.ok ? read.addresses[0] : undefined;
  return first === undefined ? null : addressKey(first.address);
}
