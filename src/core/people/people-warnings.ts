/** What a careful person would notice about the people of a mail, in at most four sentences. Pure. */

import { asciiDomain } from '../address-list.ts';
import type { Address } from '../mail.ts';
import { propertyText } from '../neutralise.ts';
import { readableDomain, registeredDomain } from './domain-name.ts';

export interface PeopleFacts {
  readonly sender: Address;
  /** Stands in Contacts, or wrote before. */
  readonly known: boolean;
  /** Others of the sender's domain wrote before or stand in Contacts; never for a public provider. */
  readonly houseKnown: boolean;
  /** An address of the mail whose domain can be taken for a known one. */
  readonly alike: { readonly address: string; readonly domain: string } | null;
  /** Somebody else has the same name. */
  readonly namesake: { readonly address: string; readonly who: 'you' | 'contact' | 'wrote' } | null;
  /** Account numbers that this sender has not named before, though others; as they stand in the mail. */
  readonly newAccounts: readonly string[];
  /** The mail says in words that an account is new. */
  readonly saysChanged: boolean;
}

const MAX_WARNINGS = 4;
const CALL = 'Ask the sender by telephone, under a number you know, before you pay.';

/** The weightiest first; a look-alike or a borrowed name says already that the sender is new. */
export function peopleWarnings(facts: PeopleFacts): string[] {
  const found = [...money(facts), ...imitation(facts)];
  if (!facts.known && facts.alike === null && facts.namesake === null) found.push(firstMail(facts));
  return found.slice(0, MAX_WARNINGS).map((sentence) => propertyText(sentence, 300));
}

function money({ newAccounts, saysChanged }: PeopleFacts): string[] {
  const shown = newAccounts
    .slice(0, 2)
    .map((account) => account.slice(0, 50))
    .join(' and ');
  if (newAccounts.length > 0) {
    return [`It names a bank account that this sender never named before: ${shown}. ${CALL}`];
  }
  return saysChanged ? [`It speaks of new bank details. ${CALL}`] : [];
}

function imitation({ alike, namesake, sender }: PeopleFacts): string[] {
  const found: string[] = [];
  if (alike !== null) {
    found.push(
      `${shown(alike.address)} is not at ${alike.domain}, which you know: its domain only looks like it.`,
    );
  }
  if (namesake !== null) {
    const name = propertyText(sender.name, 60);
    const whose = { you: 'your own', contact: 'in Contacts', wrote: 'who wrote before' }[namesake.who];
    found.push(
      namesake.who === 'you'
        ? `${name} is ${whose} name, and ${sender.address} is not yours.`
        : `${name} is the name of ${namesake.address}, ${whose}; ${sender.address} is another address.`,
    );
  }
  return found;
}

function firstMail({ sender, houseKnown }: PeopleFacts): string {
  const house = houseKnown
    ? `; others at ${registeredDomain(readableDomain(sender.address))} wrote before`
    : '';
  return `First mail from ${shown(sender.address)}${house}.`;
}

/** With the other spelling of its domain: as the DNS knows it, or, of one given so, in letters. */
function shown(address: string): string {
  const wire = asciiDomain(address);
  const letters = readableDomain(address);
  if (letters === wire) return address;
  return `${address} (${address.endsWith(`@${wire}`) ? letters : wire})`;
}
