/** Whom a mail is about to go to, looked at once more: for recipients that a person typed. Pure. */

import { addressKey, asciiDomain } from '../address-list.ts';
import type { Address } from '../mail.ts';
import { propertyText } from '../neutralise.ts';
import { isRobot } from '../triage/robots.ts';
import type { Contact } from './contacts.ts';
import { domainBook, SHORTEST_GIVEN } from './domain-book.ts';
import { readableDomain, scriptTrick } from './domain-name.ts';

export interface OddRecipient {
  readonly code: 'own' | 'alike' | 'letters' | 'robot';
  readonly address: string;
  /** One sentence of at most 300 characters, harmless on a card. */
  readonly words: string;
}

/**
 * `thread`: everybody whom the mail answered names (From, Reply-To, To, Cc); `own`: the user's addresses. At
 * most one finding for a recipient, the weightiest; [] for people of the thread and for contacts.
 */
export function oddRecipients(
  recipients: readonly Address[],
  known: {
    readonly own: readonly string[];
    readonly thread: readonly string[];
    readonly contacts: readonly Contact[];
  },
): OddRecipient[] {
  const own = new Set(known.own.map(addressKey));
  const given = [...known.thread, ...known.contacts.flatMap((contact) => contact.addresses)];
  const named = new Set(given.map(addressKey));
  const domains = domainBook(SHORTEST_GIVEN);
  for (const address of [...known.own, ...given]) domains.add(readableDomain(address));
  return recipients.flatMap(({ address }) => {
    const say = (code: OddRecipient['code'], words: string): OddRecipient[] => [
      { code, address, words: propertyText(words, 300) },
    ];
    if (own.has(addressKey(address))) return say('own', `${address} is an address of your own.`);
    if (named.has(addressKey(address))) return [];
    const domain = readableDomain(address);
    const alike = domains.alike(domain);
    if (alike !== null) {
      return say('alike', `${address} is not at ${alike}: the domain only looks like it. Is it a slip?`);
    }
    if (scriptTrick(domain) !== null) {
      const wire = asciiDomain(address);
      return say('letters', `The domain of ${address} only looks Latin; on the wire it is ${wire}.`);
    }
    return isRobot(address) ? say('robot', `Nobody reads answers to ${address}.`) : [];
  });
}
