/** Shapes of settings that stand in the environment and in an accounts file alike. */
import { parseAddressList } from '../core/address-list.ts';
import { isLoopback } from '../core/loopback.ts';
import type { Address } from '../core/mail.ts';

/** One mail address, with a name or without. */
export function isOneAddress(value: string): boolean {
  const read = parseAddressList(value);
  return read.ok && read.addresses.length === 1;
}
export const ONE_ADDRESS_WORDS = 'must be one mail address, such as Name <name@example.org>';

/** @throws when it is no address: the configuration refuses that first. */
export function senderOf(value: string): Address {
  const read = parseAddressList(value);
  const [sender] = read.ok ? read.addresses : [];
  if (!sender) throw new Error('the configuration let a sender pass that is no address');
  return sender;
}

export function isAddressList(values: readonly string[]): boolean {
  return parseAddressList(values).ok;
}
export const ADDRESS_LIST_WORDS = 'is no list of mail addresses';

/** Of an authorisation server; http only on this machine, for tests. '' is none. */
export function isOAuthUrl(value: string): boolean {
  if (value === '') return true;
  const url = URL.canParse(value) ? new URL(value) : null;
  return (
    url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
  );
}
export const OAUTH_URL_WORDS = 'must be an address with https';

/** Microsoft's: `common`, `organizations`, `consumers`, or the tenant's id or domain. */
export const TENANT = /^[\w.-]{1,100}$/;
export const TENANT_WORDS = 'must be common, organizations, consumers, or a tenant id';

export const PLAIN_TEXT_WORDS = 'must be true or starttls: plain text is refused except on loopback';
