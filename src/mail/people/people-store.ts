/**
 * Who wrote before, in STATE_DIR/people:
 *   who/       address            -> the day of its first mail
 *   names/     first and last name -> the address that had it first
 *   accounts/  house or address   -> the accounts it named, hashed, with the day of each
 *   domains    the domains that wrote, for comparison
 * At most one entry of each for an address, however many mails come from it; nothing is ever listed.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { accountNumbers } from '../../core/account-numbers.ts';
import { addressKey, isMailAddress, parseAddressList } from '../../core/address-list.ts';
import type { Address, IncomingMail } from '../../core/mail.ts';
import { ownWordsOf, saysAccountChanged } from '../../core/people/account-change.ts';
import type { Contact } from '../../core/people/contacts.ts';
import { type DomainBook, domainBook, SHORTEST_GIVEN } from '../../core/people/domain-book.ts';
import { isPublicMail, readableDomain, registeredDomain } from '../../core/people/domain-name.ts';
import type { PeopleNotes } from '../../core/people/people-notes.ts';
import { peopleWarnings } from '../../core/people/people-warnings.ts';
import { nameKey } from '../../core/people/person-name.ts';
import { isRobot } from '../../core/triage/robots.ts';
import { mergedAccounts, newAmong, readAccounts, writeAccounts } from './account-facts.ts';
import { appendDomain, MAX_DOMAINS, readDomains } from './domain-file.ts';
import { FactLinks } from './fact-links.ts';

export interface PeopleStoreOptions {
  readonly stateDir: string;
  /** Every address of the user, in every account, as headers spell them: `Mia Berg <mia@example.org>`. */
  readonly own: readonly string[];
  readonly contacts: () => Promise<readonly Contact[]>;
  /** What the user writes about the house: accounts in it are the user's own. Default: nothing. */
  readonly ownText?: () => Promise<string>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Compared letter by letter from this length on; see `domainBook`. */
const SHORTEST_WROTE = 6;

/** One for a process; the mailboxes of one user share it. */
export function peopleStore(options: PeopleStoreOptions): PeopleNotes {
  const root = join(options.stateDir, 'people');
  const who = new FactLinks(join(root, 'who'));
  const names = new FactLinks(join(root, 'names'));
  const accounts = new FactLinks(join(root, 'accounts'));
  const domains = join(root, 'domains');
  const own = parsed(options.own);
  const ownKeys = new Set(own.map((a) => addressKey(a.address)));
  const given = givenBook(own);
  let wrote: DomainBook | null = null;
  let learned = 0;

  const correspondents = (): DomainBook => {
    if (wrote === null) {
      wrote = domainBook(SHORTEST_WROTE);
      const known = readDomains(domains);
      for (const domain of known) wrote.add(domain);
      learned = known.length;
    }
    return wrote;
  };
  const today = (): number => Math.floor(options.now() / 86_400_000);

  return {
    warningsFor: async (mail) => {
      const sender = senderOf(mail, ownKeys);
      if (sender === null) return [];
      const contacts = given(await options.contacts());
      const key = addressKey(sender.address);
      const house = houseOf(sender.address);
      const since = dayOf(who.look(key));
      const words = ownWordsOf(mail.text);
      const named = ibans(words, await ownAccounts(options));
      return peopleWarnings({
        sender,
        known: since !== null || contacts.addresses.has(key),
        houseKnown: house !== key && (contacts.domains.has(house) || correspondents().has(house)),
        alike: alikeOf(mail, sender, contacts, correspondents()),
        namesake: namesakeOf(sender, contacts, own, since === null ? names : null),
        newAccounts: newAmong(named, readAccounts(accounts.look(house)), today()),
        saysChanged: saysAccountChanged(words, named.length > 0),
      });
    },

    remember: async (mail) => {
      const sender = senderOf(mail, ownKeys);
      if (sender === null) return;
      const key = addressKey(sender.address);
      const house = houseOf(sender.address);
      const domain = readableDomain(sender.address);
      const contacts = given(await options.contacts());
      if (who.look(key) === null) {
        const name = nameKey(sender.name);
        if (name !== '') names.learn(name, `is:${key}`);
        const book = correspondents();
        // A look-alike stays one, however often it writes.
        const alike = contacts.domains.alike(domain) ?? book.alike(domain);
        if (alike === null && !isPublicMail(domain) && !book.has(domain) && learned < MAX_DOMAINS) {
          appendDomain(domains, registeredDomain(domain));
          book.add(domain);
          learned += 1;
        }
      }
      const named = ibans(ownWordsOf(mail.text), await ownAccounts(options));
      const before = readAccounts(accounts.look(house));
      const after = mergedAccounts(before, named, today());
      if (after.length > before.length) accounts.relearn(house, writeAccounts(after));
      // Last: whoever finds it knows that the rest was learned as well.
      who.learn(key, `since:${today()}`);
    },
  };
}

interface Given {
  readonly domains: DomainBook;
  /** Keys of the addresses in Contacts. */
  readonly addresses: ReadonlySet<string>;
  readonly byName: ReadonlyMap<string, readonly string[]>;
}

/** Made of the contacts once for each reading of the folder. */
function givenBook(own: readonly Address[]): (contacts: readonly Contact[]) => Given {
  let last: { readonly of: readonly Contact[]; readonly given: Given } | null = null;
  return (contacts) => {
    if (last?.of === contacts) return last.given;
    const domains = domainBook(SHORTEST_GIVEN);
    const addresses = new Set<string>();
    const byName = new Map<string, string[]>();
    for (const { address } of own) domains.add(readableDomain(address));
    for (const contact of contacts) {
      const name = nameKey(contact.name);
      for (const address of contact.addresses) {
        addresses.add(addressKey(address));
        domains.add(readableDomain(address));
        if (name !== '') byName.set(name, [...(byName.get(name) ?? []), address]);
      }
    }
    const given = { domains, addresses, byName };
    last = { of: contacts, given };
    return given;
  };
}

function parsed(headers: readonly string[]): readonly Address[] {
  return headers.flatMap((header) => {
    const read = parseAddressList(header);
    return read.ok ? read.addresses : [];
  });
}

/** Null for nobody, and for the user. */
function senderOf(mail: IncomingMail, own: ReadonlySet<string>): Address | null {
  const { from } = mail;
  if (from === null || !isMailAddress(from.address) || own.has(addressKey(from.address))) return null;
  return from;
}

/** Who is one sender for the accounts: a firm, or one address at a provider for everybody. */
function houseOf(address: string): string {
  const domain = readableDomain(address);
  return isPublicMail(domain) ? addressKey(address) : registeredDomain(domain);
}

const MAX_ANSWER_TO = 3;

/** The sender, and where answers shall go. */
function alikeOf(mail: IncomingMail, sender: Address, given: Given, wrote: DomainBook) {
  for (const { address } of [sender, ...mail.replyTo.slice(0, MAX_ANSWER_TO)]) {
    if (!isMailAddress(address) || given.addresses.has(addressKey(address))) continue;
    const domain = readableDomain(address);
    if (given.domains.has(domain) || wrote.has(domain)) continue;
    const alike = given.domains.alike(domain) ?? wrote.alike(domain);
    if (alike !== null) return { address, domain: alike };
  }
  return null;
}

/** `names`: who had it first; null when the sender is no stranger, since people have two addresses. */
function namesakeOf(sender: Address, given: Given, own: readonly Address[], names: FactLinks | null) {
  // A ticket system or a form writes in the name of whom it speaks for.
  const name = isRobot(sender.address) ? '' : nameKey(sender.name);
  if (name === '' || given.addresses.has(addressKey(sender.address))) return null;
  const house = houseOf(sender.address);
  const elsewhere = (address: string): boolean => houseOf(address) !== house;
  const mine = own.find((a) => nameKey(a.name) === name);
  if (mine !== undefined)
    return elsewhere(mine.address) ? { address: mine.address, who: 'you' as const } : null;
  const contact = given.byName.get(name) ?? [];
  if (contact[0] !== undefined) {
    return contact.every(elsewhere) ? { address: contact[0], who: 'contact' as const } : null;
  }
  const first = /^is:(.{3,260})$/u.exec(names?.look(name) ?? '')?.[1];
  if (first === undefined || !isMailAddress(first) || first === addressKey(sender.address)) return null;
  return elsewhere(first) ? { address: first, who: 'wrote' as const } : null;
}

function dayOf(fact: string | null): number | null {
  const day = /^since:(\d{1,6})$/.exec(fact ?? '')?.[1];
  return day === undefined ? null : Number(day);
}

const MAX_ACCOUNTS = 20;

function ibans(words: string, own: ReadonlySet<string>): { hash: string; shown: string }[] {
  return accountNumbers(words, MAX_ACCOUNTS)
    .filter(({ type, key }) => type === 'iban' && !own.has(key))
    .map(({ key, shown }) => ({
      hash: createHash('sha256').update(key).digest('hex').slice(0, 12),
      shown,
    }));
}

async function ownAccounts({ ownText }: PeopleStoreOptions): Promise<ReadonlySet<string>> {
  const text = await (ownText?.() ?? Promise.resolve(''));
  return new Set(accountNumbers(text, MAX_ACCOUNTS).map(({ key }) => key));
}
